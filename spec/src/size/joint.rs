//! Relations that join symbols.
//!
//! They are taken apart until every relation left is in one symbol. A symbol that a relation gives as a function of the
//! others is put in everywhere (H = W, ⌈H/2⌉ = D); a product of two symbols' functions that is a number becomes one case a
//! divisor; a floor that stands in the way becomes one case a residue; a bound that large values meet becomes one case a
//! small value. Every step is exact, so the union over all cases is the set of solutions.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{Atom, gcd, lcm};
use super::set::LIMIT;
use super::solve::Solver;
use super::{Relation, Size, SizeSet, Symbol};

/// Cases that are worth as much work as one value of a size.
const CASE: i64 = 128;

/// Residues of a symbol that are gone through.
const RESIDUES: i64 = 512;

/// Small values of a symbol that are gone through.
const SMALL: i64 = 128;

/// The greatest product that is taken apart into divisors.
const PRODUCT: i64 = 1 << 32;

/// For each symbol the values with which relations can hold together, with some values of the others; the sets are empty
/// where they never hold. None where that is not decided.
pub(super) fn project(
    symbols: &BTreeSet<Symbol>,
    relations: &[Relation],
    solver: &mut Solver,
) -> Option<BTreeMap<Symbol, SizeSet>> {
    let values = symbols.iter().map(|symbol| (symbol.clone(), Size::symbol(symbol))).collect();
    let mut open = vec![Case { relations: relations.to_vec(), values }];
    let mut projections: BTreeMap<Symbol, SizeSet> =
        symbols.iter().map(|symbol| (symbol.clone(), SizeSet::none())).collect();
    let mut undecided = false;
    while let Some(case) = open.pop() {
        solver.spend(CASE * (1 + case.relations.len() as i64))?;
        let Some(case) = case.simplified() else { continue };
        if case.relations.iter().any(|relation| relation.symbols().len() > 1) {
            open.extend(case.apart(solver)?);
            continue;
        }
        let Some(sets) = case.sets(solver)? else { continue };
        // Values that depend on several symbols have no set, yet there are some.
        for (symbol, projection) in &mut projections {
            solver.spend(projection.modulus())?;
            match image(&case.values[symbol], &sets, solver).and_then(|image| projection.union(&image)) {
                Some(union) => *projection = union,
                None => undecided = true,
            }
        }
    }
    (!undecided).then_some(projections)
}

/// Relations that must hold together, in fresh symbols.
struct Case {
    relations: Vec<Relation>,
    /// The original symbols by those of the relations.
    values: BTreeMap<Symbol, Size>,
}

impl Case {
    /// Without relations that always hold; none where one never does.
    fn simplified(mut self) -> Option<Case> {
        let mut relations = BTreeSet::new();
        for relation in &self.relations {
            let relation = simplified(relation);
            match holds(&relation) {
                Some(true) => {}
                Some(false) => return None,
                None => {
                    relations.insert(relation);
                }
            }
        }
        self.relations = relations.into_iter().collect();
        Some(self)
    }

    /// The values of each symbol left; none where there are no solutions, and an outer none where that is not decided.
    fn sets(&self, solver: &mut Solver) -> Option<Option<BTreeMap<Symbol, SizeSet>>> {
        let mut sets = BTreeMap::new();
        for size in self.values.values() {
            for symbol in size.symbols() {
                sets.entry(symbol).or_insert_with(SizeSet::all);
            }
        }
        let mut undecided = false;
        for relation in &self.relations {
            for symbol in relation.symbols() {
                let set = sets.entry(symbol).or_insert_with(SizeSet::all);
                match solver.solutions(relation).and_then(|solutions| solver.intersect(set, &solutions)) {
                    Some(both) if both.is_empty() => return Some(None),
                    Some(both) => *set = both,
                    None => undecided = true,
                }
            }
        }
        (!undecided).then_some(Some(sets))
    }

