//! The lock: headers of checkpoints, kept in a crate so that it builds where the checkpoints are not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Header;

/// The form of the file; another one is of another version of neckar.
const FORMAT: u32 = 1;

/// The headers of a crate's checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    format: u32,
    /// By their paths, as `arch!` names them: from the root of the package.
    pub checkpoints: BTreeMap<String, Header>,
}

impl Lock {
    /// The lock of some headers.
    pub fn new(checkpoints: BTreeMap<String, Header>) -> Lock {
        Lock { format: FORMAT, checkpoints }
    }

    /// Where a package keeps its lock.
    pub fn path(package: &Path) -> PathBuf {
        package.join(".neckar").join("weights.json")
    }

    /// Reads a package's lock; none where it has none.
    ///
    /// # Errors
    /// Why it cannot be used, and what to do.
    pub fn read(package: &Path) -> Result<Option<Lock>, String> {
        let path = Lock::path(package);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot read `{}`: {error}", path.display())),
        };
        let again = "write it anew with `neckar prepare`";
        match serde_json::from_str::<Lock>(&text) {
            Ok(lock) if lock.format == FORMAT => Ok(Some(lock)),
            Ok(lock) => Err(format!("`{}` has the form {}, expected {FORMAT}; {again}", path.display(), lock.format)),
            Err(error) => Err(format!("`{}` is no lock: {error}; {again}", path.display())),
        }
    }

    /// The file's text: a tensor a line, so that a change of a checkpoint reads well in a review.
    pub fn to_text(&self) -> String {
        let mut text = format!("{{\n  \"format\": {},\n  \"checkpoints\": {{", self.format);
        let quoted = |name: &str| serde_json::Value::from(name).to_string();
        for (at, (path, header)) in self.checkpoints.iter().enumerate() {
            text.push_str(if at == 0 { "\n" } else { ",\n" });
            text.push_str(&format!("    {}: {{", quoted(path)));
            for (at, (name, entry)) in header.tensors.iter().enumerate() {
                text.push_str(if at == 0 { "\n" } else { ",\n" });
                let (dtype, shape) = (quoted(&entry.dtype), &entry.shape);
                text.push_str(&format!("      {}: {{\"dtype\": {dtype}, \"shape\": {shape:?}}}", quoted(name)));
            }
            text.push_str("\n    }");
        }
        text.push_str("\n  }\n}\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Entry;

    #[test]
    fn what_is_written_is_read() {
        let entry = Entry { dtype: "F32".into(), shape: vec![2, 3] };
        let header = Header { tensors: BTreeMap::from([("a.\"w\"".into(), entry.clone()), ("b".into(), entry)]) };
        let lock = Lock::new(BTreeMap::from([("x.safetensors".into(), header), ("y".into(), Header::default())]));
        assert_eq!(serde_json::from_str::<Lock>(&lock.to_text()).expect("JSON"), lock);
        assert!(lock.to_text().contains("\"b\": {\"dtype\": \"F32\", \"shape\": [2, 3]}"), "{}", lock.to_text());
    }

    #[test]
    fn what_is_no_lock_says_so() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(Lock::read(folder.path()), Ok(None));
        std::fs::create_dir(folder.path().join(".neckar")).expect("a folder");
        for (text, reason) in
            [("{", "is no lock"), ("{\"format\": 2, \"checkpoints\": {}}", "has the form 2, expected 1")]
        {
            std::fs::write(Lock::path(folder.path()), text).expect("a file");
            let error = Lock::read(folder.path()).expect_err("no lock");
            assert!(error.contains(reason) && error.contains("neckar prepare"), "{error}");
        }
    }
}
