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
mod numbers;
mod path;
mod ranges;
mod roles;
mod timeline;
mod types;

pub use declared::{ClockType, EnvValue, EventType, Metadata, Names, StreamType};
pub use encoded::{BitsType, BlobType, Length, Meaning, TextEncoding, TextType};
pub use labels::{Label, Labels};
pub use numbers::{ByteOrder, Encoding, FloatType, IntegerType};
pub use path::{Path, Scope};
pub use ranges::Ranges;
pub use roles::{Role, Roles};
pub(crate) use timeline::Timeline;
pub use types::{EnumType, Fields, OptionalType, Options, StructType, Type, VariantType};
