//! From the portable program to what is executed: for a device, shapes and wanted maps.
//!
//! [`Network`] is the program with its calls inlined, without shapes; a model keeps it. [`Plan`] is made from it for the
//! shapes of the inputs: the steps that the wanted maps need, the shape of every value, and its place in one arena.

mod arena;
mod arrays;
mod bytes;
mod network;
mod parts;
mod slices;

pub(crate) use arena::{Reads, View};
pub use bytes::arena_bytes;
pub(crate) use network::{Network, Site, Value};
pub(crate) use slices::{Copied, Slice};

use neckar_spec::program::{Convolution, Epilogue, Instr, Resize, ResizeMode, Slice as SliceOf, Target};

use crate::Error;
use crate::cpu::Layout;
use crate::tensor::Dims;
use arena::Lifetime;

/// What is executed for inputs of given shapes.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The values, as [`Planned`] steps index them.
    pub values: Vec<PlannedValue>,
    /// The inputs, in the order of the program; none for an input that no wanted map needs.
    pub inputs: Vec<Option<Value>>,
    /// The steps, in the order in which they run.
    pub steps: Vec<Planned>,
    /// The wanted maps.
    pub wanted: Vec<(String, Value)>,
    /// Floats of the arena.
    pub arena: usize,
}

/// A value with its shape and place.
#[derive(Clone, Debug)]
pub(crate) struct PlannedValue {
    /// In the order of the language.
    pub shape: Vec<usize>,
    /// The same as sizes.
    pub dims: Dims,
    /// Where it lies.
    pub home: Home,
    /// The slice of a concatenation that it is written into, where it is.
    pub slice: Option<Slice>,
    /// The last step that needs it, from 1 on; one more than there are where it is wanted, 0 where nothing needs it.
    pub until: usize,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// In the arena, channels-last; of no length where nothing needs the value.
    Arena(View),
    /// In the array of an input, channels-first.
    Input(usize),
    /// In the array of a wanted map, channels-first.
    Wanted(usize),
}

impl Home {
    /// How a value lies there.
    pub(crate) fn layout(self) -> Layout {
        match self {
            Home::Arena(_) => Layout::ChannelsLast,
            Home::Input(_) | Home::Wanted(_) => Layout::ChannelsFirst,
        }
    }
}

/// A step with resolved operands.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The site in the network whose packed weights it uses.
    pub site: usize,
    /// What it does.
    pub work: Work,
    /// Where the result goes.
    pub out: Value,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Work {
    /// The instruction of the site.
    Site {
        /// The instruction's operands.
        args: Vec<Value>,
        /// The operands of the epilogue's additions, of the result's sizes unless the epilogue resizes them by index.
        addends: Vec<Value>,
    },
    /// The instruction of the site, a product over the channels of each pixel, on a concatenation that is not made.
    Parts {
        /// The concatenation.
        whole: Value,
        /// What it is joined of, one behind the other; those of other sizes are resized by index.
        parts: Vec<Value>,
        /// As of [`Work::Site`].
        addends: Vec<Value>,
    },
    /// Copies into a concatenation what does not lie in it.
    Concat {
        /// The operands that are copied.
        copied: Vec<Copied>,
        /// As of [`Work::Site`].
        addends: Vec<Value>,
    },
    /// Brings an operand of the site's epilogue to the sizes of the result.
    Resize {
        /// How.
        resize: Resize,
        /// The operand.
        from: Value,
    },
}

impl Work {
    /// The maps that it reads: those of the instruction, then those of the epilogue.
    pub(crate) fn reads(&self) -> Vec<Value> {
        let (first, addends) = match self {
            Work::Site { args, addends } => (args.clone(), addends.as_slice()),
            Work::Parts { parts, addends, .. } => (parts.clone(), addends.as_slice()),
            Work::Concat { copied, addends } => {
                (copied.iter().map(|copied| copied.value).collect(), addends.as_slice())
            }
            Work::Resize { from, .. } => (vec![*from], &[][..]),
        };
        [&first, addends].concat()
    }
}

/// What the kernels of a backend read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Maps in the arena; products also the caller's arrays, and concatenations that are not made.
    Arrays,
    /// Maps in the arena alone.
    #[cfg(test)]
    Arena,
}

