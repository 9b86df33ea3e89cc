//! Every limit of what a traced process or a client may make the consumer hold or do.
//!
//! What a process or a client sends is untrusted, and so is how much of it there is. Whatever grows with it is bounded
//! by a number in this file; each says what it bounds, and what the user is told when the limit is met.
//! Two limits stand with the protocols that they belong to: the bytes of a control request
//! ([`MAX_REQUEST_BYTES`](crate::control::protocol::MAX_REQUEST_BYTES), answered by a refusal) and those of an agent's
//! message ([`MAX_MESSAGE_BYTES`](ust_core::agent::protocol::MAX_MESSAGE_BYTES): a longer one is none, and ends the
//! connection with a warning in the log).

/// Identities that one process may claim without having sent their process files: it has one, and one more for each
/// plugin with an agent of its own. What it claims beyond that is refused with a warning in the log.
pub const MAX_UNINTRODUCED_IDENTITIES: usize = 64;

/// Ring files that may wait for the process file of their process. A process introduces itself first, unless the
/// program has closed that descriptor; only files that come before the agent's word wait. Those beyond are an error
/// of the channel.
pub const MAX_WAITING_RING_FILES: usize = 64;

/// Errors that one process may add to a channel's log and summary. The first ones say enough: later ones are dropped.
pub const MAX_ERRORS: usize = 64;

/// Processes that are gone and whose rings wait for a snapshot. The oldest one beyond is forgotten, and its records
/// are in no later snapshot.
pub const MAX_DEPARTED_PROCESSES: usize = 64;

/// Process files of dead processes that are kept because forked children may still count losses in them. The oldest
/// one beyond is summed up as it is then.
pub const MAX_KEPT_PROCESS_FILES: usize = 256;

/// Bytes of the longest description of an event class. A longer one ends the reading of its class log.
pub const MAX_CLASS_BYTES: usize = 64 << 10;

/// Event classes of one process. One more ends the reading of its class log.
pub const MAX_CLASSES: usize = 1 << 16;

/// Bytes taken of one stream (a sub-buffer at least) before the next stream has its turn. Nothing is said: the rest
/// is taken in the next turn.
pub const MAX_TURN_BYTES: u64 = 2 << 20;

/// Connections that wait to be accepted: a burst of short-lived processes must find room. The kernel lets those
/// beyond wait in `connect`, or tells them to come again.
pub const AGENT_BACKLOG: i32 = 4096;

/// Descriptors kept free of trace files: for a connection, its peer's pidfd, and the two that a handover brings. The
/// kernel drops what it has no number for, and with it the records. When even these are used up, that is an error of
/// every channel.
pub const SPARE_DESCRIPTORS: usize = 4;

/// Clients of the control socket at a time. One more closes the oldest that does not wait for an answer; if all wait,
/// it is turned away with a warning in the log.
pub const MAX_CONTROL_CONNECTIONS: usize = 64;
