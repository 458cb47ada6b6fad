//! Kernels compiled for the processor.

use std::collections::HashMap;
use std::ffi::{CStr, c_char};
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use libloading::{Library, Symbol};
use ndarray::ArrayD;

use super::super::executable::Executable;
use super::array;

const HOST: &str = include_str!("../host/host.h");

/// What `host.h` makes of a kernel: arena, weights, tables, arrays, sizes, grid, threads, shared bytes, order of threads.
type Launch = unsafe extern "C" fn(
    *mut u8,
    *const u8,
    *const u8,
    *mut f32,
    *const u8,
    *const u32,
    u32,
    u32,
    u32,
) -> *const c_char;

/// Those compiled so far, by their sources.
static KNOWN: Mutex<Option<HashMap<String, Arc<Mutex<Library>>>>> = Mutex::new(None);

/// The kernels of a source as a library of the processor.
pub(super) struct Compiled {
    /// One run at a time, as it keeps the threads of a block in its own variables.
    library: Arc<Mutex<Library>>,
}

/// Bytes that start where any load may.
struct Aligned(Vec<u128>);

impl Aligned {
    /// Filled with what is no number in any type.
    fn poisoned(bytes: usize) -> Aligned {
        Aligned(vec![u128::MAX; bytes.div_ceil(16).next_multiple_of(8) + 8])
    }

    fn of(bytes: &[u8]) -> Aligned {
        let mut chunks = bytes.to_vec();
        chunks.resize(bytes.len().next_multiple_of(16), 0);
        let chunks = chunks.chunks_exact(16).map(|chunk| u128::from_ne_bytes(chunk.try_into().expect("sixteen bytes")));
        Aligned(chunks.collect())
    }

    fn pointer(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

impl Compiled {
    pub(super) fn new(text: String) -> Compiled {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        let library = known.entry(text).or_insert_with_key(|text| Arc::new(Mutex::new(compile(text)))).clone();
        Compiled { library }
    }

    /// Runs all launches and gives the wanted maps, or what a launch complained of.
    pub(super) fn run(
        &self,
        executable: &Executable,
        weights: &[u8],
        inputs: &[ArrayD<f32>],
        order: u32,
    ) -> Result<Vec<ArrayD<f32>>, String> {
        let plan = &executable.plan;
        let mut arena = Aligned::poisoned(plan.arena * 4);
        let (mut weights, mut tables) = (Aligned::of(weights), Aligned::of(&executable.tables));
        let mut arrays = vec![f32::NAN; executable.arrays];
        for (input, at) in inputs.iter().zip(&executable.inputs) {
            if let Some(at) = at {
                arrays[*at..][..input.len()]
                    .copy_from_slice(input.as_slice().expect("inputs are in the standard layout"));
            }
        }
        let library = self.library.lock().unwrap_or_else(PoisonError::into_inner);
        for launch in &executable.launches {
            let name = &executable.source.names()[launch.kernel];
            let sizes = launch.sizes.bytes();
            // SAFETY: `host.h` gives each kernel's function this type.
            let kernel: Symbol<Launch> = unsafe { library.get(name.as_bytes()) }.map_err(|error| error.to_string())?;
            // SAFETY: The buffers are as large as the executable says, which its launches keep to, and outlive the call; the sizes are
            // those of the kernel.
            let failure = unsafe {
                kernel(
                    arena.pointer(),
                    weights.pointer(),
                    tables.pointer(),
                    arrays.as_mut_ptr(),
                    sizes.as_ptr(),
                    launch.grid.as_ptr(),
                    launch.threads,
                    launch.shared,
                    order,
                )
            };
            if !failure.is_null() {
                // SAFETY: What is not null is a literal of `host.h`.
                let failure = unsafe { CStr::from_ptr(failure) };
                return Err(format!("{name}: {}", failure.to_string_lossy()));
            }
        }
        let output = |((_, value), at): (&(String, usize), &usize)| {
            let shape = &plan.values[*value].shape;
            array(shape, &arrays[*at..][..shape.iter().product::<usize>()])
        };
        Ok(plan.wanted.iter().zip(&executable.outputs).map(output).collect())
    }
}

/// The C++ compiler that is asked for, or the usual one.
fn compiler() -> String {
    std::env::var("CXX").unwrap_or_else(|_| "c++".into())
}

/// Whether there is a C++ compiler; says where there is none that the check is skipped.
pub(super) fn available() -> bool {
    if !cfg!(target_arch = "x86_64") {
        eprintln!("skipped: the kernels for CUDA run on x86-64 processors alone, whose stacks `host.h` switches");
        return false;
    }
    let there = Command::new(compiler()).arg("--version").output().is_ok_and(|said| said.status.success());
    if !there {
        eprintln!(
            "skipped: the kernels for CUDA run on the processor only where there is a C++ compiler, and `{}` is none",
            compiler()
        );
    }
    there
}

fn compile(text: &str) -> Library {
    let folder = tempfile::tempdir().expect("a folder for what is compiled");
    let (source, library) = (folder.path().join("kernels.cpp"), folder.path().join("kernels.so"));
    let type_line = text.lines().next().expect("a source says its type first");
    fs::write(&source, format!("{type_line}\n{HOST}\n{text}")).expect("the folder was just made");
    let arguments = ["-std=c++17", "-O1", "-w", "-shared", "-fPIC", "-o"];
    let made = Command::new(compiler()).args(arguments).arg(&library).arg(&source).output();
    let made = made.expect("it was there when the test began");
    assert!(made.status.success(), "{text}\n{}", String::from_utf8_lossy(&made.stderr));
    // SAFETY: The library runs nothing when it is loaded.
    unsafe { Library::new(&library) }.expect("the compiler made it")
}
