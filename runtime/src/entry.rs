//! The one check of a network's inputs: names, ranks, channels, and sizes that agree with each other and are legal.

use neckar_spec::diagnostics::nearest;
use neckar_spec::program::{Input, Program, validate};
use neckar_spec::size::{Env, Illegal, Size, Symbol};

use crate::Error;
use crate::plan::fits;

/// Values of a symbol that are tried where only an expression of it is given: ⌊H/n⌋ leaves n of them open.
const CANDIDATES: usize = 1 << 12;

/// Whether a program is well formed; one that was lowered from a checked spec is.
pub(crate) fn sound(program: &Program) -> Result<(), Error> {
    validate(program).map_err(|reason| Error::Unsupported(format!("`{}` cannot be run: {reason}", program.name)))
}

/// For each input of the program the position of its array among those given.
pub(crate) fn order<T>(program: &Program, given: &[(&str, T)]) -> Result<Vec<usize>, Error> {
    let names = || program.inputs.iter().map(|input| input.name.as_str());
    for (i, (name, _)) in given.iter().enumerate() {
        if !names().any(|own| own == *name) {
            let hint = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the inputs are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::Input(format!("there is no input `{name}`; {hint}")));
        }
        if given[..i].iter().any(|(other, _)| other == name) {
            return Err(Error::Input(format!("input `{name}` is given twice")));
        }
    }
    let position = |input: &Input| {
        given.iter().position(|(name, _)| *name == input.name).ok_or_else(|| {
            Error::Input(format!("input `{}` is missing: give an array {}", input.name, text(&input.shape)))
        })
    };
    program.inputs.iter().map(position).collect()
}

/// The values of the program's symbols that inputs of these shapes, in the order of the program, amount to.
pub(crate) fn check(program: &Program, shapes: &[&[usize]]) -> Result<Env, Error> {
    let mut axes = Vec::new();
    for (input, shape) in program.inputs.iter().zip(shapes) {
        if shape.len() != input.shape.len() {
            return Err(Error::Input(format!(
                "input `{}` has {} axes {shape:?}, expected {} {}",
                input.name,
                shape.len(),
                input.shape.len(),
                text(&input.shape)
            )));
        }
        fits(shape)?;
        for (index, (size, &found)) in input.shape.iter().zip(*shape).enumerate() {
            let axis = Axis { input, index, size, found: found as i64 };
            match (found, index) {
                (0, 0) => return Err(Error::Input(format!("the batch of input `{}` is empty", input.name))),
                (0, _) => return Err(Error::Input(format!("{} is 0, expected at least 1", axis.name()))),
                _ => axes.push(axis),
            }
        }
    }
    let env = bind(program, &axes)?;
    for axis in &axes {
        axis.verify(&env)?;
    }
    program.legal.check(&env).map_err(|illegal| Error::Size(explain(&illegal, &axes)))?;
    Ok(env)
}

/// An axis of an input.
struct Axis<'a> {
    input: &'a Input,
    index: usize,
    size: &'a Size,
    found: i64,
}

impl Axis<'_> {
    fn name(&self) -> String {
        format!("axis {} of input `{}`", self.index, self.input.name)
    }

    /// Whether it is as long as its size says.
    fn verify(&self, env: &Env) -> Result<(), Error> {
        let expected = self.size.eval(env);
        if expected == Some(self.found) {
            return Ok(());
        }
        let found = format!("{} is {}", self.name(), self.found);
        let Some(expected) = expected else {
            return Err(Error::Size(format!("{found}, from which the sizes {} do not follow", self.size)));
        };
        if self.size.as_constant().is_some() {
            return Err(Error::Input(format!("{found}, expected {expected} as in {}", text(&self.input.shape))));
        }
        let values: Vec<String> = self
            .size
            .symbols()
            .iter()
            .filter_map(|symbol| Some(format!("{symbol} = {}", env.get(symbol.as_str())?)))
            .collect();
        Err(Error::Size(format!("{found}, expected {expected}: it is {} with {}", self.size, values.join(", "))))
    }
}

