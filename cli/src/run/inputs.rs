//! The inputs of a run: read, made of a picture, or drawn.

use std::path::{Path, PathBuf};

use clap::Args;
use image::RgbImage;
use ndarray::{ArrayD, ArrayViewD};
use neckar::Weights;
use neckar_spec::Program;
use neckar_spec::program::{Init, Input, Weight};
use neckar_spec::size::{Env, Size};

use crate::failure::Failure;
use crate::files::read_tensors;
use crate::picture;
use crate::terminal::Terminal;

/// Elements of an input that is drawn; beyond, an `at` clause has surely slipped.
const MOST_DRAWN: usize = 1 << 31;

/// The inputs of a run.
#[derive(Debug)]
pub struct Inputs {
    /// Arrays by name.
    pub arrays: Vec<(String, ArrayD<f32>)>,
    /// The picture that one was made of, at the size of the input.
    pub picture: Option<RgbImage>,
}

impl Inputs {
    /// The array of a name.
    pub fn get(&self, name: &str) -> Option<&ArrayD<f32>> {
        self.arrays.iter().find(|(own, _)| own == name).map(|(_, array)| array)
    }

    /// The sizes that their axes show as they are.
    pub fn sizes(&self, program: &Program) -> Env {
        let mut sizes = Env::new();
        for input in &program.inputs {
            let shape = self.get(&input.name).map(ArrayD::shape).unwrap_or_default();
            for (size, &n) in input.shape.iter().zip(shape) {
                if let (Some(symbol), Ok(n)) = (size.as_symbol(), i64::try_from(n)) {
                    sizes.set(symbol, n);
                }
            }
        }
        sizes
    }

    /// In the order of the program; those that it lacks a session has refused.
    pub fn ordered(&self, program: &Program) -> Vec<ArrayViewD<'_, f32>> {
        program.inputs.iter().filter_map(|input| Some(self.get(&input.name)?.view())).collect()
    }
}

/// Where inputs come from.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// Inputs by name: .safetensors or .npz, or .npy for the only one; without it they are drawn at the `at` sizes
    #[arg(id = "input", long, value_name = "FILE", conflicts_with = "image")]
    file: Option<PathBuf>,

    /// A PNG or JPEG for the input that takes a picture
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
}

impl InputArguments {
    /// Whether a file or a picture is named.
    pub fn is_given(&self) -> bool {
        self.file.is_some() || self.image.is_some()
    }

    /// Whether all are read from a file.
    pub fn is_read(&self) -> bool {
        self.file.is_some()
    }

    /// The inputs, drawn from a seed where none are named, at the sizes where there are any.
    pub fn gather(
        &self,
        seed: u64,
        sizes: Option<&Env>,
        program: &Program,
        terminal: &Terminal,
    ) -> Result<Inputs, Failure> {
        match (&self.file, &self.image) {
            (Some(path), _) => Ok(Inputs { arrays: read(path, program)?, picture: None }),
            (None, Some(path)) => from_picture(path, seed, sizes, program, terminal),
            (None, None) => {
                let all: Vec<&Input> = program.inputs.iter().collect();
                Ok(Inputs { arrays: draw(&all, seed, sizes, program, terminal)?, picture: None })
            }
        }
    }
}

fn read(path: &Path, program: &Program) -> Result<Vec<(String, ArrayD<f32>)>, Failure> {
    let tensors = read_tensors(path)?;
    let name = |(name, array): (Option<String>, ArrayD<f32>)| match (name, program.inputs.as_slice()) {
        (Some(name), _) => Ok((name, array)),
        (None, [only]) => Ok((only.name.clone(), array)),
        (None, inputs) => {
            let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
            let reason = format!("it holds one array without a name, expected {}", names.join(", "));
            Err(Failure::unreadable(path, format!("{reason}; give them as .npz or .safetensors")))
        }
    };
    tensors.into_iter().map(name).collect()
}