impl Plan {
    /// Plans the wanted maps for inputs of the given shapes, in the order of the program.
    pub(crate) fn new(
        network: &Network,
        shapes: &[Vec<usize>],
        wanted: Vec<(String, Value)>,
        reach: Reach,
    ) -> Result<Plan, Error> {
        let needed = needed(network, &wanted);
        let mut values = vec![None; network.values];
        for (&input, shape) in network.inputs.iter().zip(shapes) {
            values[input] = Some(shape.clone());
        }
        let mut steps = Vec::new();
        for (index, site) in network.sites.iter().enumerate().filter(|(index, _)| needed[*index]) {
            plan_site(index, site, &mut values, &mut steps)?;
        }
        let dims: Vec<Dims> = values.iter().map(|shape| dims(shape.as_deref())).collect::<Result<_, _>>()?;
        let (arrays, steps) = match reach {
            Reach::Arrays => {
                let arrays = arrays::homes(network, &steps, &wanted, &dims);
                (arrays, parts::read_in_parts(network, steps, &wanted, &dims))
            }
            #[cfg(test)]
            Reach::Arena => (vec![None; values.len()], steps),
        };
        let (steps, slices) = slices::write_into_slices(network, steps, &wanted, &dims);
        let mut lifetimes = lifetimes(network, &steps, &wanted, &dims);
        let inputs = network.inputs.iter().map(|&input| lifetimes[input].last.is_some().then_some(input)).collect();
        slices.join(&mut lifetimes);
        let until = |value: Value| lifetimes[slices.root(value)[0]].last.unwrap_or(0);
        let until: Vec<usize> = (0..values.len()).map(until).collect();
        for (lifetime, _) in lifetimes.iter_mut().zip(&arrays).filter(|(_, array)| array.is_some()) {
            lifetime.last = None;
        }
        let (places, arena) = arena::lay_out(&lifetimes);
        let view = |value: Value| {
            let [root, channel] = slices.root(value);
            View::of(dims[value], places[root], channel, dims[root].channels)
        };
        let value = |(value, shape): (Value, Option<Vec<usize>>)| PlannedValue {
            shape: shape.unwrap_or_default(),
            dims: dims[value],
            home: arrays[value].unwrap_or_else(|| Home::Arena(view(value))),
            slice: slices.of(value),
            until: until[value],
        };
        Ok(Plan { values: values.into_iter().enumerate().map(value).collect(), inputs, steps, wanted, arena })
    }

    /// The sizes of a value.
    pub(crate) fn dims(&self, value: Value) -> Dims {
        self.values[value].dims
    }

    /// Where a value lies.
    pub(crate) fn home(&self, value: Value) -> Home {
        self.values[value].home
    }

    /// Where in the arena a value lies that a kernel reads or writes channels-last.
    pub(crate) fn view(&self, value: Value) -> View {
        match self.home(value) {
            Home::Arena(view) => view,
            home => unreachable!("value {value} lies in {home:?}, which only convolutions read or write"),
        }
    }
}

/// The shape of an instruction's result.
pub(crate) fn result_shape(instr: &Instr, args: &[&[usize]]) -> Result<Vec<usize>, Error> {
    let rank = match instr {
        Instr::Conv(_) | Instr::Pool(_) | Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. } => Some(4),
        Instr::TransposedConv { .. } | Instr::Resize(_) => Some(4),
        Instr::Permute { order } => Some(order.len()),
        Instr::PixelShuffle { .. } | Instr::Reassemble { .. } => Some(4),
        Instr::Attention { .. } | Instr::MatMul | Instr::Fold { .. } => Some(3),
        Instr::Tokens | Instr::SinePositions { .. } => Some(4),
        Instr::Gemm { .. }
        | Instr::Learned { .. }
        | Instr::Concat { .. }
        | Instr::Flatten
        | Instr::L2Normalize { .. }
        | Instr::WeightedSum { .. }
        | Instr::Elementwise
        | Instr::LayerNorm { .. }
        | Instr::GroupNorm { .. }
        | Instr::Multiply
        | Instr::Mean { .. }
        | Instr::Slice(_)
        | Instr::Softmax
        | Instr::ChannelShuffle { .. } => None,
    };
    reaches(instr, args)?;
    if let Some(rank) = rank
        && args[0].len() != rank
    {
        let found = args[0];
        return Err(Error::Unsupported(format!("a map of shape {found:?} stands where one of {rank} axes is needed")));
    }
    let args: Vec<Vec<i64>> = args.iter().map(|shape| shape.iter().map(|&n| n as i64).collect()).collect();
    let shape = instr.shape(&args).into_iter().map(|size| usize::try_from(size).ok().filter(|&size| size > 0));
    let shape: Vec<usize> = shape.collect::<Option<_>>().ok_or_else(|| {
        Error::Size(format!("operands of shapes {args:?} leave nothing of a map; give larger inputs"))
    })?;
    fits(&shape)?;
    Ok(shape)
}

/// Whether the operands have the axes and cells that an instruction reads.
fn reaches(instr: &Instr, args: &[&[usize]]) -> Result<(), Error> {
    let first = args[0];
    let unsuited = || Err(Error::Size(format!("operands of shapes {args:?} do not suit {instr}")));
    match instr {
        Instr::Concat { axis } | Instr::Mean { axis } if axis.index() >= first.len() => unsuited(),
        Instr::Slice(SliceOf { axis, start, length }) => match first.get(axis.index()) {
            Some(size) if start + length.unwrap_or(1) <= *size => Ok(()),
            _ => unsuited(),
        },
        Instr::Multiply => {
            let gates = |(axis, (own, other)): (usize, (&usize, &usize))| own == other || axis > 0 && *other == 1;
            let suits = first.len() == args[1].len() && first.iter().zip(args[1]).enumerate().all(gates);
            if suits { Ok(()) } else { unsuited() }
        }
        Instr::AdaptiveAveragePool { size: None } if args[1].len() != 4 => unsuited(),
        Instr::PixelShuffle { factor } if !first[1].is_multiple_of(factor * factor) => unsuited(),
        Instr::ChannelShuffle { groups } if !first[1].is_multiple_of(*groups) => unsuited(),
        Instr::Reassemble { kernel, factor } => match (first, args[1]) {
            ([batch, _, rows, columns], kernels)
                if *kernels == [*batch, kernel * kernel, rows * factor, columns * factor] =>
            {
                Ok(())
            }
            _ => unsuited(),
        },
        _ => Ok(()),
    }
}

