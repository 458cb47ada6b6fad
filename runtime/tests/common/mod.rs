//! Programs made by hand, and random arrays for them.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use ndarray::{ArrayD, IxDyn};
use neckar_spec::program::{
    Body, Convolution, Epilogue, FreeSize, Init, Input, Instr, Norm, Output, Program, Slot, Step, Weight, WeightId,
};
use neckar_spec::size::{Relation, Size, Symbol, decide};
use neckar_spec::{Library, Lowering, Origin, compile, lower};

/// The program of a spec.
pub fn program(origin: Origin) -> Program {
    let library = Library::load(origin).expect("no file is needed");
    let checked = compile(library, None, &[]).checked.expect("the spec is right");
    lower(&checked, Lowering::default())
}

/// A body in the making, with weights of its own.
#[derive(Default)]
pub struct BodyMaker {
    name: String,
    inputs: u32,
    slots: u32,
    steps: Vec<Step>,
    pub weights: Vec<Weight>,
}

impl BodyMaker {
    pub fn new(name: &str, inputs: u32) -> BodyMaker {
        BodyMaker { name: name.to_owned(), inputs, slots: inputs, ..BodyMaker::default() }
    }

    pub fn weight(&mut self, name: &str, shape: &[usize]) -> WeightId {
        let init = Init::Normal { std: (1.0 / shape[1..].iter().product::<usize>().max(1) as f32).sqrt() };
        self.weights.push(Weight { name: name.to_owned(), shape: shape.to_vec(), learnable: true, init });
        self.weights.len() as u32 - 1
    }

    pub fn norm(&mut self, name: &str, channels: usize) -> Epilogue {
        let [weight, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
            .map(|part| self.weight(&format!("{name}.{part}"), &[channels]));
        Epilogue::Norm(Norm { weight, bias, mean, variance, eps: 1e-5 })
    }

    pub fn layer_norm(&mut self, name: &str, channels: usize) -> Instr {
        let [weight, bias] = ["weight", "bias"].map(|part| self.weight(&format!("{name}.{part}"), &[channels]));
        Instr::LayerNorm { eps: 1e-5, weight, bias }
    }

    pub fn group_norm(&mut self, name: &str, groups: usize, channels: usize) -> Instr {
        let [weight, bias] = ["weight", "bias"].map(|part| self.weight(&format!("{name}.{part}"), &[channels]));
        Instr::GroupNorm { groups, eps: 1e-5, weight, bias }
    }

    /// A convolution with a bias if asked for: kernel, stride, padding, dilation, groups.
    pub fn conv(&mut self, name: &str, io: [usize; 2], shape: ConvShape, bias: bool) -> Instr {
        let ConvShape { kernel, stride, padding, dilation, groups } = shape;
        let weight = self.weight(&format!("{name}.weight"), &[io[1], io[0] / groups, kernel[0], kernel[1]]);
        let bias = bias.then(|| self.weight(&format!("{name}.bias"), &[io[1]]));
        Instr::Conv(Convolution { channels: io[1], kernel, stride, padding, dilation, groups, weight, bias })
    }

    pub fn run(&mut self, row: &str, instr: Instr, args: &[Slot], epilogue: Vec<Epilogue>) -> Slot {
        let out = self.slots;
        self.slots += 1;
        let row = (!row.is_empty()).then(|| row.to_owned());
        self.steps.push(Step::Run { instr, args: args.to_vec(), epilogue, out, row });
        out
    }

    pub fn call(&mut self, name: &str, body: u32, args: &[Slot], weights: Vec<WeightId>, row: &str) -> Slot {
        let out = self.slots;
        self.slots += 1;
        let (name, args) = (name.to_owned(), args.to_vec());
        self.steps.push(Step::Call { body, name, args, weights, outs: vec![out], rows: vec![Some(row.to_owned())] });
        out
    }

    pub fn body(&self, outputs: &[Slot]) -> Body {
        Body {
            name: self.name.clone(),
            inputs: self.inputs,
            slots: self.slots,
            weights: self.weights.len() as u32,
            steps: self.steps.clone(),
            outputs: outputs.to_vec(),
        }
    }

    /// The program whose network this is.
    pub fn program(
        self,
        blocks: Vec<Body>,
        inputs: Vec<(&str, Vec<Size>)>,
        outputs: &[(&str, Slot)],
        relations: &[Relation],
    ) -> Program {
        let slots: Vec<Slot> = outputs.iter().map(|(_, slot)| *slot).collect();
        let body = self.body(&slots);
        let mut symbols: Vec<Symbol> = Vec::new();
        for size in inputs.iter().flat_map(|(_, shape)| &shape[1..]) {
            symbols.extend(size.symbols().into_iter().filter(|symbol| !symbols.contains(symbol)).collect::<Vec<_>>());
        }
        Program {
            name: self.name,
            settings: Vec::new(),
            legal: decide(&symbols, relations),
            symbols: symbols.into_iter().map(|symbol| FreeSize { symbol, at: None }).collect(),
            inputs: inputs
                .into_iter()
                .map(|(name, shape)| Input { name: name.to_owned(), shape, image: None })
                .collect(),
            outputs: outputs.iter().map(|(name, _)| Output { name: (*name).to_owned(), shape: Vec::new() }).collect(),
            weights: self.weights,
            ignored: Vec::new(),
            rows: Vec::new(),
            layers: Vec::new(),
            bodies: blocks.into_iter().chain([body]).collect(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct ConvShape {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    pub groups: usize,
}

impl ConvShape {
    pub fn square(kernel: usize, stride: usize, padding: usize) -> ConvShape {
        ConvShape { kernel: [kernel; 2], stride: [stride; 2], padding: [padding; 2], dilation: [1; 2], groups: 1 }
    }

    pub fn dilated(self, dilation: usize) -> ConvShape {
        ConvShape { dilation: [dilation; 2], ..self }
    }

    pub fn grouped(self, groups: usize) -> ConvShape {
        ConvShape { groups, ..self }
    }
}

/// `[B, C, sizes…]` of symbols and constants.
pub fn shape(channels: usize, sizes: &[Size]) -> Vec<Size> {
    [Size::symbol("B"), Size::constant(channels as i64)].into_iter().chain(sizes.iter().cloned()).collect()
}

/// Floats on [−1, 1), the same for the same seed.
pub fn random(shape: &[usize], seed: u64) -> ArrayD<f32> {
    // Knuth's MMIX generator, the high bits of each state.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// Random tensors for a program's weights; variances are positive.
pub fn random_weights(program: &Program) -> Vec<(String, ArrayD<f32>)> {
    let tensor = |(i, weight): (usize, &Weight)| {
        let fan_in = weight.shape[1..].iter().product::<usize>().max(1);
        let scale = if weight.shape.len() == 1 { 1.0 } else { (3.0 / fan_in as f32).sqrt() };
        let values = random(&weight.shape, 1000 + i as u64).mapv(|x| x * scale);
        let values = if weight.name.ends_with("var") { values.mapv(|x| x.abs() + 0.5) } else { values };
        (weight.name.clone(), values)
    };
    program.weights.iter().enumerate().map(tensor).collect()
}

/// ‖a − b‖ / ‖b‖ over all elements.
pub fn distance(a: &ArrayD<f32>, b: &ArrayD<f32>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    let size = norm(&mut b.iter().map(|b| f64::from(*b)));
    if difference == 0.0 { 0.0 } else { difference / size }
}
