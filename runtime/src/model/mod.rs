//! A program with its weights, ready for inputs of any legal shape, shared among threads.

mod algorithms;
mod cache;
mod description;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, CowArray, IxDyn};
use neckar_spec::program::Program;
use smallvec::SmallVec;

use crate::cpu::{Algorithm, Executable, Isa, PackedNetwork, State, Threads, pack, peak};
use crate::plan::{Network, Plan, Reach, Value};
use crate::{Device, Error, Instructions, Options, Outputs, Session, Weights, entry, outputs};
use cache::{Cache, Key, Wanted};

pub use description::{ArenaPlace, PlanDescription, PlannedPart, Role};

/// Inputs or outputs up to which a run allocates nothing for their list.
const ARRAYS: usize = 8;

/// A program with its weights packed for a device. Cloning shares it; any number of threads may run it at once.
///
/// Plans and their buffers are kept for the shapes that were run last, so that only the first run of a shape makes them.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    program: Arc<Program>,
    options: Options,
    network: Network,
    packed: PackedNetwork,
    /// Those that the plans may choose from, for each site.
    algorithms: Vec<Vec<Algorithm>>,
    threads: Threads,
    isa: Isa,
    cache: Mutex<Cache>,
}

impl Model {
    /// Packs the weights of a program for a device. Weights that are given away are freed tensor by tensor as they are
    /// packed; those that are lent stay, and take their memory beside the packed ones.
    ///
    /// # Errors
    /// [`Error::Device`] where the device is not there or threads cannot be started; [`Error::Tuning`] for a tuning of other
    /// instructions; [`Error::Unsupported`] for a program
    /// that is not well formed, for weights that are not its own, and for a bound on packed weights that those of
    /// direct convolutions exceed.
    pub fn new(program: Arc<Program>, weights: impl Into<Weights>, options: Options) -> Result<Model, Error> {
        if let Device::Cuda(ordinal) = options.device {
            return Err(Error::Device(format!(
                "this build has no CUDA backend, so device cuda:{ordinal} cannot be used; use the CPU"
            )));
        }
        entry::sound(&program)?;
        let weights: Weights = weights.into();
        if !weights.suit(&program) {
            return Err(Error::Unsupported(format!(
                "the weights are not those of `{}`: make them with `Weights::init` or `Weights::load` of this program",
                program.name
            )));
        }
        let threads = match &options.pool {
            Some(pool) => Threads::of(pool.clone()),
            None => Threads::new(options.threads)?,
        };
        let isa = Isa::detect(options.instructions);
        if let Some(tuning) = &options.tuning {
            tuning.suits(isa.instructions())?;
        }
        let network = Network::new(&program);
        let packed = pack(&network, weights, &threads);
        let mut algorithms = algorithms::all(&network, &packed, &options);
        if let Some(bound) = options.max_packed_bytes {
            let tuning = options.tuning.as_deref();
            algorithms::keep_within(bound, &program, &network, &packed, tuning, &mut algorithms)?;
        }
        let cache = Mutex::default();
        Ok(Model(Arc::new(Inner { program, options, network, packed, algorithms, threads, isa, cache })))
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.0.program
    }

    /// How it runs.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Runs the network. Inputs are arrays `[B, C, sizes…]` by name, in any order and of any strides.
    ///
    /// # Errors
    /// [`Error::Input`] for a missing or unknown input, or one of other axes or channels; [`Error::Size`] where the
    /// sizes do not agree or are not legal.
    pub fn run(&self, inputs: &[(&str, ArrayViewD<f32>)]) -> Result<Outputs, Error> {
        self.run_wanted(inputs, Wanted::Outputs((0..self.0.program.outputs.len()).collect()))
    }

    /// Runs what some of the outputs need, and gives these. A name also stands for the members `name.…` of a list.
    ///
    /// # Errors
    /// As [`Model::run`]; [`Error::Output`] for an unknown name.
    pub fn run_only(&self, inputs: &[(&str, ArrayViewD<f32>)], outputs: &[&str]) -> Result<Outputs, Error> {
        self.run_wanted(inputs, Wanted::Outputs(self.select(outputs)?))
    }

    /// Every row's tensor, by name and in the order in which they are made; nested rows are named `instance.row`.
    ///
    /// # Errors
    /// As [`Model::run`].
    pub fn rows(&self, inputs: &[(&str, ArrayViewD<f32>)]) -> Result<Vec<(String, ArrayD<f32>)>, Error> {
        Ok(self.run_wanted(inputs, Wanted::Rows)?.into_iter().collect())
    }

    /// A session for inputs of the given shapes, with a plan and buffers of its own, that gives all outputs or some.
    ///
    /// # Errors
    /// As [`Model::run_only`].
    pub fn session(&self, inputs: &[(&str, &[usize])], outputs: Option<&[&str]>) -> Result<Session, Error> {
        let order = entry::order(&self.0.program, inputs)?;
        let shapes = order.iter().map(|&i| inputs[i].1.to_vec()).collect();
        let wanted = match outputs {
            Some(names) => self.select(names)?,
            None => (0..self.0.program.outputs.len()).collect(),
        };
        let executable = self.executable(&Key { shapes, wanted: Wanted::Outputs(wanted) })?;
        let state = executable.state(self.0.threads.count());
        Ok(Session::new(self.clone(), executable, state))
    }

