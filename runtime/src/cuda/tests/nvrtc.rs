//! Every kernel of the zoo compiled for devices that are not there, by NVRTC, which needs none.

use std::env;
use std::ffi::{CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW, Symbol};

use super::super::Dtype;
use super::super::executable::Executable;
use super::super::packed::pack;
use super::super::source::Source;
use crate::Weights;
use crate::cpu::zoo;
use crate::plan::{Network, Plan, Reach};

/// The folder that holds `libnvrtc.so.13` and what it loads, as the package `nvidia-cuda-nvrtc` has it.
const FOLDER: &str = "NECKAR_NVRTC";

type Program = *mut c_void;
type Create = unsafe extern "C" fn(
    *mut Program,
    *const c_char,
    *const c_char,
    c_int,
    *const *const c_char,
    *const *const c_char,
) -> c_int;
type Compile = unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int;
type Length = unsafe extern "C" fn(Program, *mut usize) -> c_int;
type Text = unsafe extern "C" fn(Program, *mut c_char) -> c_int;
type Destroy = unsafe extern "C" fn(*mut Program) -> c_int;

struct Nvrtc {
    /// The second one loads the first by its name.
    libraries: [Library; 2],
}

impl Nvrtc {
    fn load(folder: &Path) -> Nvrtc {
        // SAFETY: NVIDIA's libraries run nothing of note when they are loaded.
        let open = |name: &str| unsafe { Library::open(Some(folder.join(name)), RTLD_NOW | RTLD_GLOBAL) };
        let libraries = ["libnvrtc-builtins.so.13.0", "libnvrtc.so.13"].map(open);
        Nvrtc { libraries: libraries.map(|library| library.unwrap_or_else(|error| panic!("${FOLDER}: {error}"))) }
    }

    /// A function of the library.
    ///
    /// # Safety
    /// It has the type.
    unsafe fn function<F>(&self, name: &str) -> Symbol<F> {
        // SAFETY: As the caller promises.
        unsafe { self.libraries[1].get(name.as_bytes()) }.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The size of the code for an architecture, and what the compiler said.
    fn compile(&self, source: &str, architecture: &str) -> (Option<usize>, String) {
        let text = CString::new(source).expect("a source has no zero bytes");
        let options = [&format!("--gpu-architecture={architecture}"), "--std=c++17", "--ptxas-options=-v"];
        let options = options.map(|option| CString::new(option).expect("an option has no zero bytes"));
        let options = options.each_ref().map(|option| option.as_ptr());
        let mut program = ptr::null_mut();
        // SAFETY: The functions are of these types in `nvrtc.h`; texts end with a zero byte, and buffers are as long as NVRTC says.
        unsafe {
            let create = self.function::<Create>("nvrtcCreateProgram");
            assert_eq!(create(&mut program, text.as_ptr(), c"kernels.cu".as_ptr(), 0, ptr::null(), ptr::null()), 0);
            let compiled =
                self.function::<Compile>("nvrtcCompileProgram")(program, options.len() as c_int, options.as_ptr());
            let mut length = 0;
            self.function::<Length>("nvrtcGetProgramLogSize")(program, &mut length);
            let mut log = vec![0_u8; length];
            self.function::<Text>("nvrtcGetProgramLog")(program, log.as_mut_ptr().cast());
            let mut size = 0;
            self.function::<Length>("nvrtcGetCUBINSize")(program, &mut size);
            self.function::<Destroy>("nvrtcDestroyProgram")(&mut program);
            ((compiled == 0).then_some(size), String::from_utf8_lossy(&log).into_owned())
        }
    }
}

/// The kernels of all networks of the zoo, in each type.
fn kernels() -> [Source; 3] {
    let mut sources = [Dtype::F32, Dtype::F16, Dtype::Bf16].map(|dtype| (dtype, Source::new(dtype)));
    for (program, shapes) in zoo::all() {
        let (network, weights) = (Network::new(&program), Weights::init(&program, 0));
        for (dtype, source) in &mut sources {
            let packed = pack(&network, &weights, *dtype);
            let wanted =
                program.outputs.iter().zip(&network.outputs).map(|(output, &value)| (output.name.clone(), value));
            let plan =
                Plan::new(&network, &shapes, wanted.collect(), Reach::Arena).expect("the documented sizes are legal");
            source.absorb(&Executable::new(&network, &packed, plan, *dtype).expect("one image is small").source);
        }
    }
    sources.map(|(_, source)| source)
}

#[test]
fn every_kernel_of_the_zoo_compiles_without_spills() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        eprintln!(
            "skipped: kernels are compiled by NVRTC where ${FOLDER} is the folder of the package nvidia-cuda-nvrtc"
        );
        return;
    };
    let nvrtc = Nvrtc::load(&folder);
    for source in kernels() {
        assert!(source.names().len() > 20, "{:?}", source.names());
        let text = source.text();
        for architecture in ["sm_80", "sm_90", "sm_90a"] {
            let (size, log) = nvrtc.compile(&text, architecture);
            assert!(size.is_some_and(|size| size > 0), "for {architecture}: {log}");
            let spill =
                |line: &&str| line.contains("spill") && !line.contains("0 bytes spill stores, 0 bytes spill loads");
            assert_eq!(log.lines().find(spill), None, "for {architecture}");
            assert!(log.contains("spill"), "the compiler says nothing of registers: {log}");
        }
    }
}
