//! What the recorder asked of the shim, by the environment.
#![allow(unsafe_code)]

use crate::environment;
use std::sync::OnceLock;
use ust_core::shim::{OPTIONS_VARIABLE, Options};

static OPTIONS: OnceLock<Options> = OnceLock::new();

/// The options. Async-signal-safe.
pub fn options() -> Options {
    OPTIONS.get().copied().unwrap_or_default()
}

#[used]
// SAFETY: a constructor, which the loader calls once.
#[unsafe(link_section = ".init_array")]
static READ: extern "C" fn() = read;

/// Before `main`, and before the program may change its environment.
extern "C" fn read() {
    // Reads the environment too.
    ust::__private::register_module();
    let options = std::env::var(OPTIONS_VARIABLE).map(|value| Options::parse(&value));
    let _ = OPTIONS.set(options.unwrap_or_default());
    environment::keep();
}
