//! Seeded initial values.

use std::f64::consts::TAU;

use neckar_spec::program::Init;

/// The initial values of a tensor.
pub(super) fn draw(name: &str, seed: u64, init: Init, len: usize) -> Vec<f32> {
    let mut stream = Stream::new(name, seed);
    match init {
        Init::Constant(value) => vec![value; len],
        Init::Uniform { bound } => {
            (0..len).map(|_| ((2.0 * stream.uniform() - 1.0) * f64::from(bound)) as f32).collect()
        }
        Init::Normal { std } => {
            let mut values = Vec::with_capacity(len + 1);
            while values.len() < len {
                values.extend(stream.normals().map(|x| (x * f64::from(std)) as f32));
            }
            values.truncate(len);
            values
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014), a stream a name.
struct Stream(u64);

impl Stream {
    fn new(name: &str, seed: u64) -> Stream {
        // FNV-1a.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        // The seed goes through the generator, so that near seeds give streams far apart.
        Stream(hash ^ Stream(seed).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// On [0, 1), with 53 bits.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Two from the standard normal distribution, by Box and Muller.
    fn normals(&mut self) -> [f64; 2] {
        // 1 − u is above 0, so its logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let angle = TAU * self.uniform();
        [radius * angle.cos(), radius * angle.sin()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_its_published_stream() {
        // The first outputs of the reference implementation (prng.di.unimi.it/splitmix64.c) for the state 1234567.
        let mut stream = Stream(1_234_567);
        assert_eq!(
            [stream.next(), stream.next(), stream.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn moments() {
        let normal = draw("a.weight", 0, Init::Normal { std: 0.5 }, 100_001);
        let n = normal.len() as f64;
        let mean = normal.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = normal.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / n;
        // Five standard errors.
        assert!(mean.abs() < 5.0 * 0.5 / n.sqrt(), "{mean}");
        assert!((variance / 0.25 - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{variance}");

        let uniform = draw("a.weight", 0, Init::Uniform { bound: 0.1 }, 100_000);
        assert!(uniform.iter().all(|x| x.abs() <= 0.1));
        let variance = uniform.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 1e5;
        assert!((variance / (0.01 / 3.0) - 1.0).abs() < 0.02, "{variance}");
    }

    #[test]
    fn a_stream_depends_on_name_and_seed() {
        let init = Init::Normal { std: 1.0 };
        assert_eq!(draw("a", 7, init, 5), draw("a", 7, init, 9)[..5]);
        assert_ne!(draw("a", 7, init, 5), draw("b", 7, init, 5));
        assert_ne!(draw("a", 7, init, 5), draw("a", 8, init, 5));
        assert_eq!(draw("a", 7, Init::Constant(0.9), 2), [0.9, 0.9]);
    }
}
