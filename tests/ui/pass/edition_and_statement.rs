//! In a function, several on a line, through a macro of the user's, and with a trailing comma.

macro_rules! spec {
    ($path:literal, $name:ident) => {
        neckar::arch!($path as $name, c = 16,);
    };
}

spec!("necks/two_levels.arch", wide);

fn main() {
    neckar::arch!("necks/several.arch"::First as one); neckar::arch!("necks/several.arch"::Second as two);
    assert_eq!((one::PARAMS, two::PARAMS), (0, 0));
    // Laterals of 32 and 16 channels, without bias, and their norms.
    assert_eq!(wide::PARAMS, 16 * (32 + 16) + 2 * 2 * 16);
    assert_eq!(wide::INPUTS[1].to_string(), "C4: [B, 32, H/2, W/2]");
    assert_eq!(wide::LEGAL, "H mod 2 in {0}; W mod 2 in {0}");
}
