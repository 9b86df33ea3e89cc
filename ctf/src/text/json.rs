//! Values as JSON.
//!
//! Text that is not UTF-8 is shown with U+FFFD in place of what is none. Characters that control a terminal are escaped,
//! so a line may be printed wherever it comes from. Numbers that JSON has no word for are text: `"nan"`, `"inf"`.

use std::io::Write;

use super::numbers::decimal;
use super::out::Out;
use super::plain::is_plain;
use crate::printable::is_order;
use crate::schema::Scope;

/// Under which name a part of a record is shown.
pub(super) fn key_of(scope: Scope) -> &'static str {
    match scope {
        Scope::PacketHeader => "packet_header",
        Scope::PacketContext => "packet",
        Scope::EventHeader => "header",
        Scope::StreamEventContext => "stream_context",
        Scope::EventContext => "context",
        Scope::Fields => "fields",
    }
}

/// Text in quotes.
pub(super) fn string(text: &[u8]) -> String {
    let mut out = Out::default();
    write_string(text, &mut out);
    String::from_utf8_lossy(out.as_bytes()).into_owned()
}

/// The same, written.
#[inline]
pub(super) fn write_string(text: &[u8], out: &mut Out) {
    out.byte(b'"');
    if is_plain(text) {
        out.all(text);
    } else {
        escaped(text, out);
    }
    out.byte(b'"');
}

#[cold]
fn escaped(text: &[u8], out: &mut Out) {
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '"' | '\\' => out.array(&[b'\\', c as u8]),
            '\n' => out.array(b"\\n"),
            '\t' => out.array(b"\\t"),
            // Each of these is one unit of UTF-16. Writing to memory cannot fail.
            _ if is_order(c) => drop(write!(out, "\\u{:04x}", u32::from(c))),
            _ => out.all(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// A character as text; its number if Unicode has no such character.
pub(super) fn character(number: u32, out: &mut Out) {
    match char::from_u32(number) {
        Some(c) => write_string(c.encode_utf8(&mut [0; 4]).as_bytes(), out),
        None => decimal(number.into(), out),
    }
}

/// A number with as many digits as distinguish it from others.
pub(super) fn float(value: f64, out: &mut Out) {
    let _ = match value {
        _ if value.is_nan() => out.write(b"\"nan\""),
        f64::INFINITY => out.write(b"\"inf\""),
        f64::NEG_INFINITY => out.write(b"\"-inf\""),
        // This has a point or an exponent, so that it stays a floating point number.
        _ => return drop(write!(out, "{value:?}")),
    };
}

/// Bytes as text, two digits each.
pub(super) fn blob(bytes: &[u8], out: &mut Out) {
    out.byte(b'"');
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out.byte(b'"');
}
