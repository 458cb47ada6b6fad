//! The built command in a folder of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ndarray::ArrayD;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tempfile::TempDir;

/// A network whose output is known: y = w·x + b.
pub const LINE: &str = "arch Line at H = 2, W = 2 {
    input x: [B, 1, H, W]
    conv c: -> 1 (kernel = 1)
    output y = c(x)
}
";

/// Takes a picture, has a parameter, and is legal at even sizes.
pub const TINY: &str = "arch Tiny(c = 2) at H = 8, W = 8 {
    input x: [B, 3, H, W] image(mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5])
    conv c1: -> c (kernel = 3, padding = 1)
    m = relu(c1(x))
    output y = max_pool(m, kernel = 2, stride = 2) -> [B, c, H/2, W/2]
}
";

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A folder in which the command runs.
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder with `line.arch` and `tiny.arch` in it.
    pub fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a temporary folder can be made"));
        folder.write("line.arch", LINE);
        folder.write("tiny.arch", TINY);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("the folder can be written to");
    }

    pub fn make_folder(&self, name: &str) {
        fs::create_dir_all(self.path(name)).expect("the folder can be written to");
    }

    /// Every file in it, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder can be listed");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).expect("ASCII names")).collect();
        names.sort();
        names
    }

    /// Runs the command, which may never panic.
    pub fn neckar(&self, arguments: &[&str]) -> Said {
        self.neckar_in(".", arguments)
    }

    /// Runs the command in a folder below.
    pub fn neckar_in(&self, below: &str, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neckar"));
        let output = command.args(arguments).current_dir(self.path(below)).env_remove("NO_COLOR").output();
        let output = output.expect("the command was built");
        let said = Said {
            code: output.status.code().expect("it exits by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        };
        assert!(!said.err.contains("panicked"), "{arguments:?}: {}", said.err);
        said
    }

    /// Runs the command, which has to succeed.
    pub fn succeed(&self, arguments: &[&str]) -> Said {
        let said = self.neckar(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        said
    }

    /// Writes tensors of floats.
    pub fn write_tensors(&self, name: &str, tensors: &[(&str, &[usize], &[f32])]) {
        let bytes: Vec<Vec<u8>> =
            tensors.iter().map(|(_, _, values)| values.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
        let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("the values suit the shape"))
        });
        self.write(name, safetensors::serialize(views, None).expect("it can be serialised"));
    }

    /// The weights of `line.arch`: y = 2·x + 1.
    pub fn write_line(&self) {
        self.write_tensors("line.safetensors", &[("c.weight", &[1, 1, 1, 1], &[2.0]), ("c.bias", &[1], &[1.0])]);
    }

    /// Reads tensors of floats, in alphabetical order.
    pub fn read_tensors(&self, name: &str) -> Vec<(String, ArrayD<f32>)> {
        let bytes = fs::read(self.path(name)).expect("the file is there");
        let file = SafeTensors::deserialize(&bytes).expect("it is a safetensors file");
        let mut tensors: Vec<(String, ArrayD<f32>)> = file
            .iter()
            .map(|(name, view)| {
                let values = view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
                let array = ArrayD::from_shape_vec(view.shape().to_vec(), values).expect("whole");
                (name.to_owned(), array)
            })
            .collect();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        tensors
    }
}
