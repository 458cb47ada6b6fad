//! Where the files of a call lie.

use std::env;
use std::path::{Path, PathBuf};

use neckar_spec::diagnostics::nearest;
use neckar_spec::{Origin, ReadError};
use proc_macro2::Span;

/// The root of the package that a token stands in: the folder above its file with a `Cargo.toml`; where the file is not
/// known, as in rust-analyzer, that of the package being compiled. Cargo's variable alone would not do: it names the user's
/// package for a token out of another crate's `macro_rules!`.
pub fn package_root(token: Span) -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    let file = token.local_file().map(|file| here.join(file));
    root_of(file.as_deref()).or_else(|| env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)).unwrap_or(here)
}

fn root_of(file: Option<&Path>) -> Option<PathBuf> {
    file?.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file()).map(Path::to_owned)
}

/// A path as terminals and editors open it: relative to where cargo runs the compiler, the root of the workspace, or
/// absolute.
pub fn shown(path: &Path) -> PathBuf {
    let here = env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned()
}

/// The message about a spec that cannot be read.
pub fn unreadable(error: &ReadError, origin: &Origin, written: &str) -> String {
    let Origin::Path(path) = origin else { return error.to_string() };
    let message = format!("{error}\npaths start at the root of the package");
    match (neighbour(path, written), neighbours(path).as_slice()) {
        (Some(near), _) => format!("{message}; did you mean `{near}`?"),
        (None, []) => message,
        (None, near) => format!("{message}; the folder holds `{}`", near.join("`, `")),
    }
}

/// What was meant instead of a path, as `written`, at which there is no file: one of its kind beside it, of a similar name.
pub fn neighbour(path: &Path, written: &str) -> Option<String> {
    // Their endings are the same, and would make any two alike.
    let names = neighbours(path);
    let stems = names.iter().filter_map(|name| Path::new(name).file_stem()?.to_str());
    let written = Path::new(written);
    let near = Path::new(nearest(written.file_stem()?.to_str()?, stems)?).with_extension(path.extension()?);
    Some(written.with_file_name(near).display().to_string())
}

/// The files in the folder of a path that end as it does.
fn neighbours(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = files.filter_map(|file| file.file_name().into_string().ok()).collect();
    names.retain(|name| Path::new(name).extension() == path.extension());
    names.sort();
    names.truncate(12);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_at_the_nearest_package() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let package = folder.path().join("a");
        std::fs::create_dir_all(package.join("src/bin")).expect("folders");
        std::fs::write(folder.path().join("Cargo.toml"), "").expect("a file");
        std::fs::write(package.join("Cargo.toml"), "").expect("a file");
        assert_eq!(root_of(Some(&package.join("src/bin/b.rs"))), Some(package));
        assert_eq!(root_of(Some(&folder.path().join("b/c.rs"))), Some(folder.path().to_owned()));
        assert_eq!(root_of(None), None);
        // Outside of a macro no token has a file.
        assert_eq!(package_root(Span::call_site()), PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    }

    #[test]
    fn a_missing_file_names_its_neighbours() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("lite_fpn.arch"), "").expect("a file");
        let error = ReadError { name: "x/lite_fp.arch".into(), reason: "not found".into() };
        let message =
            |name: &str| unreadable(&error, &Origin::Path(folder.path().join(name)), &format!("necks/{name}"));
        assert!(
            message("lite_fp.arch").ends_with("did you mean `necks/lite_fpn.arch`?"),
            "{}",
            message("lite_fp.arch")
        );
        assert!(message("zz.arch").ends_with("the folder holds `lite_fpn.arch`"));
    }
}