/// Whether a map of a shape can be reckoned with at all: the sizes of the next one then fit `i64` too.
pub(crate) fn fits(shape: &[usize]) -> Result<(), Error> {
    const MOST: usize = 1 << 48;
    let elements = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    match elements {
        Some(elements) if elements <= MOST => Ok(()),
        _ => Err(Error::Size(format!("a map of shape {shape:?} has more than 2^48 elements; give smaller inputs"))),
    }
}

/// Whether an instruction is a product over the channels of each pixel.
fn pointwise(instr: &Instr) -> bool {
    match instr {
        Instr::Conv(Convolution { kernel, stride, padding, groups, .. }) => {
            (*kernel, *stride, *padding, *groups) == ([1, 1], [1, 1], [0, 0], 1)
        }
        Instr::Gemm { .. } => true,
        _ => false,
    }
}

/// The sizes of a value; zeros where nothing makes it.
fn dims(shape: Option<&[usize]>) -> Result<Dims, Error> {
    shape.map_or(Ok(Dims { batch: 0, height: 0, width: 0, channels: 0 }), Dims::checked)
}

/// Which sites the wanted maps need.
fn needed(network: &Network, wanted: &[(String, Value)]) -> Vec<bool> {
    let mut live = vec![false; network.values];
    for (_, value) in wanted {
        live[*value] = true;
    }
    let mut needed = vec![false; network.sites.len()];
    for (index, site) in network.sites.iter().enumerate().rev() {
        if live[site.out] {
            needed[index] = true;
            for &arg in &site.args {
                live[arg] = true;
            }
        }
    }
    needed
}

/// Infers the shape of a site's result and adds its steps.
fn plan_site(
    index: usize,
    site: &Site,
    values: &mut Vec<Option<Vec<usize>>>,
    steps: &mut Vec<Planned>,
) -> Result<(), Error> {
    let shape_of = |values: &[Option<Vec<usize>>], value: Value| -> Vec<usize> {
        values[value].clone().expect("a program's steps come in an order in which they can run")
    };
    let (args, mut addends) = site.operands();
    let shapes: Vec<Vec<usize>> = args.iter().map(|&arg| shape_of(values, arg)).collect();
    let shapes: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
    let shape = result_shape(&site.instr, &shapes)?;
    let resizes = site.epilogue.iter().filter_map(|post| match post {
        Epilogue::Add { resize } => Some(*resize),
        Epilogue::Norm(_)
        | Epilogue::Activation(_)
        | Epilogue::LayerScale { .. }
        | Epilogue::Scale { .. }
        | Epilogue::Branch(_) => None,
    });
    for (addend, resize) in addends.iter_mut().zip(resizes) {
        let from = shape_of(values, *addend);
        let sizes = match resize {
            Some(Resize { target: Target::Factor(factor), .. }) => from[2..].iter().map(|n| n * factor).collect(),
            Some(Resize { target: Target::Like, .. }) => shape[2..].to_vec(),
            None => from[2..].to_vec(),
        };
        if sizes != shape[2..] || from[..2] != shape[..2] {
            return Err(Error::Size(format!("a map of shape {from:?} cannot be added to one of shape {shape:?}")));
        }
        if let Some(
            resize @ Resize {
                mode:
                    ResizeMode::Bilinear | ResizeMode::AlignCorners | ResizeMode::Bicubic | ResizeMode::BicubicAntialiased,
                ..
            },
        ) = resize
        {
            let resized = values.len();
            values.push(Some(shape.clone()));
            steps.push(Planned { site: index, work: Work::Resize { resize, from: *addend }, out: resized });
            *addend = resized;
        }
    }
    values[site.out] = Some(shape);
    steps.push(Planned { site: index, work: Work::Site { args, addends }, out: site.out });
    Ok(())
}

/// When each value is made and last read. Inputs are there before the first step, wanted maps after the last.
fn lifetimes(network: &Network, steps: &[Planned], wanted: &[(String, Value)], dims: &[Dims]) -> Vec<Lifetime> {
    // A concatenation without a step is there from its first slice on.
    let mut lifetimes: Vec<Lifetime> =
        dims.iter().map(|dims| Lifetime { first: usize::MAX, last: None, len: dims.len() }).collect();
    for &input in &network.inputs {
        lifetimes[input].first = 0;
    }
    for (time, step) in steps.iter().enumerate() {
        lifetimes[step.out].first = time + 1;
        lifetimes[step.out].last = Some(time + 1);
        for read in step.work.reads() {
            lifetimes[read].last = Some(time + 1);
        }
    }
    for (_, value) in wanted {
        lifetimes[*value].last = Some(steps.len() + 1);
    }
    lifetimes
}
