//! The thin binary: parse, dispatch, exit code.

fn main() {}
