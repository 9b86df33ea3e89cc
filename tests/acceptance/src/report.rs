//! A traced program's own report of what it did, as JSON in the file that the test names.
//!
//! It is written by one `write` at the end, so that it is there whole or not at all.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// The environment variable that names the file.
pub const VARIABLE: &str = "ACCEPTANCE_REPORT";

/// In the traced program: writes the report, if the file is named.
pub fn write(account: &impl Serialize) {
    if let Some(path) = std::env::var_os(VARIABLE) {
        let json = serde_json::to_vec(account).expect("accounts are plain data");
        std::fs::write(path, json).expect("the account can be written");
    }
}

/// In the test: reads it.
#[track_caller]
pub fn read<T: DeserializeOwned>(path: &Path) -> T {
    let json = std::fs::read(path).unwrap_or_else(|error| {
        panic!("the traced program left no account at {}: {error}", path.display())
    });
    serde_json::from_slice(&json).expect("the account is what the program writes")
}
