//! What the linker is told.

use std::env;
use std::ffi::CStr;

/// The first glibc whose loader reads packed relocations.
const PACKED: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The linker makes symbols that say where linkme's sections begin and end. They are this object's own affair.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,start-stop-visibility=hidden");
    // The shim has some 8,500 relocations, which every program under it reads when it starts: 2 KiB if packed, otherwise 200.
    // A loader that is too old for them refuses the shim, and says why. So they are packed where the shim is built for the
    // system that it is built on.
    if env::var("HOST") == env::var("TARGET") && glibc().is_some_and(|version| version >= PACKED) {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this system's glibc.
#[cfg(target_env = "gnu")]
fn glibc() -> Option<(u32, u32)> {
    unsafe extern "C" {
        safe fn gnu_get_libc_version() -> *const core::ffi::c_char;
    }
    // SAFETY: it returns a text that stays.
    let version = unsafe { CStr::from_ptr(gnu_get_libc_version()) };
    let (major, minor) = version.to_str().ok()?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

#[cfg(not(target_env = "gnu"))]
fn glibc() -> Option<(u32, u32)> {
    None
}
