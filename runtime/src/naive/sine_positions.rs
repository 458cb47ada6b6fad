//! sin(y·ωᵢ), cos(y·ωᵢ), sin(x·ωᵢ), cos(x·ωᵢ) with ωᵢ = temperature^(−i/D), in quarters of D channels.

use super::map::Map;
use crate::Error;

pub(super) fn run(temperature: f32, shape: &[usize]) -> Result<Map, Error> {
    let quarter = shape[1] / 4;
    Map::from_fn(shape, |_, c, y, x| {
        let rate = f64::from(temperature).powf(-((c % quarter) as f64) / quarter as f64);
        let place = if c < 2 * quarter { y } else { x } as f64;
        if (c / quarter).is_multiple_of(2) { (place * rate).sin() } else { (place * rate).cos() }
    })
}
