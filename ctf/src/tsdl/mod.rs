//! The metadata text, read: what [`metadata`](crate::metadata) writes, and what LTTng's tracers and
//! barectf do.
//!
//! ```text
//!   file --packetised--> text --grammar (scan)--> ast --blocks, resolve, numbers--> Metadata
//!                                                                                    '- types
//! ```
//!
//! Whatever the bytes are, [`parse`] ends, in time that grows with their number, and says where
//! they are wrong: types within types are bounded both in the text and through names.

mod ast;
mod blocks;
mod grammar;
mod numbers;
mod packetised;
mod resolve;
mod scan;
mod types;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use winnow::Parser;
use winnow::error::StrContext;
use winnow::stream::{LocatingSlice, Stateful};

pub use types::{
    ByteOrder, EnumType, Fields, FloatType, IntegerType, Path, Scope, StructType, Type, VariantType,
};

use crate::metadata::EnvValue;
use crate::metadata::checksum::Blocks;

/// All that a trace's metadata says.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// The trace's own, and the default of its numbers.
    pub byte_order: ByteOrder,
    /// Also in each packet's header.
    pub uuid: Option<[u8; 16]>,
    /// What each packet opens with.
    pub packet_header: Option<Type>,
    /// Facts about who was traced.
    pub env: Vec<(String, EnvValue)>,
    /// The clock; of several, the first.
    pub clock: ClockType,
    /// The stream classes by id.
    pub streams: BTreeMap<u64, StreamType>,
}

/// What a clock's values mean: `offset_s + (offset_cycles + value) / freq_hz` are the seconds since
/// 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockType {
    /// Cycles in a second, not 0.
    pub freq_hz: u64,
    /// Whole seconds from 1970 to the clock's zero.
    pub offset_s: i64,
    /// What is left of them, in cycles.
    pub offset_cycles: i64,
}

/// A stream class.
#[derive(Debug, Clone, Default)]
pub struct StreamType {
    /// What each packet has behind its header.
    pub packet_context: Option<Type>,
    /// What each record opens with.
    pub event_header: Option<Type>,
    /// What each record has behind its header.
    pub event_context: Option<Type>,
    /// The event classes by id.
    pub events: BTreeMap<u64, Arc<EventType>>,
}

/// An event class.
#[derive(Debug, Clone)]
pub struct EventType {
    /// By convention `provider:name`.
    pub name: String,
    /// What event headers name it by.
    pub id: u64,
    /// Severity, if the writer gives one.
    pub loglevel: Option<i64>,
    /// What records of this class alone have before their payload.
    pub context: Option<Type>,
    /// The payload.
    pub fields: Option<Type>,
}

/// Where metadata is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("metadata, line {line}, column {column}: {message}")]
pub struct TsdlError {
    /// From 1; 0 if the file is wrong before there is a text.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was expected, or cannot be.
    pub message: String,
}

/// What of a metadata file is what was written.
#[derive(Debug)]
pub(crate) struct Whole<'t> {
    pub(crate) text: Cow<'t, [u8]>,
    /// The first place that is not, and is not in `text`.
    pub(crate) damage: Option<TsdlError>,
}

/// Leaves out what is damaged of a file whose blocks have checksums; any other file is as it is.
///
/// # Errors
/// Its beginning is damaged.
pub(crate) fn whole(file: &[u8]) -> Result<Whole<'_>, TsdlError> {
    let Some(blocks) = Blocks::of(file) else {
        return Ok(Whole { text: file.into(), damage: None });
    };
    let damage = blocks.damaged.first().map(|first| {
        let line = file[..first.start].iter().filter(|byte| **byte == b'\n').count() + 1;
        let places = match blocks.damaged.len() {
            1 => String::new(),
            places => format!(", as in {} more places", places - 1),
        };
        let message = format!("damaged: this is not what its checksum says{places}");
        TsdlError { line, column: 1, message }
    });
    match (blocks.kept(file), damage) {
        (Some(text), damage) => Ok(Whole { text: text.into(), damage }),
        (None, Some(damage)) => Err(TsdlError {
            message: format!(
                "{}; it is the preamble, without which the rest means nothing",
                damage.message
            ),
            ..damage
        }),
        // Blank lines before it.
        (None, None) => Ok(Whole { text: file.into(), damage: None }),
    }
}

/// Reads a metadata file, in either of its two forms.
pub fn parse(file: &[u8]) -> Result<Metadata, TsdlError> {
    let bytes = packetised::text(file)?;
    // Names are ASCII; whatever else stands in texts and comments does no harm.
    let text = String::from_utf8_lossy(&bytes);
    let input = Stateful { input: LocatingSlice::new(&*text), state: 0 };
    let items = grammar::file.parse(input).map_err(|error| {
        // The outermost says most: a type, rather than the name that it begins with.
        let expected = error.inner().context().filter_map(|context| match context {
            StrContext::Expected(what) => Some(format!("expected {what}")),
            _ => None,
        });
        let expected = expected.last();
        wrong(
            &text,
            error.offset(),
            expected.unwrap_or_else(|| "this cannot stand here".to_owned()),
        )
    })?;
    blocks::metadata(&items).map_err(|(at, message)| wrong(&text, at, message))
}

fn wrong(text: &str, at: usize, message: String) -> TsdlError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    TsdlError { line, column, message }
}
