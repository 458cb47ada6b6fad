//! Every kernel as plain C++ on the processor, in several orders of threads, against the naive reference.

mod compiled;
mod faults;
mod networks;
mod nvrtc;

use ndarray::{ArrayD, IxDyn};
use neckar_spec::program::Program;

use super::Dtype;
use super::executable::Executable;
use super::packed::pack;
use crate::plan::{Network, Plan, Reach};
use crate::{Weights, naive};
use compiled::Compiled;

/// The error that a network may have, as the ratio of Euclidean norms.
fn tolerance(dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F32 => 1e-5,
        Dtype::F16 => 3e-3,
        Dtype::Bf16 => 1.5e-2,
    }
}

/// Threads in order, in reverse, and in an order drawn from a number.
const ORDERS: [u32; 3] = [0, 1, 20];

/// Complaints about a network whose kernels are off from the reference, in some types and orders of threads; `change` may change
/// the source before it is compiled.
fn compare(
    name: &str,
    program: &Program,
    inputs: &[ArrayD<f32>],
    types: &[(Dtype, &[u32])],
    change: &dyn Fn(String) -> String,
) -> Vec<String> {
    let weights = &Weights::init(program, 1);
    let named = program.inputs.iter().zip(inputs).map(|(input, array)| (input.name.clone(), array.clone()));
    let expected = naive::run(program, weights, &named.collect::<Vec<_>>()).expect("the case is legal");
    let network = Network::new(program);
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|array| array.shape().to_vec()).collect();
    let mut complaints = Vec::new();
    for &(dtype, orders) in types {
        let tolerance = tolerance(dtype);
        let packed = pack(&network, weights, dtype);
        let wanted = program.outputs.iter().zip(&network.outputs).map(|(output, &value)| (output.name.clone(), value));
        let plan = Plan::new(&network, &shapes, wanted.collect(), Reach::Arena).expect("the case is legal");
        let executable = Executable::new(&network, &packed, plan, dtype).expect("the case is small");
        let compiled = Compiled::new(change(executable.source.text()));
        let mut first: Option<Vec<ArrayD<f32>>> = None;
        for &order in orders {
            let outputs = match compiled.run(&executable, &packed.bytes, inputs, order) {
                Ok(outputs) => outputs,
                Err(failure) => {
                    complaints.push(format!("{name}, {dtype:?}, order {order}: {failure}"));
                    break;
                }
            };
            for (output, (row, expected)) in outputs.iter().zip(&expected) {
                let far = error(output, expected);
                if far.is_nan() || far > tolerance {
                    complaints.push(format!("{name}, {dtype:?}, order {order}: `{row}` is off by {far:e}"));
                }
            }
            let bits = |arrays: &[ArrayD<f32>]| -> Vec<u32> { arrays.iter().flatten().map(|x| x.to_bits()).collect() };
            if bits(first.get_or_insert_with(|| outputs.clone())) != bits(&outputs) {
                complaints.push(format!("{name}, {dtype:?}: order {order} gives other bits"));
            }
        }
    }
    complaints
}

fn error(got: &ArrayD<f32>, expected: &ArrayD<f32>) -> f64 {
    assert_eq!(got.shape(), expected.shape());
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let difference = square(&mut got.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    (difference / square(&mut expected.iter().map(|&x| f64::from(x)))).sqrt()
}

fn array(shape: &[usize], values: &[f32]) -> ArrayD<f32> {
    ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).expect("an array has the floats of its shape")
}
