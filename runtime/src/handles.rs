//! Handles to the layers of a network, as the fields of a generated module hold them.
//!
//! A handle is a pointer into the module's program: it costs nothing to copy, says what the layer is, and prints it the way
//! PyTorch does, nested by the spec's own names.

use std::fmt;
use std::ops::Deref;

use neckar_spec::program;

use crate::Program;

/// A layer: any of the others dereferences to it.
#[derive(Clone, Copy)]
pub struct Layer(&'static program::Layer);

impl Layer {
    /// Its name in its parent.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// How PyTorch prints it, or the name of its block or kind.
    pub fn text(self) -> &'static str {
        &self.0.text
    }

    /// Its learnable parameters, with those of the layers inside.
    pub fn parameters(self) -> u64 {
        self.0.parameters
    }

    /// The layers inside, in the order of the spec.
    pub fn children(self) -> impl ExactSizeIterator<Item = Layer> {
        self.0.children.iter().map(Layer)
    }

    /// The layer inside of a path such as `0.conv1`.
    pub fn layer(self, path: &str) -> Option<Layer> {
        path.split('.').try_fold(self, |at, name| at.children().find(|child| child.name() == name))
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        nested(f, &self.0.text, &self.0.children, 0)
    }
}

/// A network as PyTorch prints a module.
pub(crate) fn network(f: &mut fmt::Formatter<'_>, name: &str, program: &Program) -> fmt::Result {
    nested(f, name, &program.layers, 0)
}

fn nested(f: &mut fmt::Formatter<'_>, text: &str, children: &[program::Layer], depth: usize) -> fmt::Result {
    f.write_str(text)?;
    if children.is_empty() {
        return Ok(());
    }
    f.write_str("(\n")?;
    for child in children {
        write!(f, "{:indent$}({}): ", "", child.name, indent = 2 * (depth + 1))?;
        nested(f, &child.text, &child.children, depth + 1)?;
        f.write_str("\n")?;
    }
    write!(f, "{:indent$})", "", indent = 2 * depth)
}

/// A handle that a generated module makes of a layer of its program.
pub trait Handle: Sized {
    /// The handle of the layer at an index of [`Program::layers`].
    #[doc(hidden)]
    fn of(program: &'static Program, index: usize) -> Self;
}

impl Handle for Layer {
    fn of(program: &'static Program, index: usize) -> Layer {
        Layer(&program.layers[index])
    }
}

macro_rules! handles {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy)]
        pub struct $name(Layer);

        impl Deref for $name {
            type Target = Layer;

            fn deref(&self) -> &Layer {
                &self.0
            }
        }

        impl Handle for $name {
            fn of(program: &'static Program, index: usize) -> $name {
                $name(Layer::of(program, index))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

handles! {
    /// A convolution.
    Conv;
    /// A norm.
    Norm;
    /// A linear layer.
    Linear;
    /// A block, a layer kind or a repeated block, with layers inside.
    Block;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(name: &str, text: &str, parameters: u64) -> program::Layer {
        program::Layer { name: name.into(), text: text.into(), parameters, children: Vec::new() }
    }

    #[test]
    fn layers_print_nested_as_pytorch_prints_them() {
        let conv = "Conv2d(64, 64, kernel_size=(1, 1), stride=(1, 1), bias=False)";
        let bottleneck = program::Layer { children: vec![leaf("c0", conv, 4096)], ..leaf("0", "Bottleneck", 4096) };
        let layer1 = program::Layer { children: vec![bottleneck], ..leaf("layer1", "Sequential", 4096) };
        let layer: &'static program::Layer = Box::leak(Box::new(layer1));
        let block = Block(Layer(layer));
        let expected = format!("Sequential(\n  (0): Bottleneck(\n    (c0): {conv}\n  )\n)");
        assert_eq!(format!("{block:?}"), expected);
        let inner = block.layer("0.c0").expect("the path exists");
        assert_eq!((format!("{inner:?}"), inner.name(), inner.parameters()), (conv.to_owned(), "c0", 4096));
        assert!(block.layer("0.c1").is_none());
    }
}
