//! `neckar export`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use neckar_export::{onnx, pytorch};
use neckar_spec::check::Checked;
use neckar_spec::size::Env;
use neckar_spec::{Lowering, lower};

use crate::arguments::{Export, ExportOnnx, ExportPytorch};
use crate::failure::Failure;
use crate::files::{write_bytes, write_text};
use crate::sizes;
use crate::terminal::Terminal;

/// Writes a network for other tools.
pub fn export(arguments: &Export, terminal: &Terminal) -> Result<(), Failure> {
    match arguments {
        Export::Onnx(arguments) => onnx(arguments, terminal),
        Export::Pytorch(arguments) => pytorch(arguments, terminal),
    }
}

fn onnx(arguments: &ExportOnnx, terminal: &Terminal) -> Result<(), Failure> {
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let program = lower(&checked, Lowering::default());
    let weights = arguments.weights.load(&program, terminal)?;
    let tensors: Vec<_> = weights.iter().map(|(_, tensor)| tensor).collect();
    let values: Option<Vec<&[f32]>> = tensors.iter().map(|tensor| tensor.as_slice()).collect();
    let values = values.expect("weights are kept in standard layout");

    let path = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.onnx", arguments.spec.stem())));
    let beside = arguments.beside.then(|| {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".data");
        name
    });
    let options = onnx::Options {
        fold_norms: arguments.fold_norms,
        beside: beside.as_ref().map(|name| name.to_string_lossy().into_owned()),
        at: fixed(&arguments.at, &checked)?,
        metadata: BTreeMap::from([("neckar.spec".to_owned(), arguments.spec.text.clone())]),
    };
    let model = onnx::export(&program, &values, &options).map_err(|error| Failure::incomplete(error.to_string()))?;
    // The model last: it points at the file beside it.
    if let Some(name) = beside {
        write_bytes(&path.with_file_name(name), &model.beside)?;
    }
    write_bytes(&path, &model.model)?;
    let sizes = match options.at.is_empty() {
        true => "for every legal size and batch".to_owned(),
        false => format!("at {}", options.at),
    };
    terminal.note(&format!("`{}` holds `{}` {sizes}", path.display(), program.name));
    Ok(())
}

/// The sizes that an export is fixed at: none where none are asked for. A batch that is not among them stays free.
fn fixed(asked: &[(String, i64)], checked: &Checked) -> Result<Env, Failure> {
    if asked.is_empty() {
        return Ok(Env::new());
    }
    let env = sizes::at(checked, asked)?.ok_or_else(|| sizes::missing(checked, "export at fixed sizes"))?;
    let batches = sizes::batches(checked);
    let stays = |symbol: &str| batches.contains(&symbol) && !asked.iter().any(|(name, _)| name == symbol);
    Ok(env
        .iter()
        .filter(|(symbol, _)| !stays(symbol.as_str()))
        .map(|(symbol, value)| (symbol.clone(), value))
        .collect())
}

fn pytorch(arguments: &ExportPytorch, terminal: &Terminal) -> Result<(), Failure> {
    let checked = arguments.spec.checked(&arguments.settings.settings, terminal)?;
    let text =
        pytorch::export(&checked, &arguments.spec.text).map_err(|error| Failure::incomplete(error.to_string()))?;
    let path = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.py", arguments.spec.stem())));
    write_text(&path, &text)?;
    let name = &checked.graph().name;
    terminal.note(&format!("`{}` holds the class `{name}`; it needs torch alone", path.display()));
    Ok(())
}
