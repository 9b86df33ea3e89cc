//! The bytes of a value in an event record: CTF's layout, and nothing else.
//!
//! ```text
//!  file_indexed("a.rs", 512)
//!
//!  record header         payload: the fields of the tuple, one after the other
//!  +-------+-----------+ +-----------------------+-------------------------+
//!  | id: 5 | clock: 27 | | 'a' '.' 'r' 's' 0     | 00 02 00 00 00 00 00 00 |
//!  +-------+-----------+ +-----------------------+-------------------------+
//!  record_header.rs      text.rs, sequence.rs    scalar.rs        payload.rs
//! ```
//!
//! What holds for every byte here:
//!
//! - **Native byte order, alignment 1.** There is no padding, so a payload's size does not depend on where it starts.
//!   The metadata states the byte order. (Events that are described at run time may have numbers in network order.)
//! - **Measured, then written.** A payload's [`size_bytes`](Payload::size_bytes) is known before space is reserved, and
//!   [`encode`](Payload::encode) writes exactly that many bytes. If every field has a fixed size, so has the payload:
//!   the ring then reserves a constant, and the encoding compiles to straight stores.
//! - **Described by the type alone.** The metadata is written from the constant [`Field::TYPE`]; a record does not
//!   describe itself. [`FieldType`] lists the types.
//! - **Pure.** Values in, bytes out: no I/O, no allocation, no state, and no value causes a panic.

mod address;
pub mod bounds;
mod copy;
mod encoded;
mod field;
mod field_type;
mod form;
mod formatted;
mod integer;
mod net;
mod number;
mod option;
mod part;
mod payload;
mod pointer;
mod record_header;
mod scalar;
mod sequence;
mod structure;
#[cfg(test)]
mod tests;
mod text;
mod text_of_system;
mod time;

pub use encoded::Encoded;
pub use field::{Field, sum_of_sizes};
pub use field_type::{Choice, FieldType, Label, Member};
pub use form::Shown;
pub use formatted::{Formatted, MAX_FORMATTED_BYTES};
pub use integer::{Base, ByteOrder, Encoding, Integer};
pub use part::Part;
pub use payload::{Both, Described, Payload, Visitor};
pub use record_header::{
    COMPACT_BYTES, COMPACT_CLOCK_BITS, EXTENDED_BYTES, MAX_COMPACT_ID, compact_fits, write_compact,
    write_extended,
};
pub use text::Text;
