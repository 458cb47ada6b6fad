//! Numbers as colours.

use image::Rgb;

/// Viridis (matplotlib, CC0) at multiples of 1/8; colours between are blended.
const VIRIDIS: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x91, 0x8c],
    [0x28, 0xae, 0x80],
    [0x5e, 0xc9, 0x62],
    [0xad, 0xdc, 0x30],
    [0xfd, 0xe7, 0x25],
];

/// The colour of a number on [0, 1], of the nearest end for one outside; NaN is red.
pub fn viridis(x: f32) -> Rgb<u8> {
    if x.is_nan() {
        return Rgb([0xff, 0, 0]);
    }
    let at = x.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f32;
    let below = (at as usize).min(VIRIDIS.len() - 2);
    blend(Rgb(VIRIDIS[below]), Rgb(VIRIDIS[below + 1]), at - below as f32)
}

/// A colour between two.
pub fn blend(a: Rgb<u8>, b: Rgb<u8>, t: f32) -> Rgb<u8> {
    let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * t).round() as u8;
    Rgb([mix(a.0[0], b.0[0]), mix(a.0[1], b.0[1]), mix(a.0[2], b.0[2])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_between() {
        assert_eq!(viridis(0.0).0, [0x44, 0x01, 0x54]);
        assert_eq!(viridis(-3.0), viridis(0.0));
        assert_eq!(viridis(0.5).0, [0x21, 0x91, 0x8c]);
        assert_eq!(viridis(1.0).0, [0xfd, 0xe7, 0x25]);
        assert_eq!(viridis(f32::INFINITY), viridis(1.0));
        assert_eq!(viridis(f32::NAN).0, [0xff, 0, 0]);
        // Half way between the first two.
        assert_eq!(viridis(1.0 / 16.0).0, [0x46, 0x17, 0x68]);
    }
}
