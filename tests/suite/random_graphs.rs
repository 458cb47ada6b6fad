//! The legal sizes of random networks against counting: every size up to 4096 of each symbol, and where symbols are joined
//! every pair in a box. What counts is a walk over numbers that shares nothing with the compiler.

use neckar_spec::diagnostics::Code;
use neckar_spec::size::{Env, Legal, Symbol};
use neckar_spec::{Compilation, Library, Origin, compile};

use crate::nets::{Net, Random, SYMBOLS, Values, net};

const NETS: usize = 2000;

/// Every size of a symbol is compared up to here.
const UP_TO: i64 = 4096;

/// Every pair of joined symbols is compared up to here.
const BOX: i64 = 128;

/// What a comparison came to.
#[derive(Debug, PartialEq)]
enum Outcome {
    Separate,
    Joint,
    Undecided,
    NoSize,
    /// Refused for a row whose two sides agree at few sizes or none.
    Refused,
}

#[test]
fn counted() {
    let mut random = Random(1);
    let mut counts = [0; 5];
    let mut number = 0;
    // Refused networks are compared as well, and not counted.
    while counts[..4].iter().sum::<usize>() < NETS {
        let net = net(&mut random);
        number += 1;
        match compared(&net) {
            Ok(outcome) => counts[outcome as usize] += 1,
            Err(problem) => {
                let (net, problem) = shrunk(net, problem);
                panic!("network {number}: {problem}\n{}", net.text());
            }
        }
    }
    let [separate, joint, undecided, none, refused] = counts;
    println!(
        "{separate} separate, {joint} joint, {undecided} undecided, {none} without a legal size, {refused} refused"
    );
    assert!(separate >= NETS / 3 && joint >= NETS / 20 && none >= NETS / 100, "the networks are too much alike");
    assert!(undecided <= NETS / 100, "{undecided} networks are undecided");
}

/// The smallest network that still fails, by taking steps away.
fn shrunk(mut net: Net, mut problem: String) -> (Net, String) {
    let mut step = net.steps.len();
    while step > 0 {
        step -= 1;
        let smaller = net.without(step);
        if let Err(found) = compared(&smaller) {
            (net, problem, step) = (smaller, found, net.steps.len() - 1);
        }
    }
    (net, problem)
}

fn compiled(net: &Net) -> Compilation {
    let origin = Origin::Text { name: "random.arch".into(), text: net.text(), folder: None };
    compile(Library::load(origin).expect("a text can be read"), None, &[])
}

fn compared(net: &Net) -> Result<Outcome, String> {
    let compilation = compiled(net);
    if let Some(checked) = &compilation.checked {
        return Comparison { net, legal: checked.legal() }.run();
    }
    let codes: Vec<Code> = compilation.diagnostics.iter().map(|found| found.code).collect();
    if codes.contains(&Code::NoLegalSize) {
        return match legal_in_the_box(net, 1) {
            None => Ok(Outcome::NoSize),
            Some(values) => Err(format!("no size is said to be legal, but {values:?} are")),
        };
    }
    if codes.iter().all(|code| matches!(code, Code::OperandShapes | Code::DeclaredShape | Code::OperatorShape)) {
        return match legal_in_the_box(net, UP_TO / 2) {
            None => Ok(Outcome::Refused),
            Some(values) => Err(format!("it is refused with {codes:?}, but {values:?} are legal")),
        };
    }
    Err(format!("found {codes:?}"))
}

/// Legal sizes from one on: with all sizes equal, or among pairs for each level of a pyramid.
fn legal_in_the_box(net: &Net, from: i64) -> Option<Values> {
    let pairs = (from..from + BOX).flat_map(|a| (from..from + BOX).map(move |b| [a, b, a, b, 1, 1]));
    let equal = (from..=UP_TO).map(|n| [n, n, n, n, 1, 1]);
    pairs.chain(equal).find(|values| net.fits(values))
}

struct Comparison<'a> {
    net: &'a Net,
    legal: &'a Legal,
}

