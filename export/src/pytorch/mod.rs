//! PyTorch: one readable module that needs torch alone.
//!
//! Its classes are the spec's blocks, its variables the spec's rows, the keys of its `state_dict` neckar's checkpoint names,
//! and it initialises itself as the spec says: it is trained there and its weights come back by name.
//!
//! Instances of a block that differ in numbers only share a class, whose `__init__` takes those numbers.

mod classes;
mod forward;
mod helpers;
mod init;
mod inputs;
mod instances;
mod modules;
mod sequential;

use neckar_spec::check::Checked;
use neckar_spec::program::Program;
use neckar_spec::size::shape_text;
use neckar_spec::{Lowering, lower};

/// Why a network cannot be a PyTorch module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A checkpoint name is that of a module and of something inside another.
    #[error(
        "`{0}` and `{1}` cannot both be modules: one checkpoint name begins with the other; rename one with `as \"…\"`"
    )]
    Nested(String, String),
    /// A module's name is one that every PyTorch module uses itself.
    #[error(
        "`{0}` is a name that modules of `torch.nn` use themselves; call the layer or the part otherwise, or say `as \"…\"`"
    )]
    Reserved(String),
}

/// The text of a Python file for a network; `spec` is how messages call it.
///
/// # Errors
/// When checkpoint names cannot be names of PyTorch modules.
pub fn export(checked: &Checked, spec: &str) -> Result<String, Error> {
    let program = lower(checked, Lowering { unfused: true, ..Lowering::default() });
    let instances = instances::walk(checked.graph(), &program);
    let classes = classes::classes(&program, &instances)?;
    let named = classes.iter().any(|class| class.contains("OrderedDict("));
    let mut text = header(&program, spec, named);
    for (made, helper) in helpers::HELPERS {
        if classes.iter().any(|class| class.contains(made)) {
            text.push_str(helper);
        }
    }
    for class in classes {
        text.push_str("\n\n");
        text.push_str(&class);
    }
    Ok(text)
}

/// The doc comment and the imports, with that of `OrderedDict` where an `nn.Sequential` names its members.
fn header(program: &Program, spec: &str, named: bool) -> String {
    let settings: String = program.settings.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
    let mut text = format!("\"\"\"{} of the neckar spec `{spec}`{settings}.\n\n", program.name);
    let width = program.inputs.iter().map(|input| &input.name).chain(program.outputs.iter().map(|output| &output.name));
    let width = width.map(|name| name.chars().count()).max().unwrap_or(0);
    let mut table = |kind: &str, name: &str, shape: &[neckar_spec::size::Size]| {
        text.push_str(&format!("{kind:<6} {name:<width$}  {}\n", shape_text(shape, &program.legal)));
    };
    for input in &program.inputs {
        table("input", &input.name, &input.shape);
    }
    for output in &program.outputs {
        table("output", &output.name, &output.shape);
    }
    text.push_str(&format!("legal  {}\n\n", program.legal.describe().join("; ")));
    text.push_str("The keys of `state_dict()` are the spec's checkpoint names. Written by neckar ");
    text.push_str(env!("CARGO_PKG_VERSION"));
    text.push_str(".\n\"\"\"\n");
    text.push_str(if named { "\nfrom collections import OrderedDict\n" } else { "" });
    text.push_str("\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n");
    text
}
