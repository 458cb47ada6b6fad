//! The bytes of a program, as generated modules embed them.
//!
//! A magic word, the format's number and a checksum stand before the body, little-endian; the body is postcard.

use std::{error, fmt};

use super::{Program, validate};

/// The number of the format. It changes with every change of [`Program`] or of what its parts mean.
pub const FORMAT: u32 = 3;

const MAGIC: [u8; 8] = *b"neckarpr";

/// Magic word, format, checksum.
const HEAD: usize = 8 + 4 + 8;

impl Program {
    /// The program as bytes that [`Program::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = postcard::to_stdvec(self)
            .expect("writing to a vector fails only for lists of unknown length, and it has none");
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend(MAGIC);
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(checksum(&body).to_le_bytes());
        bytes.extend(body);
        bytes
    }

    /// Reads a program and [validates](validate) it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Program, DecodeError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(DecodeError::NoProgram)?;
        let (format, rest) = rest.split_first_chunk().ok_or(DecodeError::NoProgram)?;
        let format = u32::from_le_bytes(*format);
        if format != FORMAT {
            return Err(DecodeError::Format { found: format });
        }
        let (sum, body) = rest.split_first_chunk().ok_or(DecodeError::Damaged)?;
        if u64::from_le_bytes(*sum) != checksum(body) {
            return Err(DecodeError::Damaged);
        }
        let (program, left) =
            postcard::take_from_bytes(body).map_err(|error| DecodeError::Invalid(error.to_string()))?;
        if !left.is_empty() {
            return Err(DecodeError::Invalid(format!("{} bytes are left over", left.len())));
        }
        validate(&program).map_err(DecodeError::Invalid)?;
        Ok(program)
    }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo; draft-eastlake-fnv, section 5).
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Why bytes are no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// They do not begin like one.
    NoProgram,
    /// They are of another format.
    Format {
        /// The format's number.
        found: u32,
    },
    /// They are cut off or changed.
    Damaged,
    /// They hold no valid program, though they are as they were written.
    Invalid(String),
}

impl error::Error for DecodeError {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NoProgram => f.write_str(
                "found bytes that are no neckar program, expected what `arch!` embeds; rebuild the crate that holds them",
            ),
            DecodeError::Format { found } => write!(
                f,
                "found a program of format {found}, expected format {FORMAT}: macro and runtime differ; rebuild with \
                 the same version of both"
            ),
            DecodeError::Damaged => f.write_str(
                "found a program that is cut off or changed (its checksum differs); rebuild the crate that holds it",
            ),
            DecodeError::Invalid(reason) => write!(
                f,
                "found a program that is not valid ({reason}): macro and runtime differ; rebuild with the same \
                 version of both"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::validate::sample::program;
    use super::*;

    #[test]
    fn a_program_comes_back() {
        assert_eq!(Program::from_bytes(&program().to_bytes()), Ok(program()));
    }

    #[test]
    fn any_changed_byte_is_an_error() {
        let bytes = program().to_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let error = Program::from_bytes(&changed).expect_err("a bit was flipped");
                assert!(error.to_string().contains("rebuild"), "{error}");
            }
            assert!(Program::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_body_that_does_not_decode_is_an_error() {
        let bytes = program().to_bytes();
        let sealed = |body: &[u8]| [&MAGIC, &FORMAT.to_le_bytes()[..], &checksum(body).to_le_bytes(), body].concat();
        let body = &bytes[HEAD..];
        assert_eq!(sealed(body), bytes);
        for cut in 0..body.len() {
            let error = Program::from_bytes(&sealed(&body[..cut]));
            assert!(matches!(error, Err(DecodeError::Invalid(_))), "cut at {cut}");
        }
        let longer = [body, &[0]].concat();
        assert_eq!(Program::from_bytes(&sealed(&longer)), Err(DecodeError::Invalid("1 bytes are left over".into())));
        // Whatever comes of it, it must come without a panic.
        for at in 0..body.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = body.to_vec();
                changed[at] = value;
                let _ = Program::from_bytes(&sealed(&changed)).map(|program| program.to_string());
            }
        }
    }

    #[test]
    fn another_format_is_named() {
        let mut bytes = program().to_bytes();
        bytes[8..12].copy_from_slice(&77u32.to_le_bytes());
        assert_eq!(Program::from_bytes(&bytes), Err(DecodeError::Format { found: 77 }));
    }

    #[test]
    fn checksums_are_those_of_the_draft() {
        // draft-eastlake-fnv, appendix C.
        assert_eq!(checksum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(checksum(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(checksum(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
