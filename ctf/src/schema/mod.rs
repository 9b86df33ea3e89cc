//! What a trace's metadata declare, whatever language they are written in.
//!
//! ```text
//!   metadata text --tsdl--> Metadata { clock, streams }
//!                              '- StreamType { packet context, event header, events }
//!                                    '- EventType { name, fields }
//!                                          '- Type: integer, enumeration, text, structure, ...
//! ```
//!
//! A reader looks at nothing else: it does not know which language the metadata were in.

mod declared;
mod labels;
mod types;

pub use declared::{ClockType, EnvValue, EventType, Metadata, StreamType};
pub use labels::{Label, Labels};
pub use types::{
    ByteOrder, Encoding, EnumType, Fields, FloatType, IntegerType, Options, Path, Scope,
    StructType, Type, VariantType,
};
