#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| neckar_fuzz::text_to_program(text));
