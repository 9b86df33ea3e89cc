//! What a plan consists of.

use std::sync::Arc;

use super::slots::Slot;
use crate::schema::{ByteOrder, EnumType, Options};

/// How the records of one class are read.
#[derive(Debug)]
pub struct Plan<N> {
    pub(super) ops: Vec<Op<N>>,
}

/// One read. A position is in bits.
#[derive(Debug)]
pub(super) enum Op<N> {
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
pub(super) enum Len {
    Fixed(u64),
    Slot(u8),
}

/// The options of a variant.
#[derive(Debug)]
pub(super) struct Choice {
    /// The tag's names, if it has some.
    pub(super) tag: Option<Arc<EnumType>>,
    pub(super) options: Arc<Options>,
    /// How many reads each option has; they lie one behind the other.
    pub(super) reads: Vec<u32>,
}
