//! A session is a network's buffers: whoever runs it has it alone.

use neckar::Session;
use neckar::ndarray::{ArrayViewD, ArrayViewMutD};

fn run(session: &Session, inputs: &[ArrayViewD<f32>], outputs: &mut [ArrayViewMutD<f32>]) {
    session.run_into(inputs, outputs).unwrap();
}

fn twice(session: &mut Session, inputs: &[ArrayViewD<f32>], outputs: &[ArrayViewMutD<f32>]) {
    session.run_into(inputs, outputs).unwrap();
}

fn main() {
    let _ = (run, twice);
}
