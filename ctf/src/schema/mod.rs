//! What a trace's metadata declare, whatever language they are written in.
//!
//! ```text
//!   metadata text --tsdl, json--> Metadata { clocks, streams }
//!                                    '- StreamType { clock, packet context, event header, events }
//!                                          '- EventType { name, fields }
//!                                                '- Type: integer, enumeration, text, structure, ...
//! ```
//!
//! A reader looks at nothing else: it does not know which language the metadata were in.

mod declared;
mod encoded;
mod labels;
mod ranges;
mod roles;
mod timeline;
mod types;

pub use declared::{ClockType, EnvValue, EventType, Metadata, Names, StreamType};
pub use encoded::{BitsType, BlobType, Length, Meaning, OptionalType, TextEncoding, TextType};
pub use labels::{Label, Labels};
pub use ranges::Ranges;
pub use roles::{Role, Roles};
pub(crate) use timeline::Timeline;
pub use types::{
    ByteOrder, Encoding, EnumType, Fields, FloatType, IntegerType, Options, Path, Scope,
    StructType, Type, VariantType,
};
