//! The contract with a checkpoint: `arch!("fpn.arch", weights = "fpn.safetensors")` holds its header to the network.
//!
//! The header comes from the file, or where that is not at hand from the lock that `neckar prepare` wrote.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use neckar_spec::check::Checked;
use neckar_spec::checkpoint::{Header, HeaderError, Lock, match_names};
use neckar_spec::diagnostics::nearest;
use neckar_spec::{Lowering, lower};

use crate::locate;

/// A checkpoint that a network was held to.
#[derive(Debug, PartialEq, Eq)]
pub struct Contract {
    /// The files that cargo is to watch: the checkpoint and the lock, where they are.
    pub watched: Vec<PathBuf>,
    /// What is worth a warning, each in a line.
    pub warnings: Vec<String>,
}

/// Holds a checkpoint to a network. Its path is `written` from the root of `package`, which is shown in messages.
///
/// # Errors
/// What is wrong, and what to do.
pub fn hold(checked: &Checked, written: &str, package: &Path) -> Result<Contract, String> {
    let (path, lock_path) = (package.join(written), Lock::path(package));
    let lock = Lock::read(package)?;
    let locked = lock.as_ref().and_then(|lock| lock.checkpoints.get(written));
    let found = match Header::read(&path) {
        Ok(header) => Some(header),
        Err(HeaderError::Io(error)) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(format!("cannot read `{}`: {error}", path.display())),
    };
    let Some(header) = found.as_ref().or(locked) else {
        return Err(absent(written, &path, lock.as_ref()));
    };
    let program = lower(checked, Lowering::default());
    let report = match_names(&program, &header.tensors);
    if !report.suits(false) {
        let (name, listing) = (&program.name, report.listing(false));
        let by_lock = match found {
            Some(_) => String::new(),
            None => format!(", as `{}` has it,", lock_path.display()),
        };
        return Err(format!("`{written}`{by_lock} does not suit `{name}`:{listing}"));
    }
    if let (Some(found), Some(locked)) = (&found, locked)
        && let Some(difference) = found.difference(locked)
    {
        let lock = lock_path.display();
        return Err(format!(
            "`{written}` is not the checkpoint of `{lock}`: {difference}\nrun `neckar prepare` if it is to be"
        ));
    }
    let files = [found.is_some().then_some(path), lock.is_some().then_some(lock_path)];
    Ok(Contract { watched: files.into_iter().flatten().collect(), warnings: report.causes })
}