    fn select(&self, names: &[&str]) -> Result<Vec<usize>, Error> {
        let all: Vec<&str> = self.0.program.outputs.iter().map(|output| output.name.as_str()).collect();
        outputs::select(&all, names)
    }

    fn run_wanted(&self, inputs: &[(&str, ArrayViewD<f32>)], wanted: Wanted) -> Result<Outputs, Error> {
        let order = entry::order(&self.0.program, inputs)?;
        let arrays: Vec<ArrayViewD<f32>> = order.iter().map(|&i| inputs[i].1.view()).collect();
        let key = Key { shapes: arrays.iter().map(|array| array.shape().to_vec()).collect(), wanted };
        let executable = self.executable(&key)?;
        let idle = self.cache().take(&key);
        let mut state = idle.unwrap_or_else(|| executable.state(self.0.threads.count()));
        let mut outputs = empty_outputs(&executable);
        self.execute(&executable, &mut state, &arrays, &mut outputs.views_mut(), &mut |_| ());
        self.cache().give_back(&key, state);
        Ok(outputs)
    }

    /// The executable of a key, made if there is none yet.
    fn executable(&self, key: &Key) -> Result<Arc<Executable>, Error> {
        if let Some(executable) = self.cache().get(key) {
            return Ok(executable);
        }
        // Made without the lock: other threads run on, and one that makes the same only does work twice.
        let Inner { program, options, network, packed, algorithms, threads, .. } = &*self.0;
        entry::check(program, &key.shapes.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        let wanted = match &key.wanted {
            Wanted::Rows => network.rows.clone(),
            Wanted::Outputs(indices) => {
                let named = |&i: &usize| (program.outputs[i].name.clone(), network.outputs[i]);
                indices.iter().map(named).collect::<Vec<(String, Value)>>()
            }
        };
        let plan = Plan::new(network, &key.shapes, wanted, Reach::Arrays)?;
        let executable =
            Arc::new(Executable::new(network, packed, algorithms, options.tuning.as_deref(), plan, threads));
        self.cache().insert(key.clone(), executable.clone());
        Ok(executable)
    }

    /// Runs an executable on arrays that suit it; `done` is told how long each part took.
    pub(crate) fn execute(
        &self,
        executable: &Executable,
        state: &mut State,
        inputs: &[ArrayViewD<f32>],
        outputs: &mut [ArrayViewMutD<f32>],
        done: &mut (dyn FnMut(Duration) + Send),
    ) {
        let Inner { threads, isa, .. } = &*self.0;
        let inputs: SmallVec<[CowArray<f32, IxDyn>; ARRAYS]> =
            inputs.iter().map(|array| array.as_standard_layout()).collect();
        let mut copies: SmallVec<[Option<ArrayD<f32>>; ARRAYS]> =
            outputs.iter().map(|array| (!array.is_standard_layout()).then(|| ArrayD::zeros(array.raw_dim()))).collect();
        {
            let slice = "an array in the standard layout is a slice";
            let inputs: SmallVec<[&[f32]; ARRAYS]> =
                inputs.iter().map(|array| array.as_slice().expect(slice)).collect();
            let mut outputs: SmallVec<[&mut [f32]; ARRAYS]> = outputs
                .iter_mut()
                .zip(&mut copies)
                .map(|(array, copy)| match copy {
                    Some(copy) => copy.as_slice_mut().expect(slice),
                    None => array.as_slice_mut().expect(slice),
                })
                .collect();
            threads.enter(|| executable.run(*isa, threads, state, &inputs, &mut outputs, done));
        }
        for (array, copy) in outputs.iter_mut().zip(copies) {
            if let Some(copy) = copy {
                array.assign(&copy);
            }
        }
    }

    /// Bytes that packed weights take: those for direct convolutions, and the transformed ones of the plans made so far.
    pub fn packed_bytes(&self) -> usize {
        self.0.packed.bytes()
    }

    /// The instructions that its kernels use.
    pub fn instructions(&self) -> Instructions {
        self.0.isa.instructions()
    }

    /// Measures how fast the model's threads can multiply and add, in GFLOP/s: fused multiply-adds of its instruction set
    /// on registers alone, each two operations a lane. It takes some tens of milliseconds.
    pub fn measure_peak(&self) -> f64 {
        peak::gflops(self.0.isa, &self.0.threads)
    }

    pub(crate) fn network(&self) -> &Network {
        &self.0.network
    }

    /// How many threads share the work of a run.
    pub fn thread_count(&self) -> usize {
        self.0.threads.count()
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // The cache is whole between any two of its statements, so a panic elsewhere leaves nothing broken in it.
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("program", &self.0.program.name).field("options", &self.0.options).finish()
    }
}

/// Arrays of zeros for what an executable gives.
pub(crate) fn empty_outputs(executable: &Executable) -> Outputs {
    let plan = &executable.plan;
    let array = |(name, value): &(String, Value)| (name.clone(), ArrayD::zeros(IxDyn(&plan.values[*value].shape)));
    Outputs::new(plan.wanted.iter().map(array).collect())
}
