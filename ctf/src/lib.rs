//! The Common Trace Format (1.8, and 2 with its metadata in JSON) as a library of its own: writes and reads it.
//!
//! ```text
//!   in a directory            written by                        read by
//!   metadata                  write::metadata, metadata_file    tsdl, json --> schema --.
//!   NAME                      write::stream_file, packet        read -------------------+--> events --> text
//!   index/NAME.idx            stream_file                       (others)
//! ```
//!
//! A **page** here is the kernel's, 4 KiB; a **packet** is what a stream file consists of; a
//! **record** is an event in a packet.
//!
//! # Writing
//!
//! - [`write::metadata`]: describe a trace and its event classes, get the text.
//! - [`write::metadata_file::MetadataWriter`]: the file for it.
//! - [`write::stream_file::StreamWriter`]: records in, packets out. **At any moment, also after `kill -9`,
//!   a reader finds whole packets.**
//! - [`write::event_header`]: the header that each record starts with.
//! - [`write::payload_layout`]: checks whether the bytes behind it fit the class, if another process has written them.
//!
//! ```
//! use ctf::write::metadata::{self, Clock, EventClass, Field, FieldType, Integer, StreamClass, Trace};
//! use ctf::write::{event_header, metadata_file::MetadataWriter, packet::StreamIdentity, stream_file::StreamWriter};
//!
//! let dir = tempfile::tempdir()?;
//! let uuid = *b"an example trace";
//! let clock = Clock {
//!     name: "monotonic".into(),
//!     uuid: None,
//!     description: "nanoseconds".into(),
//!     freq_hz: 1_000_000_000,
//!     offset_s: 1_700_000_000,
//!     offset_cycles: 0,
//! };
//! let streams = vec![StreamClass { id: 0, extra: vec![("vtid".into(), Integer::I32)], context: vec![] }];
//! let trace = Trace { uuid, env: vec![], clock, streams };
//! let opened = EventClass {
//!     id: 0,
//!     stream_id: 0,
//!     name: "file:opened".into(),
//!     loglevel: 6, source: String::new(),
//!     fields: vec![Field { name: "bytes".into(), ty: FieldType::Integer(Integer::U32) }],
//! };
//!
//! // Metadata first: readers refuse events that they do not know.
//! let mut metadata = MetadataWriter::create(dir.path(), &metadata::preamble(&trace))?;
//! metadata.append(&metadata::event(&opened))?;
//!
//! let extra = 4242_i32.to_ne_bytes().to_vec();
//! let identity = StreamIdentity { uuid, stream_id: 0, stream_instance_id: 0, extra };
//! let mut stream = StreamWriter::create(dir.path(), "stream-0", identity)?;
//! let (clock, end_position) = (1_000, 8);
//! let mut record = stream.reserve(8)?;
//! record[..4].copy_from_slice(&event_header::compact(0, clock).unwrap());
//! record[4..].copy_from_slice(&1204_u32.to_ne_bytes());
//! record.commit(clock, end_position);
//! stream.finish(clock)?;
//!
//! // What was written is read again:
//! let mut printer = ctf::text::Printer::utc();
//! for event in ctf::read::Reader::open(dir.path())? {
//!     let line = printer.line(&event?);
//!     assert_eq!(line, "[22:13:20.000001000] (+?.?????????) file:opened: { vtid = 4242 }, { bytes = 1204 }");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reading
//!
//! - [`read::Reader`]: all events of all traces in a directory, ordered by time, from any writer.
//! - [`text::Printer`]: an event as a line, as babeltrace2 prints it.
//! - [`printable`]: untrusted text, made harmless for a terminal.
//! - [`tsdl`], [`json`]: the metadata alone, as a [`schema`].
//! - [`convert`]: a trace's metadata in CTF 2, for the same stream files.
//! - [`join`]: joins many traces into one stream.
//! - [`recover`]: writes the undamaged part of a trace as a trace.
//!
//! What babeltrace2 reads of CTF 1.8 is read, and what it refuses is refused, but for this:
//!
//! - Tags may be paths (`variant <stream.packet.context.kind>`), and a path without a part is looked for in earlier parts too, as
//!   the text of CTF says.
//! - Clocks of one trace may have different origins, and one's `offset` may be below zero.
//! - Of a clock's value with few bits it cannot be seen how often it has gone round since the event before: it is read as if less
//!   than once.
//! - Packets with one number, but different bytes, are both read.
//! - A trace that states no version is read.
//!
//! Any bytes may be read: each error is reported with its place, and the rest is read. [`write::stream_file`] writes a
//! checksum into each packet, and [`write::metadata`] writes one behind each declaration. A part that was damaged after it had
//! been written is not read.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod convert;
pub mod dir;
pub mod join;
pub mod json;
mod keywords;
pub mod printable;
pub mod read;
pub mod recover;
pub mod schema;
pub mod text;
pub mod tsdl;
pub mod write;
