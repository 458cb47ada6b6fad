//! Tensors drawn from their names, so that no weight file is kept: the values that the reference outputs were computed with.
//!
//! Element `i` of a tensor is drawn as u = (splitmix64(h + i) >> 40) / 2²⁴ in [0, 1), where h is the 64-bit FNV-1a hash of
//! the tensor's name and sums wrap. What u becomes, in f64 and then rounded to f32, depends on the tensor's name and rank
//! ([`weight`], [`input`]).

/// 64-bit FNV-1a of a name.
pub fn hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// The draws of a name, in [0, 1).
pub fn draws(name: &str) -> impl Iterator<Item = f64> + use<> {
    let hash = hash(name);
    (0..).map(move |i: u64| (splitmix64(hash.wrapping_add(i)) >> 40) as f64 / (1u64 << 24) as f64)
}

fn splitmix64(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A weight's values: variances and scales around 1, means and biases around 0, kernels of variance 1/fan-in.
pub fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let kernel = name.ends_with(".weight") && shape.len() >= 2;
    let bound = (3.0 / shape.iter().skip(1).product::<usize>() as f64).sqrt();
    let value = |u: f64| {
        if kernel {
            (2.0 * u - 1.0) * bound
        } else if name.ends_with(".running_mean") || name.ends_with(".bias") {
            0.2 * u - 0.1
        } else {
            0.5 + u
        }
    };
    draws(name).take(shape.iter().product()).map(|u| value(u) as f32).collect()
}

/// An input's values, in [−1, 1).
pub fn input(name: &str, shape: &[usize]) -> Vec<f32> {
    let draws = draws(&format!("input:{name}")).take(shape.iter().product());
    draws.map(|u| (2.0 * u - 1.0) as f32).collect()
}

/// The values that the formula's definition gives for `input:x`.
#[test]
fn check_values() {
    assert_eq!(hash("input:x"), 0x80C4_3E2D_5926_F491);
    let expected = [-0.9233, -0.2273, 0.8980, 0.3619, -0.2696, 0.7151];
    for (value, expected) in input("x", &[6]).into_iter().zip(expected) {
        assert!((value - expected).abs() < 5e-5, "{value} against {expected}");
    }
}
