//! Which algorithm computes each convolution, as it was measured.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cpu::{Algorithm, ConvolutionSizes};
use crate::{Error, Instructions};

/// Of the JSON; raised with every change that is not an addition.
const SCHEMA_VERSION: u32 = 1;

/// Which algorithm computes each convolution, instead of an estimate: as `neckar bench --tune` measured it, or one for all.
///
/// A plan looks a convolution up by its attributes and sizes; those that are not there are chosen by estimate. What the
/// numerics forbid stays forbidden: in [`Numerics::Exact`](crate::Numerics::Exact) all are direct. A tuning is used with any
/// number of threads, and gives the same bits with each.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning(Choices);

#[derive(Clone, Debug, PartialEq)]
enum Choices {
    Everywhere(Algorithm),
    Measured(Measured),
}

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Measured {
    schema_version: u32,
    instruction_set: Instructions,
    threads: usize,
    convolutions: Vec<TunedConvolution>,
}

/// A convolution that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TunedConvolution {
    /// The convolution.
    #[serde(flatten)]
    pub sizes: ConvolutionSizes,
    /// What computes it.
    pub algorithm: Algorithm,
    /// What each algorithm took, in milliseconds.
    pub times_ms: BTreeMap<Algorithm, f64>,
}

impl Tuning {
    /// One algorithm for every convolution that it can compute; all others are direct.
    pub fn everywhere(algorithm: Algorithm) -> Tuning {
        Tuning(Choices::Everywhere(algorithm))
    }

    /// Of measured times, for each convolution the fastest algorithm. Convolutions without times are left out.
    pub fn measured(
        instructions: Instructions,
        threads: usize,
        times_ms: impl IntoIterator<Item = (ConvolutionSizes, BTreeMap<Algorithm, f64>)>,
    ) -> Tuning {
        let tuned = |(sizes, times_ms): (ConvolutionSizes, BTreeMap<Algorithm, f64>)| {
            let (&algorithm, _) = times_ms.iter().min_by(|(_, a), (_, b)| a.total_cmp(b))?;
            Some(TunedConvolution { sizes, algorithm, times_ms })
        };
        Tuning(Choices::Measured(Measured {
            schema_version: SCHEMA_VERSION,
            instruction_set: instructions,
            threads,
            convolutions: times_ms.into_iter().filter_map(tuned).collect(),
        }))
    }

    /// Reads what [`Tuning::to_json`] wrote, or a file of `neckar bench --tune`.
    ///
    /// # Errors
    /// [`Error::Tuning`] for another text, for one of another schema, and for one that contradicts itself.
    pub fn from_json(text: &str) -> Result<Tuning, Error> {
        Tuning::read(text).map_err(|reason| Error::Tuning(format!("not a tuning file: {reason}")))
    }

