//! What fuzzing found, `fixtures/fuzz/`: every property holds of every text that once broke one.

use std::fs;
use std::path::Path;

use crate::errors::files;

#[path = "../../fuzz/src/lib.rs"]
mod properties;

#[test]
fn what_was_found_stays_mended() {
    for path in files(Path::new("fixtures/fuzz")) {
        let text = fs::read_to_string(&path).expect("the fixtures are text");
        println!("{}", path.display());
        properties::text_to_program(&text);
        properties::formatted(&text);
        properties::expanded(&text);
    }
}
