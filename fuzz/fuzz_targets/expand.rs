#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| neckar_fuzz::expanded(text));
