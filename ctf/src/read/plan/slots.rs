//! Numbers that a plan keeps for later lengths and tags of the same record.

/// How many a plan may keep.
pub(in crate::read) const SLOTS: usize = 16;

/// The numbers. A plan reads none that it has not written in the same record.
pub(in crate::read) type Slots = [i128; SLOTS];

/// Which of them a number goes to, if any.
pub(super) type Slot = Option<u8>;
