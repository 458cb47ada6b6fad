//! Activations on blocks.

use neckar_spec::program::Activation;

use super::{BLOCK, Simd};

/// An activation of each float.
#[inline(always)]
pub(crate) fn activate<S: Simd>(simd: S, activation: Activation, x: S::V) -> S::V {
    match activation {
        // The order of the operands keeps a NaN of `x`.
        Activation::Relu => simd.max(simd.splat(0.0), x),
        Activation::Silu => simd.div(x, one_plus_exp_minus(simd, x)),
        Activation::Sigmoid => simd.div(simd.splat(1.0), one_plus_exp_minus(simd, x)),
        Activation::Gelu => gelu(simd, x),
        Activation::HardSigmoid => hard_sigmoid(simd, x),
        Activation::HardSwish => simd.mul(x, hard_sigmoid(simd, x)),
    }
}

/// max(x, 0) − |x| · erfc(|x|/√2) / 2, so that the small results of negative x are no differences of large numbers.
#[inline(always)]
fn gelu<S: Simd>(simd: S, x: S::V) -> S::V {
    let negated = simd.mul(x, simd.splat(-1.0));
    let magnitude = simd.max(negated, x);
    let half = simd.mul(erfc(simd, simd.mul(magnitude, simd.splat(std::f32::consts::FRAC_1_SQRT_2))), simd.splat(0.5));
    // Infinity times the 0 that its complement is would be NaN.
    let magnitude = simd.min(simd.splat(1e30), magnitude);
    simd.sub(simd.max(simd.splat(0.0), x), simd.mul(magnitude, half))
}

/// 1 − erf(x) of x ≥ 0: t · exp(−x² + P(t)) with t = 1/(1 + x/2), P by Chebyshev fitting, within 1.2e-7 of the value but for the
/// rounding of x² (Press et al., Numerical Recipes, section 6.2).
#[inline(always)]
fn erfc<S: Simd>(simd: S, x: S::V) -> S::V {
    let one = simd.splat(1.0);
    let t = simd.div(one, simd.mul_add(x, simd.splat(0.5), one));
    let mut p = simd.splat(0.170_872_77);
    for coefficient in [
        -0.822_152_23,
        1.488_515_9,
        -1.135_204,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_7,
        -1.265_512_2,
    ] {
        p = simd.mul_add(p, t, simd.splat(coefficient));
    }
    let exponent = simd.mul_add(simd.mul(x, simd.splat(-1.0)), x, p);
    simd.mul(t, exp(simd, exponent))
}

#[inline(always)]
fn hard_sigmoid<S: Simd>(simd: S, x: S::V) -> S::V {
    let line = simd.mul_add(x, simd.splat(1.0 / 6.0), simd.splat(0.5));
    // The order of the operands keeps a NaN of `x`.
    simd.max(simd.splat(0.0), simd.min(simd.splat(1.0), line))
}

#[inline(always)]
fn one_plus_exp_minus<S: Simd>(simd: S, x: S::V) -> S::V {
    // A difference rather than a product: the multipliers have the most to do.
    simd.add(simd.splat(1.0), exp(simd, simd.sub(simd.splat(-0.0), x)))
}

/// exp of each float, within 2e-7 of its value; infinity above 88.73, about 1e-38 below −87.3, NaN of NaN.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2, and exp(r) by the polynomial of Cephes' `expf` (Moshier, 1989).
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::V) -> S::V {
    // The order of the operands keeps a NaN of `x`. Beyond the upper bound the result overflows to infinity.
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
    simd.scale(p, n)
}

/// Writes exp(x·scale) of floats in their place, up to a factor that makes the greatest 1; gives their sum.
#[inline(always)]
pub(crate) fn exponentials<S: Simd>(simd: S, floats: &mut [f32], scale: f32) -> f32 {
    let (blocks, rest) = floats.as_chunks_mut::<BLOCK>();
    let mut most = simd.splat(f32::NEG_INFINITY);
    for block in &*blocks {
        most = simd.max(most, simd.load(block));
    }
    let mut lanes = [0.0; BLOCK];
    simd.store(most, &mut lanes);
    let greatest = lanes.iter().chain(&*rest).fold(f32::NEG_INFINITY, |most, &x| most.max(x));
    let (factor, less) = (simd.splat(scale), simd.splat(-greatest * scale));
    let mut sums = simd.splat(0.0);
    for block in blocks {
        let result = exp(simd, simd.mul_add(simd.load(block), factor, less));
        simd.store(result, block);
        sums = simd.add(sums, result);
    }
    simd.store(sums, &mut lanes);
    let mut sum: f32 = lanes.iter().sum();
    if !rest.is_empty() {
        let mut block = [0.0; BLOCK];
        simd.store(exp(simd, simd.mul_add(simd.load(&super::partial(rest)), factor, less)), &mut block);
        rest.copy_from_slice(&block[..rest.len()]);
        sum += rest.iter().sum::<f32>();
    }
    sum
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

    /// Values of x·Φ(x) to nine digits, Φ from Abramowitz and Stegun, table 26.1.
    const GELU: [(f32, f64); 9] = [
        (0.0, 0.0),
        (0.1, 0.053_982_783_73),
        (0.5, 0.345_731_230_6),
        (1.0, 0.841_344_746_1),
        (2.0, 1.954_499_736),
        (3.0, 2.995_950_306),
        (-0.5, -0.154_268_769_4),
        (-1.0, -0.158_655_253_9),
        (-3.0, -0.004_049_694_095),
    ];

    #[test]
    fn gelu_is_within_a_millionth_of_its_argument() {
        each(|apply| {
            for (x, expected) in GELU {
                let got = f64::from(apply(Activation::Gelu, x));
                assert!((got - expected).abs() <= 1e-6 * f64::from(x).abs(), "{x}: {got} {expected}");
            }
            // Far out it is x or next to nothing.
            for x in [6.0, 20.0, 1e4, 1e38] {
                assert_eq!(apply(Activation::Gelu, x), x);
                assert!(apply(Activation::Gelu, -x).abs() < 1e-8);
            }
            assert_eq!(apply(Activation::Gelu, f32::NEG_INFINITY), 0.0);
        });
    }

    #[test]
    fn hard_forms_follow_their_formula() {
        each(|apply| {
            for i in -8_000..=8_000 {
                let x = i as f32 * 1e-3;
                let sigmoid = (f64::from(x) / 6.0 + 0.5).clamp(0.0, 1.0);
                for (activation, expected) in
                    [(Activation::HardSigmoid, sigmoid), (Activation::HardSwish, f64::from(x) * sigmoid)]
                {
                    let got = f64::from(apply(activation, x));
                    assert!((got - expected).abs() <= 1e-6, "{activation:?}({x}): {got} {expected}");
                }
            }
        });
    }

    #[test]
    fn special_values() {
        each(|apply| {
            for activation in [Activation::Relu, Activation::Silu, Activation::Sigmoid, Activation::Gelu] {
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
