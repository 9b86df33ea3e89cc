//! How an integer is written, in preamble and event classes alike.

use super::types::Integer;

/// The type of an integer, written out: an alias would have to be declared before its byte order is
/// known.
pub(super) fn integer(ty: Integer) -> String {
    let Integer { width, signed, base } = ty;
    format!(
        "integer {{ size = {}; align = 8; signed = {signed}; base = {}; }}",
        width as u8, base as u8
    )
}
