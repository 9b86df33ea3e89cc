//! What the recorder asked of the shim, by the environment.

use std::sync::OnceLock;
use ust_core::shim::{OPTIONS_VARIABLE, Options};

static OPTIONS: OnceLock<Options> = OnceLock::new();

/// Reads the options. Before `main`, for the program may change its environment.
pub fn read() -> Options {
    let options = std::env::var(OPTIONS_VARIABLE).map(|value| Options::parse(&value));
    *OPTIONS.get_or_init(|| options.unwrap_or_default())
}

/// The options. Async-signal-safe.
pub fn options() -> Options {
    OPTIONS.get().copied().unwrap_or_default()
}
