//! Networks against outputs that other software computed: PyTorch in f64, from weights and inputs that [`formula`] draws.
//!
//! `fixtures/samples.safetensors` holds for every output, under `NETWORK/OUTPUT`, up to 2048 of its values, and under
//! `NETWORK/OUTPUT#norm` its Euclidean norm. Which values: with u₀, u₁, … the draws of the name `NETWORK/OUTPUT`, value j is
//! the one at ⌊uⱼ · size⌋ in row-major order. The error of the sampled values, scaled up from the sample to the whole
//! output, may be 1e-5 of the norm in exact numerics and 1e-4 in fast ones.

use std::sync::Arc;

use neckar::ndarray::{ArrayD, IxDyn};
use neckar::{Model, Numerics, Options, Program, Weights};
use neckar_spec::{Lowering, lower};
use safetensors::{Dtype, SafeTensors};

use crate::cases::{CASES, Case};
use crate::formula;

/// A network with reference outputs.
pub struct Oracle {
    /// Its name among the samples.
    pub name: &'static str,
    /// The case that it is.
    case: &'static str,
    /// Its inputs.
    pub inputs: Inputs,
}

/// Inputs and their shapes.
pub type Inputs = &'static [(&'static str, &'static [usize])];

static SAMPLES: &[u8] = include_bytes!("../fixtures/samples.safetensors");

macro_rules! oracles {
    ($($name:ident, $case:literal: $($input:ident $shape:expr),+;)+) => {
        /// Every network with reference outputs.
        pub static ORACLES: &[Oracle] = &[$(Oracle {
            name: stringify!($name),
            case: $case,
            inputs: &[$((stringify!($input), &$shape)),+],
        }),+];

        $(#[test]
        fn $name() {
            Oracle::named(stringify!($name)).check();
        })+
    };
}

oracles! {
    lite_fpn_add, "lite_fpn": B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    lite_fpn_weighted, "lite_fpn_weighted":
        B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    lite_fpn_fast, "lite_fpn_fast": B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    lite_fpn_softmax, "lite_fpn_softmax":
        B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    lite_fpn_fuse_concat, "lite_fpn_fuse_concat":
        B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    lite_fpn_se, "lite_fpn_se": B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    lite_fpn_coord_att, "lite_fpn_coord_att":
        B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    lite_fpn_concat, "lite_fpn_concat":
        B1 [1, 32, 64, 128], B2 [1, 64, 32, 64], B3 [1, 128, 16, 32], B4 [1, 256, 8, 16];
    fpn_neck, "fpn": C2 [1, 256, 56, 56], C3 [1, 512, 28, 28], C4 [1, 1024, 14, 14], C5 [1, 2048, 7, 7];
    fpn_bilinear, "fpn_bilinear": C3 [2, 32, 24, 40], C4 [2, 64, 12, 20], C5 [2, 128, 6, 10];
    fpn_align_corners, "fpn_align_corners": C3 [2, 32, 24, 40], C4 [2, 64, 12, 20], C5 [2, 128, 6, 10];
    fpn_transposed, "fpn_transposed": C3 [2, 32, 24, 40], C4 [2, 64, 12, 20], C5 [2, 128, 6, 10];
    fpn_group_norm, "fpn_group_norm": C3 [2, 32, 24, 40], C4 [2, 64, 12, 20], C5 [2, 128, 6, 10];
    fpn_separable, "fpn_separable": C3 [2, 32, 24, 40], C4 [2, 64, 12, 20], C5 [2, 128, 6, 10];
    bifpn_d0, "bifpn": P3 [1, 40, 64, 64], P4 [1, 112, 32, 32], P5 [1, 320, 16, 16];
    carafe_fpn, "carafe_fpn_small": C3 [1, 64, 28, 28], C4 [1, 128, 14, 14], C5 [1, 256, 7, 7];
    yolov8n_neck, "yolov8_neck": x [1, 3, 320, 320];
    rtdetr_encoder, "rtdetr_encoder": S3 [1, 512, 40, 40], S4 [1, 1024, 20, 20], S5 [1, 2048, 10, 10];
    vit_pyramid, "vit_pyramid_small": x [1, 3, 224, 224];
    pafpn, "pafpn_small": C2 [1, 64, 56, 56], C3 [1, 128, 28, 28], C4 [1, 256, 14, 14], C5 [1, 512, 7, 7];
    resnet50_fpn, "resnet50_fpn": x [1, 3, 224, 224];
    resnet50_fpn_odd, "resnet50_fpn": x [1, 3, 61, 95];
    notebook_fpn, "notebook_fpn": x [1, 3, 96, 160];
    msfe_fpn, "msfe_fpn": x [2, 3, 224, 224];
    resnet18_fpn_cls, "resnet18_fpn_cls_10": x [2, 3, 224, 224];
    resnet18_fpn_cls_odd, "resnet18_fpn_cls_10": x [1, 3, 215, 250];
}

/// Outputs by name.
pub type Named = Vec<(String, ArrayD<f32>)>;

