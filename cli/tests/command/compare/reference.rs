//! References with planted faults: the plain kernels run a program that was changed, and its rows are written as other tools
//! write them. Nothing of the command takes part.

use std::collections::BTreeMap;

use ndarray::{Array, ArrayD, ArrayViewD, IxDyn};
use neckar::{Weights, naive};
use neckar_spec::program::{Epilogue, Input, Instr, Norm, Output, Program, Slot, Step, WeightId};
use neckar_spec::size::{Env, Size};
use neckar_spec::{Library, Lowering, Origin, compile, lower};

use crate::common::{Folder, Said};

/// A network, its weights and inputs, and what a reference makes of them.
pub struct Reference {
    spec: String,
    settings: Vec<(String, String)>,
    /// The reference's own program, with one body.
    pub program: Program,
    rows: Vec<(String, Slot)>,
    /// The weights that the reference runs with.
    pub weights: BTreeMap<String, ArrayD<f32>>,
    /// The inputs that the reference is given.
    pub inputs: Vec<(String, ArrayD<f32>)>,
    spec_weights: BTreeMap<String, ArrayD<f32>>,
    spec_inputs: Vec<(String, ArrayD<f32>)>,
}

/// Numbers from 0 to 1 that look random (Knuth's MMIX generator).
fn noise(seed: u64) -> impl Iterator<Item = f32> {
    let next = |state: &u64| Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407));
    std::iter::successors(next(&seed.wrapping_mul(0x9E37_79B9)), next)
        .skip(3)
        .map(|state| (state >> 40) as f32 / 16_777_216.0)
}

fn array(shape: &[usize], seed: u64, low: f32, high: f32) -> ArrayD<f32> {
    let len = shape.iter().product();
    let numbers: Vec<f32> = noise(seed).take(len).map(|v| low + (high - low) * v).collect();
    Array::from_shape_vec(IxDyn(shape), numbers).expect("as many numbers as the shape has")
}

/// Trained weights, as far as that matters here: no two channels of a norm alike, and nothing 0 or 1.
fn trained(program: &Program) -> BTreeMap<String, ArrayD<f32>> {
    let drawn = Weights::init(program, 1);
    let tensor = |(seed, (name, own)): (u64, (&str, ArrayViewD<f32>))| {
        let made = match (name.rsplit('.').next(), own.ndim()) {
            (Some("running_var"), _) => array(own.shape(), seed, 0.3, 2.0),
            (Some("running_mean" | "bias"), _) => array(own.shape(), seed, -0.5, 0.5),
            (Some("weight" | "w"), 1) => array(own.shape(), seed, 0.3, 1.5),
            _ => own.to_owned(),
        };
        (name.to_owned(), made)
    };
    (0..).zip(drawn.iter()).map(tensor).collect()
}

impl Reference {
    /// A spec of the zoo, or a file of the folder with `./` before it, on inputs of the given sizes.
    pub fn new(folder: &Folder, spec: &str, settings: &[(&str, &str)], sizes: [i64; 2]) -> Reference {
        let origin = match spec.strip_prefix("./") {
            Some(file) => Origin::Path(folder.path(file)),
            None => Origin::Zoo(spec.to_owned()),
        };
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let compilation = compile(Library::load(origin).expect("the spec is there"), None, &settings);
        let checked = compilation.checked.expect("the spec has no errors");
        let lowered = lower(&checked, Lowering { unfused: true, keep_rows: true });
        let (program, rows) = lowered.inlined_with_rows();
        let env = Env::from([("B", 2), ("H", sizes[0]), ("W", sizes[1])]);
        let input = |(seed, input): (u64, &Input)| {
            let size = |size: &Size| size.eval(&env).expect("the sizes are legal") as usize;
            let shape: Vec<usize> = input.shape.iter().map(size).collect();
            (input.name.clone(), array(&shape, 100 + seed, -1.5, 1.7))
        };
        let inputs: Vec<_> = (0..).zip(&program.inputs).map(input).collect();
        let weights = trained(&program);
        Reference {
            spec: spec.to_owned(),
            settings,
            program,
            rows,
            spec_weights: weights.clone(),
            spec_inputs: inputs.clone(),
            weights,
            inputs,
        }
    }

