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
pub(crate) mod fragments;
pub(crate) mod location;
pub(crate) mod node;
pub(crate) mod numbers;
mod place;

pub use error::JsonError;

use crate::schema::Metadata;
use crate::tsdl::packetised;
use fragments::Fragments;
use node::Node;
use place::{Place, Wrong};

/// The record separator in front of each fragment.
pub(crate) const SEPARATOR: u8 = 0x1E;

const NO_SEPARATOR: &str = "a fragment begins with a separator, the byte 0x1E";

/// Whether a metadata file is of CTF 2, rather than of CTF 1.8. Either may be in packets.
pub fn is_sequence(file: &[u8]) -> bool {
    let text = file.get(packetised::text_at(file).unwrap_or(0)..).unwrap_or_default();
    text.trim_ascii_start().first() == Some(&SEPARATOR)
}

/// Reads a metadata file, in either of its two forms.
///
/// # Errors
/// The first place that is wrong.
pub fn parse(file: &[u8]) -> Result<Metadata, JsonError> {
    let whole = whole_fragments(file)?;
    match whole.damage {
        None => Ok(whole.metadata),
        Some(error) => Err(error),
    }
}

/// The fragments of a metadata file up to the first wrong one.
#[derive(Debug)]
pub(crate) struct WholeFragments {
    /// Them, whichever form the file has.
    pub(crate) text: Vec<u8>,
    pub(crate) metadata: Metadata,
    /// What is wrong with the next one.
    pub(crate) damage: Option<JsonError>,
}

/// Reads as many fragments as are right.
///
/// # Errors
/// They are not enough for a trace.
pub(crate) fn whole_fragments(file: &[u8]) -> Result<WholeFragments, JsonError> {
    let mut whole = packetised::text(file).map_err(|wrong| JsonError {
        fragment: 0,
        line: 0,
        column: 0,
        path: String::new(),
        message: wrong.message,
    })?;
    let mut fragments = Fragments::default();
    let (mut number, mut at, mut error) = (0, 0, None);
    for text in whole.split(|byte| *byte == SEPARATOR) {
        let begin = at;
        // Several separators are as good as one.
        if !text.iter().all(u8::is_ascii_whitespace) {
            number += 1;
            let added = match begin {
                0 => Err((0, Wrong { path: String::new(), message: NO_SEPARATOR.to_owned() })),
                _ => add(&mut fragments, text),
            };
            if let Err((offset, Wrong { path, message })) = added {
                let (line, column) = line_and_column(&whole, begin + offset);
                error = Some(JsonError { fragment: number, line, column, path, message });
                break;
            }
        }
        // Behind the separator that ends it.
        at += text.len() + 1;
    }
    match (fragments.finish(), error) {
        (Ok(metadata), damage) => {
            // The separator in front of what is wrong belongs to that.
            whole.truncate(at.saturating_sub(1));
            Ok(WholeFragments { text: whole, metadata, damage })
        }
        (Err(_), Some(error)) => Err(error),
        (Err(message), None) => {
            let (line, column) = line_and_column(&whole, whole.len());
            Err(JsonError { fragment: 0, line, column, path: String::new(), message })
        }
    }
}

/// Adds a fragment. An error has its place in the text, and in the fragment.
fn add(fragments: &mut Fragments, text: &[u8]) -> Result<(), (usize, Wrong)> {
    let node: Node = serde_json::from_slice(text).map_err(|wrong| {
        let place = format!(" at line {} column {}", wrong.line(), wrong.column());
        let message = wrong.to_string();
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        (offset(text, wrong.line(), wrong.column()), Wrong { path: String::new(), message })
    })?;
    fragments.add(&Place::fragment(&node)).map_err(|wrong| (0, wrong))
}

/// The line and the column of a place, in bytes, both from 1.
fn line_and_column(text: &[u8], at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

/// The place that a line and a column are, as serde_json counts them.
fn offset(text: &[u8], line: usize, column: usize) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    before + column.saturating_sub(1)
}