/// The message about a checkpoint that neither a file nor the lock tells of.
fn absent(written: &str, path: &Path, lock: Option<&Lock>) -> String {
    let in_lock = if lock.is_some() { "the lock does not know it" } else { "no lock tells its header" };
    let locked = || lock.into_iter().flat_map(|lock| lock.checkpoints.keys().map(String::as_str));
    let near = locate::neighbour(path, written).or_else(|| nearest(written, locked()).map(str::to_owned));
    let hint = near
        .map_or_else(|| "run `neckar prepare` where the file is".to_owned(), |near| format!("did you mean `{near}`?"));
    format!("there is no file `{}`, and {in_lock}\npaths start at the root of the package; {hint}", path.display())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use neckar_spec::{Library, Origin, compile};
    use tempfile::TempDir;

    use super::*;

    const FILE: &str = "w.safetensors";

    /// A network with one weight, `c.weight` of [2, 1, 1, 1].
    fn line() -> Checked {
        let text = "arch Line { input x: [B, 1, H, W]  conv c: -> 2 (kernel = 1, bias = false)  output y = c(x) }";
        let origin = Origin::Text { name: "line".into(), text: text.into(), folder: None };
        compile(Library::load(origin).expect("a text at hand can be read"), None, &[]).checked.expect("it is right")
    }

    /// A file of one tensor with eight bytes of values.
    fn file(name: &str, dtype: &str, shape: &[usize]) -> Vec<u8> {
        let header =
            format!(r#"{{"{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[0,8]}}}}"#).into_bytes();
        [&(header.len() as u64).to_le_bytes()[..], &header, &[0; 8]].concat()
    }

    /// A lock that knows one checkpoint, of one tensor.
    fn lock(checkpoint: &str, name: &str, dtype: &str, shape: &[usize]) -> String {
        let tensor = format!(r#"{{"{name}": {{"dtype": "{dtype}", "shape": {shape:?}}}}}"#);
        format!(r#"{{"format": 1, "checkpoints": {{"{checkpoint}": {tensor}}}}}"#)
    }

    /// What comes of a package with these files; of the root of the package only `.` stays in messages.
    fn held(checkpoint: Option<&[u8]>, lock: Option<&str>) -> Result<Contract, String> {
        let folder: TempDir = tempfile::tempdir().expect("a temporary folder");
        if let Some(bytes) = checkpoint {
            fs::write(folder.path().join(FILE), bytes).expect("a file");
        }
        if let Some(text) = lock {
            fs::create_dir(folder.path().join(".neckar")).expect("a folder");
            fs::write(Lock::path(folder.path()), text).expect("a file");
        }
        let root = folder.path().display().to_string();
        let mut held = hold(&line(), FILE, folder.path()).map_err(|message| message.replace(&root, "."));
        if let Ok(contract) = &mut held {
            let below = |path: &PathBuf| path.strip_prefix(folder.path()).map(Path::to_owned);
            contract.watched = contract.watched.iter().map(below).collect::<Result<_, _>>().expect("they are below it");
        }
        held
    }

    #[test]
    fn the_file_the_lock_or_both_tell_the_header() {
        let (right, locked) = (file("c.weight", "F32", &[2, 1, 1, 1]), lock(FILE, "c.weight", "F32", &[2, 1, 1, 1]));
        let watching =
            |files: &[&str]| Ok(Contract { watched: files.iter().map(PathBuf::from).collect(), warnings: Vec::new() });
        assert_eq!(held(Some(&right), None), watching(&[FILE]));
        assert_eq!(held(Some(&right), Some(&locked)), watching(&[FILE, ".neckar/weights.json"]));
        assert_eq!(held(None, Some(&locked)), watching(&[".neckar/weights.json"]));
        let of_another = lock("v.safetensors", "c.weight", "F32", &[2, 1, 1, 1]);
        assert_eq!(held(Some(&right), Some(&of_another)), watching(&[FILE, ".neckar/weights.json"]));
    }

    #[test]
    fn what_does_not_hold_is_said() {
        let right = file("c.weight", "F32", &[2, 1, 1, 1]);
        let wrong = file("c.weight", "F32", &[1, 2, 1, 1]);
        let locked = lock(FILE, "c.weight", "F32", &[2, 1, 1, 1]);
        let shape = "  `c.weight` has the shape [1, 2, 1, 1], expected [2, 1, 1, 1]\n`c.weight` looks transposed: its axes are \
                     in another order than PyTorch's [out, in, rows, columns]; permute them as you save";
        let root = "paths start at the root of the package; ";
        let cases = [
            (Some(&wrong[..]), None, format!("`w.safetensors` does not suit `Line`:\n{shape}")),
            // Whether the file is right comes before whether it is the lock's.
            (Some(&wrong), Some(&*locked), format!("`w.safetensors` does not suit `Line`:\n{shape}")),
            (
                None,
                Some(&lock(FILE, "c.weight", "F32", &[1, 2, 1, 1])),
                format!("`w.safetensors`, as `./.neckar/weights.json` has it, does not suit `Line`:\n{shape}"),
            ),
            (
                Some(&right),
                Some(&lock(FILE, "c.weight", "F16", &[2, 1, 1, 1])),
                "`w.safetensors` is not the checkpoint of `./.neckar/weights.json`: `c.weight` is F32 [2, 1, 1, 1] and was \
                 F16 [2, 1, 1, 1]\nrun `neckar prepare` if it is to be"
                    .to_owned(),
            ),
            (
                None,
                None,
                format!(
                    "there is no file `./w.safetensors`, and no lock tells its header\n{root}run `neckar prepare` where the \
                     file is"
                ),
            ),
            (
                None,
                Some(&lock("wt.safetensors", "c.weight", "F32", &[2, 1, 1, 1])),
                format!(
                    "there is no file `./w.safetensors`, and the lock does not know it\n{root}did you mean \
                     `wt.safetensors`?"
                ),
            ),
            (
                Some(b"torch"),
                Some(&locked),
                "cannot read `./w.safetensors`: not a safetensors file: 5 bytes hold no header; export the weights with \
                 `safetensors.torch.save_file`"
                    .to_owned(),
            ),
            (
                Some(&right),
                Some(r#"{"format": 2, "checkpoints": {}}"#),
                "`./.neckar/weights.json` has the form 2, expected 1; write it anew with `neckar prepare`".to_owned(),
            ),
        ];
        for (checkpoint, lock, message) in cases {
            assert_eq!(held(checkpoint, lock), Err(message));
        }
    }
}