    /// The step that makes a row, or that a layer's weights stand in.
    pub fn step(&mut self, name: &str) -> (&mut Instr, &mut Vec<Slot>, &mut Vec<Epilogue>) {
        let weight = |id: &WeightId| &self.program.weights[*id as usize].name;
        let uses = |instr: &Instr, epilogue: &[Epilogue]| {
            let own = match (instr, epilogue) {
                (Instr::Conv(conv), _) => Some(conv.weight),
                (Instr::Gemm { weight, .. } | Instr::WeightedSum { weight, .. }, _) => Some(*weight),
                (_, [Epilogue::Norm(norm)]) => Some(norm.weight),
                _ => None,
            };
            own.is_some_and(|id| weight(&id).rsplit_once('.').is_some_and(|(module, _)| module == name))
        };
        let slot = self.rows.iter().find(|(row, _)| row == name).map(|(_, slot)| *slot);
        let at = self.program.bodies[0].steps.iter().position(|step| match step {
            Step::Run { instr, epilogue, out, .. } => slot.map_or_else(|| uses(instr, epilogue), |slot| slot == *out),
            Step::Call { .. } => false,
        });
        match &mut self.program.bodies[0].steps[at.expect("the network has this step")] {
            Step::Run { instr, args, epilogue, .. } => (instr, args, epilogue),
            Step::Call { .. } => unreachable!("the program is inlined"),
        }
    }

    /// The norm of a layer.
    pub fn norm(&mut self, layer: &str) -> &mut Norm {
        match self.step(layer).2.as_mut_slice() {
            [Epilogue::Norm(norm)] => norm,
            other => panic!("{other:?} is no norm"),
        }
    }

    /// The slot of a row.
    pub fn slot(&self, row: &str) -> Slot {
        self.rows.iter().find(|(name, _)| name == row).expect("the network has this row").1
    }

    /// A weight of the reference.
    pub fn weight(&mut self, name: &str) -> &mut ArrayD<f32> {
        self.weights.get_mut(name).expect("the network has this weight")
    }

    /// The tensors of all rows; of what is made twice the first.
    pub fn run(&self) -> BTreeMap<String, ArrayD<f32>> {
        let mut program = self.program.clone();
        program.bodies[0].outputs = self.rows.iter().map(|(_, slot)| *slot).collect();
        program.outputs = (0..self.rows.len()).map(|at| Output { name: at.to_string(), shape: Vec::new() }).collect();
        let (weights, _) =
            Weights::from_tensors(&program, self.weights.clone().into_iter()).expect("the weights keep their shapes");
        let made = naive::run(&program, &weights, &self.inputs).expect("the program can be run");
        let mut maps = BTreeMap::new();
        for ((name, _), (_, array)) in self.rows.iter().zip(made) {
            maps.entry(name.clone()).or_insert(array);
        }
        maps
    }

    /// Gives a row another tensor, on which the rows after it go on. The maps that the function is given are the rows and inputs.
    pub fn replace(&mut self, row: &str, make: impl Fn(&BTreeMap<String, ArrayD<f32>>) -> ArrayD<f32>) {
        let mut maps = self.run();
        maps.extend(self.inputs.iter().cloned());
        let made = make(&maps);
        let slot = self.slot(row);
        // The row becomes an input, and inputs come first.
        let count = self.program.inputs.len() as Slot;
        let moved = |old: Slot| match old {
            old if old == slot => count,
            old if old < count => old,
            old => old + 1,
        };
        let body = &mut self.program.bodies[0];
        body.steps.retain(|step| !matches!(step, Step::Run { out, .. } if *out == slot));
        for step in &mut body.steps {
            if let Step::Run { args, out, .. } = step {
                args.iter_mut().chain([out]).for_each(|slot| *slot = moved(*slot));
            }
        }
        self.rows.iter_mut().for_each(|(_, slot)| *slot = moved(*slot));
        body.inputs += 1;
        body.slots += 1;
        let shape = made.shape().iter().map(|&n| Size::constant(n as i64)).collect();
        self.program.inputs.push(Input { name: format!("given {row}"), shape, image: None });
        self.inputs.push((format!("given {row}"), made));
    }

    /// Writes the spec's weights and inputs and the given tensors, and compares.
    pub fn compare(&self, folder: &Folder, tensors: &BTreeMap<String, ArrayD<f32>>) -> Said {
        write(folder, "weights.safetensors", self.spec_weights.iter());
        write(folder, "inputs.safetensors", self.spec_inputs.iter().map(|(name, array)| (name, array)));
        write(folder, "reference.safetensors", tensors.iter());
        let settings = self.settings.iter().flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]);
        let settings: Vec<String> = settings.collect();
        let mut arguments = vec!["compare", &self.spec, "exact", "reference.safetensors"];
        arguments.extend(["--weights", "weights.safetensors", "--input", "inputs.safetensors"]);
        arguments.extend(settings.iter().map(String::as_str));
        folder.neckar(&arguments)
    }
}

fn write<'a>(folder: &Folder, name: &str, tensors: impl Iterator<Item = (&'a String, &'a ArrayD<f32>)>) {
    let tensors: Vec<(&str, Vec<usize>, Vec<f32>)> =
        tensors.map(|(name, array)| (name.as_str(), array.shape().to_vec(), array.iter().copied().collect())).collect();
    let tensors: Vec<(&str, &[usize], &[f32])> =
        tensors.iter().map(|(name, shape, values)| (*name, shape.as_slice(), values.as_slice())).collect();
    folder.write_tensors(name, &tensors);
}
