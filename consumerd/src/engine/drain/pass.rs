//! What is wanted of a stream in its turn.

/// How to go about each stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Take full sub-buffers.
    Full,
    /// Take everything committed.
    Flush,
    /// The writers are dead.
    Recover,
    /// Nothing comes any more: write the last packets.
    Finish,
}
