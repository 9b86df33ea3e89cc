//! Every limit of what a traced process or a client may make the consumer hold or do.
//!
//! What a process or a client sends is untrusted, and so is how much of it there is. Whatever grows with it is bounded
//! by a number in this file; each says what it bounds, and what the user is told when the limit is met.
//! Two limits stand with the protocols that they belong to: the bytes of a control request
//! ([`MAX_REQUEST_BYTES`](crate::control::protocol::MAX_REQUEST_BYTES), answered by a refusal) and those of an agent's
//! message ([`MAX_MESSAGE_BYTES`](ust_core::protocol::MAX_MESSAGE_BYTES): a longer one is none, and ends the
//! connection with a warning in the log).

use rustix::process::{Resource, getrlimit};
use std::time::Duration;

/// What one process and all processes of one user may have of something. What goes beyond is refused to that process,
/// with an error of every session, once for each process and kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// By process id, however many identities it claims.
    pub of_process: u64,
    /// By user id: the consumer's own, and root.
    pub of_user: u64,
}

/// Process files: one for each image of a process (`exec` makes another), each copy of the library in it, and each
/// forked child. A process's replaced images are looked for before one is refused.
pub const IDENTITIES: Budget = Budget { of_process: 128, of_user: 12 << 10 };

/// Ring files. Each is a mapping, of which the kernel allows 65,530.
pub const RING_FILES: Budget = Budget { of_process: 2048, of_user: 24 << 10 };

/// Streams: one for each thread that emits at the same time as others, or each CPU; each a few hundred bytes.
pub const STREAMS: Budget = Budget { of_process: 32 << 10, of_user: 64 << 10 };

/// Streams of a user's processes from which on each gives the memory of its packets back after its turn, not only with
/// each flush. Nothing is said: it takes a little longer.
pub const MANY_STREAMS: u64 = 512;

/// Entries of class logs, twelve bytes each. Records of classes beyond end their streams.
pub const CLASSES: Budget = Budget { of_process: 256 << 10, of_user: 4 << 20 };

/// Bytes of the text that describes classes, in the traces of living processes. Only classes whose records arrive are
/// described. Records of classes beyond end their streams.
pub const METADATA_BYTES: Budget = Budget { of_process: 16 << 20, of_user: 1 << 30 };

/// Connections of agents, handovers, introductions. The oldest idle ones of that process are closed.
pub const CONNECTIONS: Budget = Budget { of_process: 512, of_user: 12 << 10 };

/// Bytes of ring files and process files that are mapped, from the address space that the consumer may have.
pub fn mapped_bytes() -> Budget {
    // Half of 48 bits is the kernel's.
    let addresses = getrlimit(Resource::As).current.unwrap_or(1 << 47).min(1 << 47);
    Budget { of_process: addresses / 4, of_user: addresses / 4 * 3 }
}

/// Descriptors, from those that the consumer may have.
pub fn descriptors() -> Budget {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(1 << 20);
    Budget { of_process: descriptors / 2, of_user: descriptors / 8 * 7 }
}

/// Identities that one process may claim without having sent their process files: it has one, and one more for each
/// plugin with an agent of its own. What it claims beyond that is refused with a warning in the log.
pub const MAX_UNINTRODUCED_IDENTITIES: usize = 64;

/// Ring files that may wait for the process file of their process. A process introduces itself first, unless the
/// program has closed that descriptor; only files that come before the agent's word wait. Those beyond are an error
/// of the session.
pub const MAX_WAITING_RING_FILES: usize = 64;

/// Sessions at a time. Channels are as many as processes record into
/// ([`MAX_CHANNELS`](ust_core::protocol::MAX_CHANNELS)).
pub const MAX_SESSIONS: usize = 64;

/// Errors that one process may add to a session's log and summary. The first ones say enough: later ones are dropped.
pub const MAX_ERRORS: usize = 64;

/// Errors in a session's summary, of all processes together. Instead of the last one stands that there are more, which
/// only the log has.
pub const MAX_SESSION_ERRORS: usize = 256;

/// Processes that are gone and whose rings wait for a snapshot. The oldest one beyond is forgotten, and its records
/// are in no later snapshot.
pub const MAX_DEPARTED_PROCESSES: usize = 64;

/// Process files of dead processes that are kept because forked children may still count losses in them. The oldest
/// one beyond is summed up as it is then.
pub const MAX_KEPT_PROCESS_FILES: usize = 256;

/// Bytes of the longest description of an event class: that of the bounds to which an honest process holds its classes
/// itself ([`bounds`](ust_core::wire::bounds)). A longer one ends the reading of its class log. What is beyond the others,
/// in number or depth of types or in labels, is a class that the process has not described: its first record closes the
/// stream, with an error of the session.
pub use ust_core::wire::bounds::MAX_CLASS_BYTES;

/// Bytes of a class's provider and name together, as far as rules are matched against them and lists show them. A
/// class with a longer name is in no list.
pub const MAX_NAME_BYTES: usize = 4 << 10;

/// Looks into a class log for a class that is not there, of one process: each ends a stream. After these, further
/// unknown classes end their streams unlooked for; what is said is the same.
pub const MAX_FUTILE_LOOKS: u32 = 64;

