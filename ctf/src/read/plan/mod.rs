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
mod run;

pub use compile::{Format, Place};
pub(super) use header::Header;
#[cfg(test)]
pub(super) use header::Said;
pub use run::Visitor;
pub(super) use run::{Slots, Source};

use std::sync::Arc;

use crate::schema::{ByteOrder, EnumType, Options};

/// How the records of one class are read.
#[derive(Debug)]
pub struct Plan<N> {
    ops: Vec<Op<N>>,
}

/// Numbers that a plan keeps for later lengths and tags.
pub(super) const SLOTS: usize = 16;

/// Which of them a number goes to, if any.
type Slot = Option<u8>;

/// One read. A position is in bits.
#[derive(Debug)]
enum Op<N> {
    /// Goes on to a multiple of this.
    Align(u32),
    /// Passes over this much.
    Skip(u32),
    /// A number that begins at a byte.
    Bytes { bits: u8, signed: bool, swapped: bool, slot: Slot, node: N },
    /// A number that begins anywhere.
    Bits { bits: u8, signed: bool, order: ByteOrder, slot: Slot, node: N },
    /// IEEE 754, 32 or 64 bits, that begins at a byte.
    Float { bits: u8, swapped: bool, node: N },
    /// Text up to a NUL.
    String { node: N },
    /// An array of bytes that are text.
    Text { len: Len, node: N },
    /// A structure begins.
    Open { node: N },
    /// A structure, an array or a variant ends.
    Close { node: N },
    /// An array: the next `body` reads for each element, then `Close`.
    Repeat { len: Len, body: u32, node: N },
    /// A variant: one of several groups of reads, then `Close`.
    Choose { slot: u8, choice: Box<Choice>, node: N },
}

/// How many elements an array has.
#[derive(Debug, Clone, Copy)]
enum Len {
    Fixed(u64),
    Slot(u8),
}

/// The options of a variant.
#[derive(Debug)]
struct Choice {
    /// The tag's names, if it has some.
    tag: Option<Arc<EnumType>>,
    options: Arc<Options>,
    /// How many reads each option has; they lie one behind the other.
    reads: Vec<u32>,
}
