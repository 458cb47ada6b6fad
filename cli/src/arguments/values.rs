//! How the values of options are read.

use neckar::Device;

/// `NAME=VALUE`.
pub fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// `H=640`.
pub fn size(text: &str) -> Result<(String, i64), String> {
    let (name, value) = setting(text).map_err(|_| "expected SIZE=N, such as H=640".to_owned())?;
    match value.parse() {
        Ok(value) if value > 0 => Ok((name, value)),
        _ => Err(format!("`{value}` is not a whole number above 0")),
    }
}

/// `0.5`.
pub fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| (0.0..=3600.0).contains(seconds));
    seconds.ok_or_else(|| format!("`{text}` is not a number of seconds from 0 to 3600"))
}

/// `653_312`, `25.5M`, `4.1G`.
pub fn count(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let unit = |suffix: char| match suffix.to_ascii_lowercase() {
        'k' => Some(1e3),
        'm' => Some(1e6),
        'g' => Some(1e9),
        't' => Some(1e12),
        _ => None,
    };
    let scaled = digits.chars().next_back().and_then(unit).and_then(|unit| {
        let number: f64 = digits[..digits.len() - 1].parse().ok()?;
        (number >= 0.0 && number * unit < 1e18).then_some((number * unit).round() as u64)
    });
    let expected = || "expected a number such as 653_312, 25.5M or 4.1G".to_owned();
    digits.parse().ok().or(scaled).ok_or_else(expected)
}

/// `67_108_864`, `64M`, `1.5G`.
pub fn bytes(text: &str) -> Result<usize, String> {
    let digits = text.replace('_', "");
    let unit = |suffix: char| match suffix.to_ascii_lowercase() {
        'k' => Some(1_u64 << 10),
        'm' => Some(1 << 20),
        'g' => Some(1 << 30),
        _ => None,
    };
    let scaled = digits.chars().next_back().and_then(unit).and_then(|unit| {
        let number: f64 = digits[..digits.len() - 1].parse().ok()?;
        (0.0..(1 << 20) as f64).contains(&number).then_some((number * unit as f64) as usize)
    });
    let expected = || "expected bytes such as 67_108_864, 64M or 1.5G, where M is 2^20".to_owned();
    digits.parse().ok().or(scaled).ok_or_else(expected)
}

/// A Rust identifier.
pub fn identifier(text: &str) -> Result<String, String> {
    let parsed: syn::Result<syn::Ident> = syn::parse_str(text);
    parsed.map(|ident| ident.to_string()).map_err(|_| "expected a Rust identifier such as `lite_add`".to_owned())
}

/// `cpu`, `cuda` or `cuda:N`.
pub fn device(text: &str) -> Result<Device, String> {
    let number = match text.split_once(':') {
        None if text == "cpu" => return Ok(Device::Cpu),
        None if text == "cuda" => Some(0),
        Some(("cuda", number)) => number.parse().ok(),
        _ => None,
    };
    number.map(Device::Cuda).ok_or_else(|| "expected `cpu`, `cuda` or `cuda:N`".to_owned())
}
