//! Reads CTF 2 metadata: a sequence of JSON texts (RFC 7464), each of which is a fragment.
//!
//! ```text
//!   file --fragments--> Node --place--> fragment --fragments--> Metadata
//!                                           '--classes, numbers, location--> Type
//!
//!   <RS>{"type": "preamble", "version": 2}
//!   <RS>{"type": "data-stream-class", "event-record-header-field-class": {"type": "structure", ...}}
//!   <RS>{"type": "event-record-class", "name": "file:opened", "payload-field-class": {...}}
//! ```
//!
//! As the specification has it (CTF2-SPEC-2.0), with these limits, each of which is an error that says so:
//!
//! - Numbers and bit fields have up to 64 bits, and floating point numbers 32 or 64.
//! - Extensions may change what anything means, and none is known: metadata that declares one is refused.
//! - Types nest up to 64 deep, JSON up to 128.
//!
//! Attributes are passed over, but for an event's log level and source of `babeltrace.org,2020`. A property that the
//! specification does not have is refused: what it asks for would be missed.
//!
//! Whatever the bytes are, [`parse`] ends, in time and memory that grow with their number. Types that a fragment names
//! are shared, and never written out.

mod classes;
mod error;
mod fragments;
mod location;
mod node;
mod numbers;
mod place;

pub use error::JsonError;

use crate::schema::Metadata;
use crate::tsdl::packetised;
use fragments::Fragments;
use node::Node;
use place::{Place, Wrong};

/// The record separator in front of each fragment.
pub(crate) const SEPARATOR: u8 = 0x1E;

/// Whether a metadata file is of CTF 2, rather than of CTF 1.8. Either may be in packets.
pub fn is_sequence(file: &[u8]) -> bool {
    file.get(packetised::text_at(file).unwrap_or(0)) == Some(&SEPARATOR)
}

/// Reads a metadata file, in either of its two forms.
///
/// # Errors
/// The first place that is wrong.
pub fn parse(file: &[u8]) -> Result<Metadata, JsonError> {
    let whole = packetised::text(file).map_err(|wrong| JsonError {
        fragment: 0,
        line: 0,
        column: 0,
        path: String::new(),
        message: wrong.message,
    })?;
    let mut fragments = Fragments::default();
    let (mut number, mut line) = (0, 1);
    for text in whole.split(|byte| *byte == SEPARATOR) {
        let begin = line;
        line += text.iter().filter(|byte| **byte == b'\n').count();
        // Several separators are as good as one.
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        number += 1;
        let error = |line, column, path, message| JsonError {
            fragment: number,
            line,
            column,
            path,
            message,
        };
        let node: Node = serde_json::from_slice(text).map_err(|wrong| {
            let place = format!(" at line {} column {}", wrong.line(), wrong.column());
            let message = wrong.to_string();
            let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
            error(begin + wrong.line().saturating_sub(1), wrong.column(), String::new(), message)
        })?;
        fragments
            .add(&Place::fragment(&node))
            .map_err(|Wrong { path, message }| error(begin, 1, path, message))?;
    }
    fragments.finish().map_err(|message| JsonError {
        fragment: 0,
        line,
        column: 1,
        path: String::new(),
        message,
    })
}