    /// Reads a file of `neckar bench --tune`.
    ///
    /// # Errors
    /// [`Error::Io`] for a file that cannot be read, [`Error::Format`] where [`Tuning::from_json`] fails.
    pub fn load(path: impl AsRef<Path>) -> Result<Tuning, Error> {
        let path = path.as_ref().to_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => Tuning::read(&text)
                .map_err(|reason| Error::Format { path, message: format!("not a tuning file: {reason}") }),
            Err(source) => Err(Error::Io { path, source }),
        }
    }

    fn read(text: &str) -> Result<Tuning, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match value.get("schema_version").and_then(Value::as_u64) {
            Some(version) if version == u64::from(SCHEMA_VERSION) => {}
            Some(version) => {
                return Err(format!(
                    "its schema_version is {version}, expected {SCHEMA_VERSION}; measure again with `neckar bench --tune`"
                ));
            }
            None => return Err("it has no schema_version".to_owned()),
        }
        let measured: Measured = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let mut known = BTreeSet::new();
        for tuned in &measured.convolutions {
            tuned.check()?;
            if !known.insert(&tuned.sizes) {
                return Err(format!("{} is there twice", tuned.sizes));
            }
        }
        Ok(Tuning(Choices::Measured(measured)))
    }

    /// The JSON of a tuning file; none of one algorithm for all, which is no measurement.
    pub fn to_json(&self) -> Option<String> {
        let Choices::Measured(measured) = &self.0 else { return None };
        let text = serde_json::to_string_pretty(measured);
        Some(text.expect("its keys are strings and a text can always be written to") + "\n")
    }

    /// The convolutions that were measured.
    pub fn convolutions(&self) -> &[TunedConvolution] {
        match &self.0 {
            Choices::Everywhere(_) => &[],
            Choices::Measured(measured) => &measured.convolutions,
        }
    }

    /// Whether it is of the instructions that a model runs with.
    pub(crate) fn suits(&self, instructions: Instructions) -> Result<(), Error> {
        match &self.0 {
            Choices::Measured(Measured { instruction_set, .. }) if *instruction_set != instructions => {
                Err(Error::Tuning(format!(
                    "the tuning was measured with {instruction_set} instructions, and the model runs with {instructions}; \
                     measure again with `neckar bench --tune`, or leave it out"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Leaves of the algorithms that may compute a convolution those that it allows.
    pub(crate) fn narrow(&self, algorithms: &mut Vec<Algorithm>) {
        if let Choices::Everywhere(only) = self.0 {
            algorithms.retain(|algorithm| [Algorithm::Direct, only].contains(algorithm));
        }
    }

    /// What computes a convolution, if it says so.
    pub(crate) fn algorithm(&self, sizes: &ConvolutionSizes) -> Option<Algorithm> {
        match &self.0 {
            Choices::Everywhere(algorithm) => Some(*algorithm),
            Choices::Measured(measured) => Some(measured.get(sizes)?.algorithm),
        }
    }

    /// The time that an algorithm took for each unit of the time of a direct convolution, if both were measured.
    pub(crate) fn relative_time(&self, algorithm: Algorithm, sizes: &ConvolutionSizes) -> Option<f64> {
        let Choices::Measured(measured) = &self.0 else { return None };
        let times = &measured.get(sizes)?.times_ms;
        Some(times.get(&algorithm)? / times.get(&Algorithm::Direct)?)
    }
}

impl Measured {
    fn get(&self, sizes: &ConvolutionSizes) -> Option<&TunedConvolution> {
        self.convolutions.iter().find(|tuned| tuned.sizes == *sizes)
    }
}

impl TunedConvolution {
    /// Whether its algorithms can compute it and its times are times.
    fn check(&self) -> Result<(), String> {
        let TunedConvolution { sizes, algorithm, times_ms } = self;
        if let Some(other) = times_ms.keys().chain([algorithm]).find(|other| !other.suits(sizes)) {
            return Err(format!(
                "{other} cannot compute {sizes}; it is for 3x3 convolutions of stride 1 without groups"
            ));
        }
        match times_ms.iter().find(|(_, time)| !(time.is_finite() && **time > 0.0)) {
            Some((algorithm, time)) => Err(format!("{time} is no time for {algorithm} to compute {sizes}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(kernel: usize) -> ConvolutionSizes {
        ConvolutionSizes {
            kernel: [kernel; 2],
            stride: [1; 2],
            padding: [kernel / 2; 2],
            dilation: [1; 2],
            groups: 1,
            input: [1, 8, 20, 30],
            output: [1, 16, 20, 30],
        }
    }

    fn tuning() -> Tuning {
        let times = [(Algorithm::Direct, 2.0), (Algorithm::Winograd2, 1.0), (Algorithm::Winograd6, 3.0)];
        let convolutions = [(sizes(3), times.into()), (sizes(1), [(Algorithm::Direct, 0.5)].into())];
        Tuning::measured(Instructions::Avx2, 2, convolutions)
    }

    #[test]
    fn the_fastest_is_chosen_and_a_file_says_the_same() {
        let tuning = tuning();
        assert_eq!(tuning.algorithm(&sizes(3)), Some(Algorithm::Winograd2));
        assert_eq!(tuning.algorithm(&sizes(1)), Some(Algorithm::Direct));
        assert_eq!(tuning.algorithm(&sizes(5)), None);
        assert_eq!(tuning.relative_time(Algorithm::Winograd6, &sizes(3)), Some(1.5));
        assert_eq!(tuning.relative_time(Algorithm::Winograd4, &sizes(3)), None);
        let text = tuning.to_json().expect("it was measured");
        assert_eq!(Tuning::from_json(&text).expect("it was just written"), tuning);
    }

    #[test]
    fn what_a_file_must_not_say() {
        let text = tuning().to_json().expect("it was measured");
        let message = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}: {text}");
            Tuning::from_json(&text.replacen(from, to, 1)).expect_err("it is wrong").to_string()
        };
        let cases = [
            ("\"schema_version\": 1", "\"schema_version\": 2", "its schema_version is 2, expected 1"),
            ("\"schema_version\": 1,", "", "it has no schema_version"),
            ("\"avx2\"", "\"neon\"", "unknown variant `neon`"),
            ("\"winograd2\": 1.0", "\"winograd2\": -1.0", "-1 is no time for winograd2 to compute conv 3x3/1"),
            ("\"winograd2\": 1.0", "\"winograd3\": 1.0", "unknown variant `winograd3`"),
            ("\"algorithm\": \"direct\"", "\"algorithm\": \"winograd4\"", "winograd4 cannot compute conv 1x1/1"),
            ("{", "", "not a tuning file"),
        ];
        for (from, to, expected) in cases {
            let message = message(from, to);
            assert!(message.contains(expected), "{message}");
        }
        let [first, second] = [sizes(3), sizes(3)].map(|sizes| (sizes, [(Algorithm::Direct, 1.0)].into()));
        let twice = Tuning::measured(Instructions::Avx2, 1, [first, second]).to_json().expect("it was measured");
        let message = Tuning::from_json(&twice).expect_err("it is there twice").to_string();
        assert!(message.contains("is there twice"), "{message}");
    }
}