/// Finds the symbols: those that an axis shows as they are, then those that follow from an expression.
fn bind(program: &Program, axes: &[Axis]) -> Result<Env, Error> {
    let mut env = Env::new();
    for axis in axes {
        if let Some(symbol) = axis.size.as_symbol()
            && env.get(symbol.as_str()).is_none()
        {
            env.set(symbol, axis.found);
        }
    }
    loop {
        let open = |axis: &&Axis| {
            let mut unbound = axis.size.symbols().into_iter().filter(|symbol| env.get(symbol.as_str()).is_none());
            unbound.next().filter(|_| unbound.next().is_none())
        };
        let Some((axis, symbol)) = axes.iter().find_map(|axis| open(&axis).map(|symbol| (axis, symbol))) else {
            return Ok(env);
        };
        let value = solve(program, axes, axis, &symbol, &env)?;
        env.set(symbol, value);
    }
}

/// A value of a symbol at which an axis is as long as found: one at which all axes are and that is legal, if there is one.
fn solve(program: &Program, axes: &[Axis], axis: &Axis, symbol: &Symbol, env: &Env) -> Result<i64, Error> {
    let mut env = env.clone();
    let mut at = |size: &Size, value: i64| {
        env.set(symbol, value);
        size.eval(&env)
    };
    // Sizes never shrink when a symbol grows, so the values in question are consecutive.
    let (mut below, mut from) = (0, 1);
    while at(axis.size, from).is_some_and(|size| size < axis.found) {
        (below, from) = (from, from * 2);
    }
    while from - below > 1 {
        let middle = below + (from - below) / 2;
        match at(axis.size, middle) {
            Some(size) if size < axis.found => below = middle,
            _ => from = middle,
        }
    }
    let candidates: Vec<i64> =
        (from..).take(CANDIDATES).take_while(|&value| at(axis.size, value) == Some(axis.found)).collect();
    let Some(&first) = candidates.first() else {
        let sizes = [below, from].map(|value| at(axis.size, value).map_or(String::from("none"), |n| n.to_string()));
        return Err(Error::Size(format!(
            "{} is {}, which {} never is; the nearest that it is are {}",
            axis.name(),
            axis.found,
            axis.size,
            sizes.join(" and ")
        )));
    };
    let legal = |value: &i64| program.legal.set(symbol.as_str()).is_none_or(|set| set.contains(*value));
    let mut suits = |value: &i64| axes.iter().all(|axis| at(axis.size, *value).is_none_or(|size| size == axis.found));
    let all: Vec<i64> = candidates.iter().copied().filter(|value| suits(value)).collect();
    let best = all.iter().find(|value| legal(value)).or(all.first()).or(candidates.iter().find(|value| legal(value)));
    Ok(*best.unwrap_or(&first))
}

/// What is illegal, with the axis of an input that it comes from.
fn explain(illegal: &Illegal, axes: &[Axis]) -> String {
    let from = match illegal {
        Illegal::Size { symbol, .. } => {
            let shows = |axis: &&Axis| axis.size.as_symbol() == Some(symbol);
            axes.iter().find(shows).or_else(|| axes.iter().find(|axis| axis.size.symbols().contains(symbol)))
        }
        Illegal::Relation { .. } | Illegal::Missing(_) | Illegal::TooLarge { .. } => None,
    };
    match from {
        Some(axis) if axis.size.as_symbol().is_some() => format!("{}: {illegal}", axis.name()),
        Some(axis) => format!("{} ({}) is {}: {illegal}", axis.name(), axis.size, axis.found),
        None => illegal.to_string(),
    }
}

/// `[B, 32, H, W/2]`.
fn text(shape: &[Size]) -> String {
    let sizes: Vec<String> = shape.iter().map(Size::to_string).collect();
    format!("[{}]", sizes.join(", "))
}