    /// The cases that a relation in several symbols makes of it; none where no step takes one apart.
    fn apart(&self, solver: &mut Solver) -> Option<Vec<Case>> {
        let joint = || self.relations.iter().filter(|relation| relation.symbols().len() > 1);
        if let Some((symbol, coefficient, relation)) = joint().filter_map(linear).min_by_key(|found| found.1.abs()) {
            return Some(vec![self.eliminated(&symbol, coefficient, relation)]);
        }
        if let Some(product) = joint().find_map(Product::of) {
            return product.cases(self, solver);
        }
        let splits = joint().flat_map(|relation| {
            let split = move |symbol: Symbol| Some((residues(relation, &symbol)?, symbol));
            relation.symbols().into_iter().filter_map(split)
        });
        if let Some((modulus, symbol)) = splits.filter(|(modulus, _)| *modulus > 1).min() {
            let of = |residue| Size::symbol(&symbol).scale(modulus).add(&Size::constant(residue - modulus));
            return Some((1..=modulus).map(|residue| self.with(&symbol, &of(residue), [])).collect());
        }
        let (symbol, least) = joint().find_map(bound)?;
        let small = (1..least).map(|n| self.with(&symbol, &Size::constant(n), []));
        let large = self.with(&symbol, &Size::symbol(&symbol).add(&Size::constant(least - 1)), []);
        Some(small.chain([large]).collect())
    }

    /// A symbol replaced by what `difference`, in which it stands once with a coefficient, being 0 makes of it.
    fn eliminated(&self, symbol: &Symbol, coefficient: i64, difference: &Size) -> Case {
        let rest = difference.subtract(&Size::symbol(symbol).scale(coefficient)).scale(-coefficient.signum());
        let value = rest.floor_div(coefficient.abs());
        let positive = Relation::AtLeast(value.clone(), 1);
        self.with(symbol, &value, [Relation::Multiple(rest, coefficient.abs()), positive])
    }

    /// A symbol replaced, and further relations.
    fn with(&self, symbol: &Symbol, value: &Size, further: impl IntoIterator<Item = Relation>) -> Case {
        let sizes = BTreeMap::from([(symbol.clone(), value.clone())]);
        let relations = self.relations.iter().map(|relation| relation.substitute(&sizes)).chain(further);
        let values = self.values.iter().map(|(symbol, size)| (symbol.clone(), size.substitute(&sizes)));
        Case { relations: relations.collect(), values: values.collect() }
    }
}

/// A relation in a simple form: equality with 0 without a common factor, a multiple without what the divisor divides.
fn simplified(relation: &Relation) -> Relation {
    match relation {
        Relation::Equal(a, b) => {
            let difference = a.subtract(b);
            let common = difference.terms.iter().fold(0, |common, (_, coefficient)| gcd(common, *coefficient));
            if common > 1 && difference.constant % common == 0 {
                return Relation::Equal(difference.floor_div(common), Size::constant(0));
            }
            Relation::Equal(difference, Size::constant(0))
        }
        Relation::Multiple(a, divisor) if *divisor > 0 => {
            let terms = a.terms.iter().map(|(atom, coefficient)| (atom.clone(), coefficient.rem_euclid(*divisor)));
            let terms: Vec<_> = terms.filter(|(_, coefficient)| *coefficient != 0).collect();
            Relation::Multiple(Size { terms, constant: a.constant.rem_euclid(*divisor) }, *divisor)
        }
        other => other.clone(),
    }
}

/// Whether a simple relation holds for all values from 1 on, or for none, as far as that is seen at once.
fn holds(relation: &Relation) -> Option<bool> {
    if let Some(decided) = relation.decided() {
        return Some(decided);
    }
    match relation {
        Relation::Equal(difference, _) => {
            // Without a common factor in the constant: 2·H = 2·W + 1.
            let common = difference.terms.iter().fold(0, |common, (_, coefficient)| gcd(common, *coefficient));
            (common > 1 && difference.constant % common != 0).then_some(false)
        }
        Relation::AtLeast(a, least) => (a.least(&|_| 1)? >= *least).then_some(true),
        Relation::Multiple(_, divisor) => (*divisor == 1).then_some(true),
    }
}