/// Bytes of the names of events in one answer to a client, of all processes together. What goes beyond is left out of
/// the list, and counted there.
pub const MAX_LISTED_BYTES: usize = 1 << 20;

/// Connections, deaths and the like that are served in one turn. The others are served in the next ones, in their order.
pub const MAX_EVENTS: usize = 128;

/// Connections of one process below which none is closed for want of descriptors. Where every process has as few,
/// newcomers are refused, with an error of every session.
pub const FEW_CONNECTIONS: u64 = 8;

/// Messages of one connection that are heard in one turn, of those that were queued when it began. The others have the
/// next turn; an honest process never has as many.
pub const MAX_MESSAGES: usize = 16;

/// Connections that are accepted in one turn. The kernel queues the others.
pub const MAX_ACCEPTS: usize = 256;

/// Processes that are buried in one turn: their rings recovered, their traces closed.
pub const MAX_BURIALS: usize = 32;

/// Between looks for the images of a process that has as many identities as it may.
pub const IMAGE_LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Processes whose list of mappings is read in one look for images that are gone. The next look goes on behind them.
pub const MAX_MAPS_READ: usize = 64;

/// Bytes of those lists together, and of one of them. A process with a longer one keeps its images until it ends.
pub const MAX_MAPS_BYTES: u64 = 4 << 20;

/// Bytes taken of all streams together (and one turn more) before clients and connections have theirs. Nothing is said:
/// the other streams have their turns in the next round.
pub const MAX_ROUND_BYTES: u64 = 64 << 20;

/// Bytes taken of one stream (a sub-buffer at least) before the next stream has its turn. Nothing is said: the rest
/// is taken in the next turn.
pub const MAX_TURN_BYTES: u64 = 2 << 20;

/// Connections that wait to be accepted: a burst of short-lived processes must find room. The kernel lets those
/// beyond wait in `connect`, or tells them to come again.
pub const AGENT_BACKLOG: i32 = 4096;

/// Descriptors kept free of trace files: for a connection, its peer's pidfd, and the two that a handover brings. The
/// kernel drops what it has no number for, and with it the records. When even these are used up, that is an error of
/// every session.
pub const SPARE_DESCRIPTORS: usize = 4;

/// Clients of the control socket that one process may be at a time. One more closes its oldest that does not wait for
/// an answer; if all wait, it is turned away with a warning in the log.
pub const MAX_CONTROL_CONNECTIONS_OF_PROCESS: usize = 16;

/// Connections to the control socket that are accepted in one turn. Nothing is said: the others have the next one.
pub const MAX_CONTROL_ACCEPTS: usize = 512;

/// Clients that the kernel queues until they are accepted. Others wait in `connect`, each process for its own turn.
pub const CONTROL_BACKLOG: i32 = 128;

/// After questions were answered, the next ones wait so many times as long as that took, and the longest such pause.
/// Nothing is said: those that are the same then have one answer together.
pub const ANSWERS_PAUSE: u32 = 2;

/// See [`ANSWERS_PAUSE`].
pub const MAX_ANSWERS_PAUSE: Duration = Duration::from_millis(200);

/// Requests to change something that wait for those before them. When one more comes, the oldest whose client has gone
/// is dropped with a warning in the log; if there is none, the new one is refused.
pub const MAX_QUEUED_REQUESTS: usize = 64;

/// Bytes of answers that clients have not read yet. Beyond that the connection with the oldest one is closed.
pub const MAX_UNREAD_ANSWER_BYTES: usize = 16 << 20;

/// Clients of the control socket at a time. One more closes one of the process that has most of them, the oldest that
/// does not wait for an answer if there is any. If all processes have one and wait, it is turned away with a warning in
/// the log.
pub const MAX_CONTROL_CONNECTIONS: usize = 64;

/// Reasons for which processes are refused, or not recorded, that a session keeps: each is a line of its summary. Later
/// ones are in the log only.
pub const MAX_REFUSED_REASONS: usize = 32;

/// Processes that are told apart in the count behind one such reason. Beyond them it says "or more".
pub const MAX_REFUSED_NAMES: usize = 256;

/// Comparisons of an event's name with a rule that has matched nothing, in one session: they find the names that come
/// closest. Those beyond are not made, and the names that are shown are the closest of those compared.
pub const MAX_COMPARED_NAMES: usize = 20_000;

/// Rules that are compared so. Of the others no closest events are shown.
pub const MAX_COMPARED_RULES: usize = 16;

/// Bytes of the longest event name that is compared so. Longer ones are passed over.
pub const MAX_COMPARED_BYTES: usize = 128;

/// Memory that is kept back for an allocation that fails. Then the greediest process is given up, with an error of every
/// session, until it can be kept again.
pub const RESERVE_BYTES: usize = 16 << 20;

/// How long processes have to apply new rules: a command, and the end of a recording, wait no longer for those that are
/// stopped or stuck.
pub const RULES_APPLIED_WITHIN: Duration = Duration::from_secs(1);

/// Processes that still run and are named at the end of a recording. The others are counted.
pub const MAX_NAMED_PROCESSES: usize = 4;
