//! What is to be done with a stream in its turn.

/// What to do with each stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Take full sub-buffers.
    Full,
    /// Take everything committed.
    Flush,
    /// The writers are dead.
    Recover,
    /// No more records come: write the last packets.
    Finish,
}