/// A symbol that stands in an equality once, by itself, with its coefficient and the difference that is 0.
fn linear(relation: &Relation) -> Option<(Symbol, i64, &Size)> {
    let Relation::Equal(difference, _) = relation else { return None };
    let single = |(atom, coefficient): &(Atom, i64)| {
        let Atom::Symbol(symbol) = atom else { return None };
        let elsewhere = difference.terms.iter().any(|(other, _)| other != atom && other.depends_on(symbol));
        (!elsewhere).then(|| (symbol.clone(), *coefficient, difference))
    };
    difference.terms.iter().filter_map(single).min_by_key(|found| found.1.abs())
}

/// By which modulus a symbol's residues have to be told apart for a relation to become simpler in it.
fn residues(relation: &Relation, symbol: &Symbol) -> Option<i64> {
    match relation {
        Relation::Equal(difference, _) => Some(difference.growth(symbol, RESIDUES)?.0),
        Relation::Multiple(a, divisor) => a.period_modulo(*divisor, symbol, RESIDUES),
        Relation::AtLeast(..) => None,
    }
}

/// A symbol, and from where on a bound is met whatever the others are.
fn bound(relation: &Relation) -> Option<(Symbol, i64)> {
    let Relation::AtLeast(a, least) = relation else { return None };
    let from = |symbol: &Symbol, n: i64| a.least(&|other| if other == symbol { n } else { 1 });
    let first = |symbol: Symbol| {
        let n = (2..=SMALL).find(|n| from(&symbol, *n).is_some_and(|value| value >= *least))?;
        Some((symbol, n))
    };
    relation.symbols().into_iter().filter_map(first).min_by_key(|found| found.1)
}

/// An equality in the form `left · right = value`, where the two have no symbol in common.
struct Product<'a> {
    relation: &'a Relation,
    left: Size,
    right: Size,
    value: i64,
}

impl Product<'_> {
    fn of(relation: &Relation) -> Option<Product<'_>> {
        let Relation::Equal(difference, _) = relation else { return None };
        let factors = |atom: &Atom| if let Atom::Product(factors) = atom { Some(factors.clone()) } else { None };
        let (pivot, coefficient) =
            difference.terms.iter().find_map(|(atom, coefficient)| Some((factors(atom)?, *coefficient)))?;
        let mut symbols = relation.symbols().into_iter();
        let (first, _second, None) = (symbols.next()?, symbols.next()?, symbols.next()) else { return None };

        // In L·R every term is one of L times one of R. With a pivot l·r of both, the terms with r give L, those with l
        // give R, and both hold the pivot's coefficient.
        let split = |factors: &[Atom]| -> (Vec<Atom>, Vec<Atom>) {
            factors.iter().cloned().partition(|factor| factor.depends_on(&first))
        };
        let (l, r) = split(&pivot);
        let (mut left, mut right) = (Size::constant(0), Size::constant(0));
        for (atom, coefficient) in &difference.terms {
            let own = factors(atom).unwrap_or_else(|| vec![atom.clone()]);
            let (ours, theirs) = split(&own);
            if theirs == r {
                left = left.add(&product(&ours).scale(*coefficient));
            }
            if ours == l {
                right = right.add(&product(&theirs).scale(*coefficient));
            }
        }
        let rest = left.multiply(&right).subtract(&difference.scale(coefficient)).as_constant()?;
        let separate = left.symbols().is_disjoint(&right.symbols()) && !l.is_empty() && !r.is_empty();
        let content = |size: &Size| {
            size.terms.iter().fold(size.constant, |common, (_, coefficient)| gcd(common, *coefficient)).max(1)
        };
        let (of_left, of_right) = (content(&left), content(&right));
        let common = of_left.checked_mul(of_right)?;
        if !separate {
            return None;
        }
        // Where the content does not divide the value there is no solution: 0·R = 1 has none either.
        let (left, right) = (left.floor_div(of_left), right.floor_div(of_right));
        Some(match rest % common {
            0 => Product { relation, left, right, value: rest / common },
            _ => Product { relation, left: Size::constant(0), right, value: 1 },
        })
    }

    /// A case for each pair of divisors.
    fn cases(&self, case: &Case, solver: &mut Solver) -> Option<Vec<Case>> {
        let relations: Vec<Relation> =
            case.relations.iter().filter(|relation| *relation != self.relation).cloned().collect();
        let with = |further: &[(&Size, i64)]| {
            let further = further.iter().map(|(size, value)| Relation::Equal((*size).clone(), Size::constant(*value)));
            Case { relations: relations.iter().cloned().chain(further).collect(), values: case.values.clone() }
        };
        if self.value == 0 {
            return Some(vec![with(&[(&self.left, 0)]), with(&[(&self.right, 0)])]);
        }
        let value = self.value.checked_abs().filter(|value| *value <= PRODUCT)?;
        solver.spend(value.isqrt())?;
        let mut cases = Vec::new();
        let negative = [&self.left, &self.right].iter().any(|size| size.least(&|_| 1).is_none_or(|least| least < 0));
        for small in (1..=value.isqrt()).filter(|small| value % small == 0) {
            let large = value / small;
            let pairs = [Some((small, large)), (small != large).then_some((large, small))];
            for (left, right) in pairs.into_iter().flatten() {
                let sign = self.value.signum();
                cases.push(with(&[(&self.left, left), (&self.right, sign * right)]));
                if negative {
                    cases.push(with(&[(&self.left, -left), (&self.right, -sign * right)]));
                }
            }
        }
        Some(cases)
    }
}

