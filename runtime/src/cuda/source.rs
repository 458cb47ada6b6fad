//! The source of kernels: each distinct one once, and the files that they are made of.

use std::fmt::Write;

use super::Dtype;

/// What all kernels begin with.
const PRELUDE: &str = include_str!("kernels/prelude.cuh");

/// A file of `kernels/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    /// The name of the file, without its extension.
    pub name: &'static str,
    text: &'static str,
}

macro_rules! bodies {
    ($($constant:ident = $name:literal),* $(,)?) => {
        $(pub(crate) const $constant: Body = Body { name: $name, text: include_str!(concat!("kernels/", $name, ".cuh")) };)*
    };
}

bodies! {
    ATTENTION = "attention",
    AVERAGE = "average",
    CHANNEL_SHUFFLE = "channel_shuffle",
    CONCAT = "concat",
    CONSTANT = "constant",
    CONV_PLAIN = "conv_plain",
    CONV_TENSOR = "conv_tensor",
    DEPTHWISE = "depthwise",
    ELEMENTWISE = "elementwise",
    EXPORT = "export",
    FLATTEN = "flatten",
    GROUP_NORM = "group_norm",
    IMPORT = "import",
    L2_NORMALIZE = "l2_normalize",
    LAYER_NORM = "layer_norm",
    MATMUL = "matmul",
    MEAN_OF_CHANNELS = "mean_of_channels",
    MULTIPLY = "multiply",
    PERMUTE = "permute",
    PIXEL_SHUFFLE = "pixel_shuffle",
    POOL = "pool",
    PRODUCT = "product",
    REASSEMBLE = "reassemble",
    RESIZE = "resize",
    SLICE = "slice",
    SOFTMAX = "softmax",
    WEIGHTED_SUM = "weighted_sum",
}

/// Named numbers of a launch, in the order in which its kernel has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sizes(Vec<(String, i32)>);

impl Sizes {
    /// Adds one.
    ///
    /// # Panics
    /// When it does not fit; a plan's sizes are held to that before.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: usize) {
        let value = i32::try_from(value).expect("an executable's arena and constants are held to what an `int` counts");
        self.0.push((name.into(), value));
    }

    /// Adds several.
    pub(crate) fn extend<const N: usize>(&mut self, sizes: [(&str, usize); N]) {
        for (name, value) in sizes {
            self.set(name, value);
        }
    }

    /// Adds all of others.
    pub(crate) fn append(&mut self, others: Sizes) {
        self.0.extend(others.0);
    }

    /// The bytes of the argument.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(_, value)| value.to_le_bytes()).collect()
    }

    fn names(&self) -> String {
        self.0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// What a kernel does, but for its sizes.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// The files that it is made of; the last one names it.
    pub bodies: Vec<Body>,
    /// What it calls, of `arena`, `weights`, `tables`, `arrays`, `s` and `finish`.
    pub call: String,
    /// The statements of the epilogue, which change `x` of a `pixel` and `channel`.
    pub finish: String,
    /// Threads of a block.
    pub threads: u32,
}

/// The kernels of an executable.
#[derive(Debug)]
pub(crate) struct Source {
    dtype: Dtype,
    bodies: Vec<Body>,
    texts: Vec<String>,
    names: Vec<String>,
}

impl Source {
    pub(crate) fn new(dtype: Dtype) -> Source {
        Source { dtype, bodies: Vec::new(), texts: Vec::new(), names: Vec::new() }
    }

    /// The number of a kernel of these sizes, whatever they are.
    pub(crate) fn kernel(&mut self, kernel: &Kernel, sizes: &Sizes) -> usize {
        let Kernel { call, finish, threads, .. } = kernel;
        let text = format!(
            "struct @_sizes {{\n    int {};\n}};\n\nstruct @_finish {{\n    const T *arena;\n    const char *weights;\n    const \
             @_sizes &s;\n    __device__ inline float operator()(float x, int pixel, int channel) const {{\n{finish}        return \
             x;\n    }}\n}};\n\nKERNEL(@, {threads}, @_sizes) {{\n    @_finish finish = {{arena, weights, s}};\n    {call};\n}}\n",
            sizes.names()
        );
        for body in &kernel.bodies {
            if !self.bodies.contains(body) {
                self.bodies.push(*body);
            }
        }
        if let Some(known) = self.texts.iter().position(|other| *other == text) {
            return known;
        }
        let name = kernel.bodies.last().expect("a kernel is made of a file").name;
        self.names.push(format!("{name}_{}", self.texts.len()));
        self.texts.push(text);
        self.texts.len() - 1
    }

    /// Adds the kernels of another that it does not have.
    #[cfg(test)]
    pub(super) fn absorb(&mut self, other: &Source) {
        self.bodies.extend(other.bodies.iter().filter(|body| !self.bodies.contains(body)).copied().collect::<Vec<_>>());
        for (text, name) in other.texts.iter().zip(&other.names) {
            if !self.texts.contains(text) {
                let instruction = name.trim_end_matches(|c: char| c.is_ascii_digit());
                self.names.push(format!("{instruction}{}", self.texts.len()));
                self.texts.push(text.clone());
            }
        }
    }

    /// The names of the kernels, by number.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// All of it, for a compiler.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("#define TYPE {}\n{PRELUDE}", self.dtype.number());
        for body in &self.bodies {
            text += "\n";
            text += body.text;
        }
        for (name, kernel) in self.names.iter().zip(&self.texts) {
            let _ = write!(text, "\n{}", kernel.replace('@', name));
        }
        text
    }
}
