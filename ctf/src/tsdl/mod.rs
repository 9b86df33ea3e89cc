//! Reads the metadata text: what [`metadata`](crate::write::metadata) writes, and what LTTng's tracers and
//! barectf write.
//!
//! ```text
//!   file --packetised--> text --grammar (scan)--> ast --blocks, resolve, numbers, clocks, uses, roles--> Metadata
//! ```
//!
//! Whatever the bytes are, [`parse`] ends, in time that grows with their number, and says where
//! they are wrong. Types within types are bounded, both in the text and through names.

mod ast;
mod block;
mod blocks;
mod clocks;
mod error;
mod grammar;
mod named;
mod numbers;
pub(crate) mod packetised;
mod resolve;
mod roles;
mod scan;
mod uses;

use std::borrow::Cow;

use winnow::Parser;
use winnow::error::StrContext;
use winnow::stream::{LocatingSlice, Stateful};

pub use error::TsdlError;

use crate::schema::Metadata;
use crate::write::metadata::checksum::Blocks;

/// The undamaged part of a metadata file.
#[derive(Debug)]
pub(crate) struct Whole<'t> {
    pub(crate) text: Cow<'t, [u8]>,
    /// The first damaged place, which `text` leaves out.
    pub(crate) damage: Option<TsdlError>,
}

/// Leaves out the damaged parts of a file whose blocks have checksums; any other file stays as it
/// is.
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
        // There are only blank lines before it.
        (None, None) => Ok(Whole { text: file.into(), damage: None }),
    }
}

/// Reads a metadata file, in either of its two forms.
pub fn parse(file: &[u8]) -> Result<Metadata, TsdlError> {
    let bytes = packetised::text(file)?;
    // Names are ASCII; whatever else is in texts and comments does no harm.
    let text = String::from_utf8_lossy(&bytes);
    let input = Stateful { input: LocatingSlice::new(&*text), state: 0 };
    let items = grammar::file.parse(input).map_err(|error| {
        // The outermost context says most: a type, rather than the name that it begins with.
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
