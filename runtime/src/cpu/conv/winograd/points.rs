//! The one-dimensional transforms of F(m, 3): n = m + 2 products give m results of a filter of three taps.
//!
//! Toom-Cook with the points 0, ±p₁, …, ±pₖ and infinity (Lavin and Gray, arXiv 1509.09308, section 4; the points of Barabasz
//! et al., arXiv 1803.10986). Row i of the input's transform holds the coefficients of the product of (x − xⱼ) over all
//! other finite points, so that the rows of a pair share an even and an odd half.

use crate::cpu::simd::Simd;

/// The points of a transform of N products.
pub(super) struct Points<const N: usize>;

impl<const N: usize> Points<N> {
    /// Pairs of points beside 0 and infinity.
    pub(super) const PAIRS: usize = (N - 2) / 2;

    /// The positive point of each pair. Those of six products are two to four times as accurate as 1 and 2; of eight, no
    /// others that were tried are better than these.
    const POINTS: [f64; 3] = match N {
        4 => [1.0, 0.0, 0.0],
        6 => [0.625, 1.5, 0.0],
        8 => [1.0, 2.0, 0.5],
        _ => panic!("there are transforms of four, six and eight products"),
    };

    /// The coefficients of x⁰, x², … in Π (x² − pᵢ²) over all pairs.
    const ALL: [f64; 4] = Self::product(usize::MAX);

    /// The same over all pairs but one.
    const WITHOUT: [[f64; 4]; 3] = [Self::product(0), Self::product(1), Self::product(2)];

    const fn product(without: usize) -> [f64; 4] {
        let mut coefficients = [1.0, 0.0, 0.0, 0.0];
        let mut pair = 0;
        while pair < Self::PAIRS {
            if pair != without {
                let square = Self::POINTS[pair] * Self::POINTS[pair];
                let mut k = 3;
                while k > 0 {
                    coefficients[k] = coefficients[k - 1] - square * coefficients[k];
                    k -= 1;
                }
                coefficients[0] *= -square;
            }
            pair += 1;
        }
        coefficients
    }

    /// The transform of N neighbouring inputs.
    #[inline(always)]
    pub(super) fn input<S: Simd>(simd: S, d: [S::V; N]) -> [S::V; N] {
        let half = |coefficients: [f64; 4], count: usize, first: usize| {
            // The last coefficient is 1.
            let mut sum = d[first + 2 * (count - 1)];
            for k in (0..count - 1).rev() {
                sum = simd.mul_add(simd.splat(coefficients[k] as f32), d[first + 2 * k], sum);
            }
            sum
        };
        let mut result = d;
        result[0] = half(Self::ALL, Self::PAIRS + 1, 0);
        for pair in 0..Self::PAIRS {
            let even = half(Self::WITHOUT[pair], Self::PAIRS, 2);
            let odd = half(Self::WITHOUT[pair], Self::PAIRS, 1);
            let point = simd.splat(Self::POINTS[pair] as f32);
            let minus = simd.splat(-Self::POINTS[pair] as f32);
            result[1 + 2 * pair] = simd.mul_add(point, odd, even);
            result[2 + 2 * pair] = simd.mul_add(minus, odd, even);
        }
        result[N - 1] = half(Self::ALL, Self::PAIRS + 1, 1);
        result
    }

    /// The N − 2 results of N products; the last two of the array are meaningless.
    #[inline(always)]
    pub(super) fn output<S: Simd>(simd: S, m: [S::V; N]) -> [S::V; N] {
        let mut result = m;
        let mut powers = [1.0; 3];
        for (k, result) in result.iter_mut().enumerate().take(N - 2) {
            let mut sum = if k == 0 { Some(m[0]) } else { None };
            for pair in 0..Self::PAIRS {
                let [plus, minus] = [m[1 + 2 * pair], m[2 + 2 * pair]];
                let term = if k % 2 == 0 { simd.add(plus, minus) } else { simd.sub(plus, minus) };
                sum = Some(match sum {
                    Some(sum) => simd.mul_add(simd.splat(powers[pair] as f32), term, sum),
                    None => simd.mul(simd.splat(powers[pair] as f32), term),
                });
                powers[pair] *= Self::POINTS[pair];
            }
            let sum = sum.expect("there is at least one pair");
            *result = if k == N - 3 { simd.add(sum, m[N - 1]) } else { sum };
        }
        result
    }

    /// The transform of the three taps of a filter.
    pub(super) fn filter(g: [f64; 3]) -> [f64; N] {
        let mut result = [0.0; N];
        result[0] = g[0] / Self::ALL[0];
        for pair in 0..Self::PAIRS {
            let p = Self::POINTS[pair];
            let others: f64 = (0..Self::PAIRS)
                .filter(|&other| other != pair)
                .map(|other| p * p - Self::POINTS[other] * Self::POINTS[other])
                .product();
            let factor = 1.0 / (2.0 * p * p * others);
            result[1 + 2 * pair] = factor * (g[0] + p * g[1] + p * p * g[2]);
            result[2 + 2 * pair] = factor * (g[0] - p * g[1] + p * p * g[2]);
        }
        result[N - 1] = g[2];
        result
    }
}
