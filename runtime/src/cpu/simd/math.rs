//! Activations on blocks.

use neckar_spec::program::Activation;

use super::Simd;

/// An activation of each float.
#[inline(always)]
pub(crate) fn activate<S: Simd>(simd: S, activation: Activation, x: S::V) -> S::V {
    match activation {
        // The order of the operands keeps a NaN of `x`.
        Activation::Relu => simd.max(simd.splat(0.0), x),
        Activation::Silu => simd.div(x, one_plus_exp_minus(simd, x)),
        Activation::Sigmoid => simd.div(simd.splat(1.0), one_plus_exp_minus(simd, x)),
    }
}

#[inline(always)]
fn one_plus_exp_minus<S: Simd>(simd: S, x: S::V) -> S::V {
    simd.add(simd.splat(1.0), exp(simd, simd.mul(x, simd.splat(-1.0))))
}

/// exp of each float, within 2e-7 of its value; infinity above 88.73, about 1e-38 below −87.3, NaN of NaN.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2, and exp(r) by the polynomial of Cephes' `expf` (Moshier, 1989).
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::V) -> S::V {
    // The order of the operands keeps a NaN of `x`. Beyond the upper bound the two factors of 2ⁿ overflow to infinity.
    let x = simd.max(simd.splat(-87.3), simd.min(simd.splat(89.0), x));
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    let r = simd.mul_add(n, simd.splat(-0.693_359_4), x);
    let r = simd.mul_add(n, simd.splat(2.121_944_4e-4), r);
    let mut p = simd.splat(1.987_569_1e-4);
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = simd.mul_add(p, r, simd.splat(coefficient));
    }
    let p = simd.mul_add(p, simd.mul(r, r), simd.add(r, simd.splat(1.0)));
    let half = simd.round(simd.mul(n, simd.splat(0.5)));
    let rest = simd.mul_add(half, simd.splat(-1.0), n);
    simd.mul(simd.mul(p, simd.power_of_two(half)), simd.power_of_two(rest))
}

#[cfg(test)]
mod tests {
    use super::super::{Block, Isa, Vectorised};
    use super::*;

    struct Activate(Activation, Block);

    impl Vectorised for Activate {
        type Output = Block;

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Block {
            let mut out = [0.0; 16];
            simd.store(activate(simd, self.0, simd.load(&self.1)), &mut out);
            out
        }
    }

    fn each(check: impl Fn(&dyn Fn(Activation, f32) -> f32)) {
        for isa in Isa::all() {
            check(&|activation, x| isa.run(Activate(activation, [x; 16]))[15]);
        }
    }

    #[test]
    fn sigmoid_and_silu_are_within_a_millionth() {
        each(|apply| {
            for i in -80_000..=80_000 {
                let x = i as f32 * 1e-3;
                let sigmoid = 1.0 / (1.0 + (-f64::from(x)).exp());
                for (activation, expected) in
                    [(Activation::Sigmoid, sigmoid), (Activation::Silu, f64::from(x) * sigmoid)]
                {
                    let got = f64::from(apply(activation, x));
                    assert!((got - expected).abs() <= 1e-6 * expected.abs(), "{activation:?}({x}): {got} {expected}");
                }
            }
        });
    }

    #[test]
    fn special_values() {
        each(|apply| {
            for activation in [Activation::Relu, Activation::Silu, Activation::Sigmoid] {
                assert!(apply(activation, f32::NAN).is_nan(), "{activation:?}");
                assert_eq!(
                    apply(activation, f32::INFINITY),
                    if activation == Activation::Sigmoid { 1.0 } else { f32::INFINITY }
                );
            }
            assert_eq!(apply(Activation::Relu, f32::NEG_INFINITY), 0.0);
            assert_eq!(apply(Activation::Sigmoid, f32::NEG_INFINITY), 0.0);
            assert_eq!(apply(Activation::Relu, -3.0), 0.0);
            assert_eq!(apply(Activation::Silu, 0.0), 0.0);
        });
    }
}
