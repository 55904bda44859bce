//! Tells the linker what this machine's loader understands.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_default();
    let at_home = env::var("HOST").is_ok_and(|host| host == target);
    // Packed, the 120,000 relative relocations of the program take some kilobytes instead of three megabytes, all of which
    // the loader reads at each start. Loaders know them since glibc 2.36.
    if at_home && target.ends_with("-linux-gnu") && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the machine's C library; `None`: it is another library, or it does not say.
fn glibc() -> Option<(u32, u32)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script is no part of the program and has no door of its own"
    )]
    let answer = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let (major, minor) = std::str::from_utf8(&answer.stdout).ok()?.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
