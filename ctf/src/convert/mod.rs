//! Says in CTF 2 what a trace's metadata say in CTF 1.8. The stream files stay as they are, byte for byte.
//!
//! ```text
//!   metadata (TSDL) --tsdl--> Metadata --to_ctf2--> metadata (JSON)
//! ```
//!
//! - A path that means the nearest field of a name becomes the exact location of that field.
//! - An option that a label chooses is chosen by the label's numbers.
//! - An array of bytes that are text becomes a string, and the packet header's UUID a BLOB.
//! - A field loses the underscore that CTF 1.8 puts before its name, unless another field has that name.
//! - A character (a number of 32 bits) keeps its meaning in an attribute, `{"ust": {"show-as": "character"}}`.
//! - The checksums behind TSDL's blocks have no counterpart.
//!
//! What CTF 2 cannot say is refused: a part that is no structure, a length with a sign, a tag that is no enumeration.
//!
//! ```
//! # let dir = tempfile::tempdir()?;
//! # let text = "/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le;
//! #     packet.header := struct { integer { size = 32; } magic; }; };
//! #     event { name = \"shop:order\"; fields := struct { integer { size = 32; } _items; }; };";
//! # std::fs::write(dir.path().join("metadata"), text)?;
//! # std::fs::write(dir.path().join("stream"), [&0xC1FC_1FC1_u32.to_le_bytes()[..], &[7, 0, 0, 0]].concat())?;
//! let trace = dir.path();
//! let metadata = std::fs::read(trace.join("metadata"))?;
//! let ctf2 = ctf::convert::to_ctf2(&ctf::tsdl::parse(&metadata)?)?;
//! std::fs::write(trace.join("metadata"), ctf2)?;
//!
//! let event = ctf::read::Reader::open(trace)?.next().unwrap()?;
//! assert_eq!(event.fields.unwrap().get("items").and_then(|items| items.as_u64()), Some(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agreement;
mod class;
mod error;
mod fragments;
mod numbers;
mod scopes;

pub use error::Unsayable;

use crate::json;
use crate::schema::Metadata;
use class::Writer;
pub(crate) use fragments::Properties;
use fragments::{clock_class, event_class, sequenced, stream_class, trace_class};

/// CTF 2 metadata for the same stream files: a sequence of JSON texts.
///
/// # Errors
/// What CTF 2 cannot say.
pub fn to_ctf2(metadata: &Metadata) -> Result<String, Unsayable> {
    let text = preamble(metadata, Vec::new())? + &events(metadata)?;
    // JSON nests more deeply than TSDL for the same types, and readers have bounds.
    match json::parse(text.as_bytes()) {
        Ok(_) => Ok(text),
        Err(error) => Err(Unsayable { place: "metadata".to_owned(), reason: error.to_string() }),
    }
}

/// Everything but the event classes; `clock` is what else is known of the first clock.
pub(crate) fn preamble(metadata: &Metadata, clock: Properties) -> Result<String, Unsayable> {
    let mut writer = Writer::new(metadata.names);
    let mut text = sequenced(&fragments::preamble(metadata.uuid));
    let header = metadata.packet_header.as_ref();
    text += &sequenced(&trace_class(&mut writer, header, &metadata.env)?);
    let mut named = Some(clock);
    for (place, clock) in metadata.clocks.iter().enumerate() {
        text += &sequenced(&clock_class(place, clock, named.take().unwrap_or_default()));
    }
    for (id, stream) in &metadata.streams {
        text += &sequenced(&stream_class(&mut writer, *id, stream, &metadata.clocks)?);
    }
    Ok(text)
}

/// The event classes of all streams.
pub(crate) fn events(metadata: &Metadata) -> Result<String, Unsayable> {
    let mut text = String::new();
    let mut writer = Writer::new(metadata.names);
    // Lengths and tags of events may be in what all of them have.
    trace_class(&mut writer, metadata.packet_header.as_ref(), &[])?;
    for (id, stream) in &metadata.streams {
        stream_class(&mut writer, *id, stream, &metadata.clocks)?;
        for event in stream.events.values() {
            text += &sequenced(&event_class(&mut writer, *id, event)?);
        }
    }
    Ok(text)
}
