//! How values are shown that readers print in ways of their own.

use std::fmt::Write as _;

/// A field's value in the form of the lines that are compared.
pub fn text(value: &str) -> String {
    let hex = value.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    format!("'{hex}'")
}

/// A float in the form of the lines that are compared.
pub fn float(value: f64) -> String {
    format!("f{:016x}", value.to_bits())
}
