//! Programs that use `arch!`: those that must run, and those that must not compile with exactly what the compiler shows.
//!
//! `TRYBUILD=overwrite cargo test -p neckar-tests-ui` writes what it shows now; read the difference before keeping it.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
}
