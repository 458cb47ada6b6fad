//! The CUDA backend: kernels made from a plan.
//!
//! A plan becomes CUDA C++ ([`source`]), one kernel for each distinct step, and a list of launches ([`executable`]). Sizes are arguments, so
//! that plans of other shapes share what was compiled. The kernels' bodies are files of `kernels/`, one an instruction; they are
//! compiled by NVRTC for a device, and in tests as plain C++ for the processor (`host/host.h`).

mod executable;
mod finish;
mod packed;
mod product;
mod source;
mod tables;
#[cfg(test)]
mod tests;

/// How maps and weights are stored on the device. Sums are always in single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Dtype {
    /// Single precision.
    #[default]
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
}

impl Dtype {
    /// Bytes of an element.
    pub(crate) fn size(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::Bf16 => 2,
        }
    }

    /// Its number in `prelude.cuh`.
    fn number(self) -> usize {
        match self {
            Dtype::F32 => 0,
            Dtype::F16 => 1,
            Dtype::Bf16 => 2,
        }
    }

    /// A value's bytes as they are stored.
    fn bytes(self, x: f32, to: &mut Vec<u8>) {
        match self {
            Dtype::F32 => to.extend(x.to_le_bytes()),
            Dtype::F16 => to.extend(half::f16::from_f32(x).to_le_bytes()),
            Dtype::Bf16 => to.extend(half::bf16::from_f32(x).to_le_bytes()),
        }
    }
}
