//! The metadata text (TSDL, CTF 1.8) of a trace: what its packets, records and fields look like.
//!
//! ```text
//!   preamble(&Trace)                            event(&EventClass), for each
//!   ----------------------------------------    -----------------------------------
//!   /* CTF 1.8 */                               event {
//!   typealias ...   the integers, byte-aligned      name = "provider:name";
//!   trace { ... }   byte order, packet header       id = 3;  stream_id = 0;
//!   env { ... }     who was traced                  loglevel = 6;
//!   clock { ... }   what timestamps mean            fields := struct { ... };
//!   stream { ... }  packet context, event header };
//! ```
//!
//! Both are pure functions from a description to text, which [`json`] has for CTF 2 too; a file for it is
//! [`MetadataWriter`](crate::write::metadata_file::MetadataWriter). Invariants:
//!
//! - The text is ASCII, whatever the names contain (some readers decode nothing else).
//! - Every byte order is the machine's own, and the text says which.
//! - Everything is byte-aligned: a record is its fields' bytes, one behind the other.
//! - Each event class, and the preamble, has its checksum behind it, in a comment (`metadata/checksum.rs`).
//! - Names of users' fields get CTF's leading `_`, so that none can be a keyword. Characters that no identifier may
//!   have become `_`. A name that is then no longer unique gets a number.
//!
//! # What a record's bytes must look like
//!
//! The event header (see [`event_header`](crate::write::event_header)), then each field of the class in
//! order:
//!
//! | field type | bytes |
//! | --- | --- |
//! | [`Integer`](FieldType::Integer), [`Enumeration`](FieldType::Enumeration) | the value, in native byte order or the network's |
//! | [`Float`](FieldType::Float) | the value in native byte order |
//! | [`String`](FieldType::String) | text, ended by a NUL |
//! | [`Array`](FieldType::Array) | the elements; **for `len: 0` a u32 0**, as if it were an empty sequence |
//! | [`Sequence`](FieldType::Sequence) | a u32 count, then the elements |
//! | [`Struct`](FieldType::Struct) | its members, one behind the other |
//! | [`Variant`](FieldType::Variant) | the tag, then the choice that has it in its range |
//!
//! An array of no elements is described as a sequence, because some readers refuse a length of 0. An element of an
//! array or a sequence takes at least one byte: structures without members are only for choices of variants.

pub(crate) mod checksum;
mod declaration;
mod event;
mod field_types;
mod integer;
pub mod json;
mod names;
mod preamble;
mod types;

pub use crate::schema::{Encoding, EnvValue};
pub(crate) use declaration::VALUE;
pub use event::event;
pub use field_types::{Base, ByteOrder, Choice, Field, FieldType, Float, Integer, Label, Width};
pub use preamble::preamble;
pub(crate) use preamble::{CONTEXT_FIELDS, HEADER_FIELDS};
pub use types::{Clock, EventClass, StreamClass, Trace};
