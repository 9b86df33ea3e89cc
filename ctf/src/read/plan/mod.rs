//! A class's types, compiled into a flat list of reads.
//!
//! ```text
//!   struct { u32 a; string b; u16 n; u8 c[n]; }          the type tree, walked by name for each record (decode)
//!
//!   Open, Bytes 32, String, Bytes 16 -> slot 0, Repeat slot 0 { Bytes 8 }, Close        the plan: names are gone
//! ```
//!
//! What is known of the class is done once: names are looked up, offsets added, texts put together. A [`Format`] says
//! what each read carries along (its [`Node`](Format::Node)), and a [`Visitor`] takes the values with it. So printing,
//! counting and converting share one reader of bytes.
//!
//! Invariants:
//!
//! - A plan reads a record as the [general decoder](super::decode) does, or there is no plan: a length from another part
//!   of the packet, for example, is left to that one. A test reads every trace both ways.
//! - A plan stays within the bytes that it is given, and ends: elements without bits are counted against a limit.

mod compile;
mod header;
mod ops;
mod run;
mod slots;

pub use compile::{Format, Place};
pub(super) use header::Header;
#[cfg(test)]
pub(super) use header::Said;
pub use ops::Plan;
pub(super) use run::Source;
pub use run::Visitor;
pub(super) use slots::Slots;