fn product(factors: &[Atom]) -> Size {
    factors.iter().fold(Size::constant(1), |product, factor| {
        product.multiply(&Size { terms: vec![(factor.clone(), 1)], constant: 0 })
    })
}

/// The values that a size takes; none for sizes in several symbols, and where it is not decided.
fn image(size: &Size, sets: &BTreeMap<Symbol, SizeSet>, solver: &mut Solver) -> Option<SizeSet> {
    if let Some(value) = size.as_constant() {
        return Some(SizeSet::of(&[value]));
    }
    let mut symbols = size.symbols().into_iter();
    let (symbol, None) = (symbols.next()?, symbols.next()) else { return None };
    let set = sets.get(&symbol)?;
    if size.as_symbol().is_some() {
        return Some(set.clone());
    }
    let value = |n: i64| size.eval_with(&|_| Some(n));
    if let Some(members) = set.listed() {
        let values: BTreeSet<i64> = members.map(value).collect::<Option<_>>()?;
        return Some(SizeSet::of(&values.into_iter().collect::<Vec<_>>()));
    }
    let (period, slope) = size.growth(&symbol, LIMIT)?;
    let common = lcm(period, set.modulus()).filter(|common| *common <= LIMIT)?;
    let end = set.start().checked_add(common)?;
    solver.spend(end)?;
    let members: Vec<i64> = set.iter_from(1).take_while(|n| *n < end).collect();
    let values: Vec<i64> = members.iter().map(|n| value(*n)).collect::<Option<_>>()?;
    if slope == 0 {
        let values: BTreeSet<i64> = values.into_iter().collect();
        return Some(SizeSet::of(&values.into_iter().collect::<Vec<_>>()));
    }
    // What comes from the start on comes again, further up by a step.
    let step = slope.checked_mul(common / period).filter(|step| (1..=LIMIT).contains(step))?;
    let start = values.iter().max()?.checked_add(1)?;
    let end = start.checked_add(step)?;
    let mut all: BTreeSet<i64> = BTreeSet::new();
    for (n, value) in members.iter().zip(values) {
        let again = if *n < set.start() { 1 } else { (end - value).div_euclid(step) + 1 };
        solver.spend(again)?;
        all.extend((0..again).map(|time| value + time * step).filter(|value| *value < end));
    }
    SizeSet::from_members(start, step, all)
}
