//! How much is kept, whatever a trace has.

/// Pairs of events that a user may name.
pub const PAIRS_MAX: usize = 16;
/// Names of spans.
pub const SPANS_MAX: usize = 2048;
/// Names of event classes.
pub const CLASSES_MAX: usize = 1 << 16;
/// Threads.
pub const THREADS_MAX: usize = 1 << 16;
/// Spans of one thread that are open at one time.
pub const DEPTH_MAX: usize = 4096;
/// Spans of all threads that are open at one time.
pub const OPEN_MAX: usize = 1 << 20;
/// Spans of one thread that have ended and may turn out to be within another one.
pub const ENDED_OF_THREAD_MAX: usize = 1 << 16;
/// The same of all threads.
pub const ENDED_MAX: usize = 1 << 20;
/// Pairs that have begun and not ended.
pub const OPEN_PAIRS_MAX: usize = 1 << 18;
/// Losses that are listed one by one.
pub const LOSSES_MAX: usize = 1024;