fn from_picture(
    path: &Path,
    seed: u64,
    sizes: Option<&Env>,
    program: &Program,
    terminal: &Terminal,
) -> Result<Inputs, Failure> {
    let taking: Vec<_> = program.inputs.iter().filter_map(|input| Some((input, input.image.as_ref()?))).collect();
    let (input, how) = match taking.as_slice() {
        [only] => *only,
        [] => {
            let message = format!("no input of `{}` takes a picture", program.name);
            let hint = "write `image(…)` behind the input's shape, or give tensors with --input";
            return Err(Failure::incomplete(format!("{message}; {hint}")));
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(input, _)| input.name.as_str()).collect();
            let names = names.join("`, `");
            return Err(Failure::incomplete(format!("several inputs take a picture: `{names}`; give --input")));
        }
    };
    let shape = shape_at(input, sizes, program)?;
    let [height, width] = [2, 3].map(|axis| shape.get(axis).and_then(|&n| u32::try_from(n).ok()).unwrap_or(0));
    let picture = picture::read(path).map_err(|reason| Failure::unreadable(path, reason))?;
    let prepared = picture::prepare(&picture, how, [height, width]);
    let others: Vec<&Input> = program.inputs.iter().filter(|other| other.name != input.name).collect();
    let mut arrays = if others.is_empty() { Vec::new() } else { draw(&others, seed, sizes, program, terminal)? };
    arrays.push((input.name.clone(), prepared.tensor));
    Ok(Inputs { arrays, picture: Some(prepared.shown) })
}

/// Inputs from the standard normal distribution.
fn draw(
    inputs: &[&Input],
    seed: u64,
    sizes: Option<&Env>,
    program: &Program,
    terminal: &Terminal,
) -> Result<Vec<(String, ArrayD<f32>)>, Failure> {
    let weight = |input: &&Input| -> Result<Weight, Failure> {
        let shape = shape_at(input, sizes, program)?;
        Ok(Weight { name: input.name.clone(), shape, learnable: false, init: Init::Normal { std: 1.0 } })
    };
    let weights: Vec<Weight> = inputs.iter().map(weight).collect::<Result<_, _>>()?;
    let shapes: Vec<String> = weights.iter().map(|weight| format!("`{}` {:?}", weight.name, weight.shape)).collect();
    let many = weights.len() > 1;
    terminal.note(&format!(
        "without --input {} {} drawn (seed {seed}): {}",
        if many { "these" } else { "this" },
        if many { "are" } else { "is" },
        shapes.join(", ")
    ));
    // Drawn as weights are, so that a seed means the same everywhere.
    let drawn = Weights::init(&Program { weights, ..program.clone() }, seed);
    Ok(drawn.iter().map(|(name, array)| (name.to_owned(), array.to_owned())).collect())
}

/// An input's shape at the sizes.
fn shape_at(input: &Input, sizes: Option<&Env>, program: &Program) -> Result<Vec<usize>, Failure> {
    let size = |size: &Size| usize::try_from(size.eval(sizes?)?).ok();
    let shape: Option<Vec<usize>> = input.shape.iter().map(size).collect();
    let Some(shape) = shape else {
        let open = program.symbols.iter().filter(|free| free.at.is_none());
        let free: Vec<String> = open.map(|free| free.symbol.to_string()).collect();
        let message = format!("the spec gives no value of {} to make input `{}` at", free.join(", "), input.name);
        let hint = "write `at H = 224, W = 224` behind the architecture's name, or give --input";
        return Err(Failure::incomplete(format!("{message}; {hint}")));
    };
    let elements = shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    if elements.is_none_or(|elements| elements > MOST_DRAWN) {
        let message = format!("input `{}` would be {shape:?}, too large to make", input.name);
        return Err(Failure::incomplete(format!("{message}; lower the sizes of the `at` clause or give --input")));
    }
    Ok(shape)
}
