//! Writes integer types, for preamble and event classes alike.

use super::field_types::{ByteOrder, Integer};
use crate::schema::Encoding;

/// The type of an integer, written out: an alias would have to be declared before its byte order is
/// known.
pub(super) fn integer(ty: Integer) -> String {
    let Integer { width, signed, base, byte_order, encoding } = ty;
    let byte_order = match byte_order {
        ByteOrder::Native => "",
        ByteOrder::Network => " byte_order = be;",
    };
    let encoding = match encoding {
        Encoding::None => String::new(),
        encoding => format!(" encoding = {};", encoding.name()),
    };
    format!(
        "integer {{ size = {}; align = 8; signed = {signed}; base = {};{byte_order}{encoding} }}",
        width as u8, base as u8
    )
}
