//! What the inputs of a block are called in its `forward`.

use std::collections::HashMap;

use neckar_spec::program::{Program, Step};

/// The names of a block's inputs, by the block's name and how many they are.
pub(super) type InputNames<'p> = HashMap<(&'p str, usize), Vec<String>>;

/// The names of the rows that a block's first instance reads; a single input is `x`, and so is a map without a row.
///
/// All instances share them, since what differs in names would not share a class.
pub(super) fn input_names(program: &Program) -> InputNames<'_> {
    let mut known = InputNames::new();
    for (at, body) in program.bodies.iter().enumerate() {
        let mut slots = vec!["x".to_owned(); body.slots as usize];
        if at + 1 == program.bodies.len() {
            slots.iter_mut().zip(&program.inputs).for_each(|(slot, input)| slot.clone_from(&input.name));
        }
        for step in &body.steps {
            match step {
                Step::Run { out, row, .. } => slots[*out as usize] = row.clone().unwrap_or_else(|| "x".to_owned()),
                Step::Call { body, args, outs, rows, .. } => {
                    let called = (program.bodies[*body as usize].name.as_str(), args.len());
                    let names = args
                        .iter()
                        .map(|&slot| if args.len() == 1 { "x".into() } else { slots[slot as usize].clone() });
                    known.entry(called).or_insert_with(|| names.collect());
                    for (&out, row) in outs.iter().zip(rows) {
                        slots[out as usize] = row.clone().unwrap_or_else(|| "x".to_owned());
                    }
                }
            }
        }
    }
    let entry = program.entry();
    let own = program.inputs.iter().map(|input| input.name.clone()).collect();
    known.insert((entry.name.as_str(), entry.inputs as usize), own);
    known
}
