//! Event classes made while the program runs, for libraries that bring other programs' events: C, `tracing`, LTTng's
//! providers.
//!
//! ```text
//!   Description (owned) --register--> DynamicEvent --record(bytes)--> the hot path of any tracepoint
//!                                          |  ^
//!                                          |  '-- observer: on, off
//!                                          drop: taken back
//!
//!   Declaration (with a switch) --register--> Registration             record(switch, payload) --> as above
//! ```
//!
//! A [`DynamicEvent`] owns its switch. A [`Registration`] is of many events at once whose switches lie where the caller has
//! them, as those of C's tracepoints do.
//!
//! The caller encodes the payload: the fields of the description as they lie in a record. [`FieldType`] has the table
//! of types and their bytes. Types nest, within the [bounds](ust_core::wire::bounds) of a class.
//!
//! ```
//! use ust::Level;
//! use ust::dynamic::{Base, Description, DynamicEvent, FieldType, Integer};
//!
//! let flags = FieldType::Integer(Integer::unsigned(16).in_network_order().shown_in(Base::Hexadecimal));
//! let state = FieldType::enumeration(Integer::unsigned(8), &[("idle", 0), ("busy", 1)]);
//! let socket = FieldType::structure([("flags", flags), ("state", state)]);
//! let event = DynamicEvent::register(
//!     &Description {
//!         provider: "net".to_owned(),
//!         name: "sockets".to_owned(),
//!         level: Level::Info,
//!         file: String::new(),
//!         line: 0,
//!         fields: vec![("sockets".to_owned(), FieldType::sequence(socket))],
//!     },
//!     None,
//! );
//! // Two of them: a count, then flags and state of each.
//! let payload = [&2_u32.to_ne_bytes()[..], &[0x00, 0x12, 1], &[0x00, 0x02, 0]].concat();
//! // SAFETY: the payload is as it was described.
//! unsafe { event.record(&payload) };
//! ```

mod description;
mod event;
mod recording;
mod registration;

pub use crate::callsite::Switch;
pub use crate::executable::holds as lies_in_executable;
pub use description::{Description, Observer};
pub use event::DynamicEvent;
pub use recording::record;
pub use registration::{Declaration, Registration};
pub use ust_core::wire::bounds::{self, Beyond};
pub use ust_core::wire::{
    Base, ByteOrder, Choice, Encoding, FieldType, Integer, Label, Member, Part,
};