/// Asserts that outputs have the same names in the same order, and the same bits.
pub fn assert_same(found: &Named, expected: &Named) {
    assert_eq!(found.len(), expected.len());
    for ((name, found), (expected_name, expected)) in found.iter().zip(expected) {
        assert_eq!((name, found.shape()), (expected_name, expected.shape()));
        assert!(found.iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits()), "{name} differs in some bit");
    }
}

/// The weights of a program, drawn by name.
pub fn weights(program: &Program) -> Weights {
    let tensors = program.weights.iter().map(|weight| {
        let values = formula::weight(&weight.name, &weight.shape);
        (weight.name.clone(), array(&weight.shape, values))
    });
    Weights::from_tensors(program, tensors).expect("the program's own weights suit it").0
}

fn array(shape: &[usize], values: Vec<f32>) -> ArrayD<f32> {
    ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many values as the shape asks for")
}

impl Oracle {
    /// The oracle of a name.
    pub fn named(name: &str) -> &'static Oracle {
        ORACLES.iter().find(|oracle| oracle.name == name).unwrap_or_else(|| panic!("no oracle is called {name}"))
    }

    /// Its spec and parameters.
    pub fn case(&self) -> &'static Case {
        CASES.iter().find(|case| case.name == self.case).unwrap_or_else(|| panic!("no case is called {}", self.case))
    }

    /// The program of its spec.
    pub fn program(&self) -> Program {
        lower(&self.case().checked(), Lowering::default())
    }

    /// Its inputs, drawn by name.
    pub fn arrays(&self) -> Vec<(&'static str, ArrayD<f32>)> {
        arrays(self.inputs)
    }

    /// Runs a program on its inputs.
    pub fn run(&self, program: Program, numerics: Numerics) -> Named {
        run(program, self.inputs, numerics)
    }

    fn check(&self) {
        check(SAMPLES, self.name, &self.program(), self.inputs, TOLERANCES);
    }

    /// Every reference output of this network against outputs, which are no more than those.
    pub fn compare(&self, outputs: &Named, tolerance: f64) {
        compare(SAMPLES, self.name, outputs, tolerance);
    }
}

fn arrays(inputs: Inputs) -> Vec<(&'static str, ArrayD<f32>)> {
    inputs.iter().map(|(name, shape)| (*name, array(shape, formula::input(name, shape)))).collect()
}

fn run(program: Program, inputs: Inputs, numerics: Numerics) -> Named {
    let weights = weights(&program);
    let options = Options { numerics, ..Options::default() };
    let model = Model::new(Arc::new(program), &weights, options).expect("the program suits the processor");
    let arrays = arrays(inputs);
    let inputs: Vec<_> = arrays.iter().map(|(name, array)| (*name, array.view())).collect();
    model.run(&inputs).expect("the inputs are legal").into_iter().collect()
}

/// The errors that exact and fast numerics may have.
pub const TOLERANCES: [f64; 2] = [1e-5, 1e-4];

/// A program against samples in either numerics, with the tolerance of each.
pub fn check(samples: &[u8], name: &str, program: &Program, inputs: Inputs, tolerances: [f64; 2]) {
    for (numerics, tolerance) in [Numerics::Exact, Numerics::Fast].into_iter().zip(tolerances) {
        compare(samples, name, &run(program.clone(), inputs, numerics), tolerance);
    }
}

fn compare(samples: &[u8], network: &str, outputs: &Named, tolerance: f64) {
    let samples = SafeTensors::deserialize(samples).expect("the fixture is a safetensors file");
    let mut count = 0;
    for name in samples.names() {
        let Some(output) = name.strip_prefix(network).and_then(|rest| rest.strip_prefix('/')) else { continue };
        if output.ends_with("#norm") {
            continue;
        }
        let found = outputs.iter().find(|(name, _)| name == output);
        let (_, found) = found.unwrap_or_else(|| panic!("{name} is no output"));
        let found = found.as_standard_layout();
        let values = found.as_slice().expect("it was just put in standard layout");
        let expected = floats(&samples, name);
        let [norm] = floats(&samples, &format!("{name}#norm"))[..] else { panic!("{name} has one norm") };
        let square = |(u, expected): (f64, &f64)| {
            let value = f64::from(values[(u * values.len() as f64) as usize]);
            (value - expected).powi(2)
        };
        let error = formula::draws(name).zip(&expected).map(square).sum::<f64>().sqrt();
        let share = (expected.len() as f64 / values.len() as f64).sqrt();
        let relative = error / (norm * share);
        assert!(relative <= tolerance, "{name}: relative error {relative:e}, at most {tolerance:e} is allowed");
        count += 1;
    }
    assert_eq!(count, outputs.len(), "{network}: reference outputs against outputs");
}

fn floats(samples: &SafeTensors, name: &str) -> Vec<f64> {
    let tensor = samples.tensor(name).expect("the fixture holds a norm for every output");
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => data.as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect(),
        Dtype::F64 => data.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        other => panic!("{name} holds {other:?}"),
    }
}