impl Comparison<'_> {
    fn run(&self) -> Result<Outcome, String> {
        let undecided = !self.legal.undecided.is_empty();
        let groups = self.groups();
        let Some(base) = self.base() else {
            return if undecided { Ok(Outcome::Undecided) } else { Err("no legal size was found".into()) };
        };
        if !self.net.fits(&base) {
            return Err(format!("{base:?} do not fit"));
        }
        for group in &groups {
            match group.as_slice() {
                [symbol] => self.every_size(*symbol, &base)?,
                [a, b] => {
                    self.pairs(*a, *b, &base)?;
                    if !undecided {
                        self.projection(*a, *b, &base)?;
                        self.projection(*b, *a, &base)?;
                    }
                }
                _ => {}
            }
        }
        self.anywhere(&base)?;
        let joined = groups.iter().any(|group| group.len() > 1);
        Ok(if undecided {
            Outcome::Undecided
        } else if joined {
            Outcome::Joint
        } else {
            Outcome::Separate
        })
    }

    /// The symbols in use, those together that a relation joins.
    fn groups(&self) -> Vec<Vec<usize>> {
        let at = |symbol: &Symbol| SYMBOLS.iter().position(|own| *own == symbol.as_str()).expect("it is one of ours");
        let mut groups: Vec<Vec<usize>> = self.legal.sets.iter().map(|(symbol, _)| vec![at(symbol)]).collect();
        for relation in self.legal.joint.iter().chain(&self.legal.undecided) {
            let symbols: Vec<usize> = relation.symbols().iter().map(at).collect();
            let (mut touched, apart): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|group| group.iter().any(|symbol| symbols.contains(symbol)));
            touched.push(symbols);
            let mut group = touched.concat();
            group.sort_unstable();
            group.dedup();
            groups = apart;
            groups.push(group);
        }
        groups
    }

    /// Small legal values: one symbol after the other, beside those before it.
    fn base(&self) -> Option<Values> {
        let mut values = [1; 6];
        let mut env = Env::new();
        for (at, name) in SYMBOLS.iter().enumerate() {
            values[at] = self.legal.set_at(&Symbol::from(*name), &env)?.pad_to(1)?;
            env.set(*name, values[at]);
        }
        Some(values)
    }

    fn env(&self, values: &Values) -> Env {
        SYMBOLS.iter().zip(values).map(|(name, value)| (*name, *value)).collect()
    }

    fn every_size(&self, symbol: usize, base: &Values) -> Result<(), String> {
        let set = self.legal.set(SYMBOLS[symbol]).ok_or("it has no set")?;
        let mut values = *base;
        for n in 1..=UP_TO {
            values[symbol] = n;
            let fits = self.net.fits(&values);
            if set.contains(n) != fits {
                return Err(format!("{} = {n}: {set}, but it fits: {fits}", SYMBOLS[symbol]));
            }
        }
        Ok(())
    }

    fn pairs(&self, a: usize, b: usize, base: &Values) -> Result<(), String> {
        let (mut values, mut env) = (*base, self.env(base));
        for (first, second) in (1..=BOX).flat_map(|first| (1..=BOX).map(move |second| (first, second))) {
            (values[a], values[b]) = (first, second);
            let fits = self.net.fits(&values);
            env.set(SYMBOLS[a], first);
            env.set(SYMBOLS[b], second);
            if fits != self.legal.allows(&env) {
                return Err(format!("{} = {first}, {} = {second}: it fits: {fits}", SYMBOLS[a], SYMBOLS[b]));
            }
        }
        Ok(())
    }

    /// A symbol has exactly those values with which another has one.
    fn projection(&self, a: usize, b: usize, base: &Values) -> Result<(), String> {
        for first in 1..=BOX {
            let mut values = *base;
            values[a] = first;
            if self.legal.set(SYMBOLS[a]).is_none_or(|set| set.contains(first)) {
                let others = self.legal.set_at(&SYMBOLS[b].into(), &self.env(&values));
                values[b] = others.and_then(|set| set.pad_to(1)).ok_or("no value was found beside")?;
                if !self.net.fits(&values) {
                    return Err(format!("{values:?} are said to fit"));
                }
            } else if let Some(second) = (1..=8 * BOX).find(|second| {
                values[b] = *second;
                self.net.fits(&values)
            }) {
                return Err(format!("{} = {first} fits with {} = {second}", SYMBOLS[a], SYMBOLS[b]));
            }
        }
        Ok(())
    }

    /// Values of all symbols at once, batches included.
    fn anywhere(&self, base: &Values) -> Result<(), String> {
        let mut random = Random(7);
        for _ in 0..50 {
            let values: Values = std::array::from_fn(|at| match random.below(3) {
                0 => 1 + random.below(64) as i64,
                _ => base[at],
            });
            let fits = self.net.fits(&values);
            let env = self.env(&values);
            if self.legal.allows(&env) != fits || self.legal.check(&env).is_ok() != fits {
                return Err(format!("{values:?} fit: {fits}"));
            }
        }
        Ok(())
    }
}
