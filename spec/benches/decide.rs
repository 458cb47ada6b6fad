//! How long it takes to decide the legal sizes: of every network of the zoo, of that random network of the tests that takes
//! longest, and of relations whose periods have no common factor.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use neckar_spec::graph::Graph;
use neckar_spec::size::{Relation, Size, Symbol, decide};
use neckar_spec::{Library, Origin, compile, zoo};

#[path = "../../tests/suite/nets.rs"]
#[allow(dead_code, reason = "the tests also walk over the networks")]
mod nets;

/// What `decide` takes.
type Question = (Vec<Symbol>, Vec<Relation>);

fn question(graph: &Graph) -> Question {
    let symbols = graph.symbols.iter().map(|(symbol, _)| symbol.clone());
    (symbols.collect(), graph.conditions.iter().map(|condition| condition.relation.clone()).collect())
}

fn of_spec(origin: Origin) -> Option<Question> {
    let library = Library::load(origin).expect("a text can be read");
    Some(question(compile(library, None, &[]).checked?.graph()))
}

/// The slowest, by the fastest of three runs.
fn slowest_random() -> Question {
    let mut random = nets::Random(1);
    let texts = (0..3000).map(|_| nets::net(&mut random).text());
    let question = |text| of_spec(Origin::Text { name: "random.arch".into(), text, folder: None });
    let time = |(symbols, relations): &Question| {
        let once = |_| {
            let start = Instant::now();
            black_box(decide(symbols, relations));
            start.elapsed()
        };
        (0..3).map(once).min()
    };
    texts.filter_map(question).max_by_key(time).expect("some are legal")
}

fn coprime() -> Question {
    let (h, w) = (Size::symbol("H"), Size::symbol("W"));
    let primes = [211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293];
    let rounded = |size: &Size, prime: i64| size.ceil_div(prime).scale(prime);
    let pairs = primes.iter().flat_map(|a| primes.iter().map(move |b| (*a, *b)));
    let relations = pairs.map(|(a, b)| Relation::Equal(rounded(if a < b { &h } else { &w }, a), rounded(&w, b)));
    (vec!["H".into(), "W".into()], relations.collect())
}

fn deciding(criterion: &mut Criterion) {
    let zoo = zoo::names().map(|name| (name, of_spec(Origin::Zoo(name.into())).expect("the zoo has no faults")));
    for (name, (symbols, relations)) in
        zoo.chain([("slowest of 3000 random", slowest_random()), ("coprime", coprime())])
    {
        let undecided = decide(&symbols, &relations).undecided.len();
        println!("{name}: {} relations, {undecided} undecided", relations.len());
        criterion.bench_function(name, |bencher| bencher.iter(|| decide(black_box(&symbols), black_box(&relations))));
    }
}

criterion_group!(benches, deciding);
criterion_main!(benches);
