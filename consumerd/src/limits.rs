//! Every limit of what a traced process or a client may make the consumer hold or do.
//!
//! What a process or a client sends is untrusted, and so is how much it sends. Whatever grows with it is bounded by a
//! number in this file. Each number says what it bounds, and what the user is told when the limit is reached. Two
//! limits are with the protocols that they belong to: the bytes of a control request
//! ([`MAX_REQUEST_BYTES`](crate::control::protocol::MAX_REQUEST_BYTES), answered by a refusal) and those of an agent's
//! message ([`MAX_MESSAGE_BYTES`](ust_core::protocol::MAX_MESSAGE_BYTES): a longer message is invalid, and ends the
//! connection with a warning in the log).

use rustix::process::{Resource, getrlimit};
use std::time::Duration;

/// How much of a resource one process may have, and all processes of one user together. What exceeds that is refused to
/// that process, with an error of every session, once for each process and resource.
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

/// Bytes of a process's whole name, which is part of its trace's path. A longer one is as short as the kernel has it.
pub const MAX_PROCNAME_BYTES: usize = 128;

/// Ring files. Each is a mapping, of which the kernel allows 65,530.
pub const RING_FILES: Budget = Budget { of_process: 2048, of_user: 24 << 10 };

/// Streams: one for each thread that emits at the same time as others, or each CPU; each a few hundred bytes.
pub const STREAMS: Budget = Budget { of_process: 32 << 10, of_user: 64 << 10 };

/// With more streams than this of a user's processes, each stream gives back the memory of its packets after its turn,
/// not only with each flush. Nothing is said: it takes a little longer.
pub const MANY_STREAMS: u64 = 512;

/// Entries of class logs, twelve bytes each. Records of further classes end their streams.
pub const CLASSES: Budget = Budget { of_process: 256 << 10, of_user: 4 << 20 };

/// Bytes of the text that describes classes, in the traces of living processes. Only classes whose records arrive are
/// described. Records of further classes end their streams.
pub const METADATA_BYTES: Budget = Budget { of_process: 16 << 20, of_user: 1 << 30 };

/// Connections of agents, handovers, introductions. If there are more, the oldest idle ones of that process are closed.
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

/// Identities that one process may claim without having sent their process files. A process has one, and one more for
/// each plugin with an agent of its own. Further ones are refused with a warning in the log.
pub const MAX_UNINTRODUCED_IDENTITIES: usize = 64;

/// Ring files that may wait for the process file of their process. A process introduces itself first, unless the
/// program has closed that descriptor, so only files that come before the agent's message wait. Further ones are an
/// error of the session.
pub const MAX_WAITING_RING_FILES: usize = 64;

/// Sessions at a time. There may be as many channels as processes record into
/// ([`MAX_CHANNELS`](ust_core::protocol::MAX_CHANNELS)).
pub const MAX_SESSIONS: usize = 64;

/// Errors that one process may add to a session's log and summary. The first ones say enough; later ones are dropped.
pub const MAX_ERRORS: usize = 64;

/// Errors in a session's summary, of all processes together. The last one is replaced by a line that there are more,
/// which only the log has.
pub const MAX_SESSION_ERRORS: usize = 256;

/// Processes that are gone and whose rings wait for a snapshot. If there are more, the oldest one is forgotten, and its
/// records are in no later snapshot.
pub const MAX_DEPARTED_PROCESSES: usize = 64;

/// Process files of dead processes that are kept because forked children may still count losses in them. If there are
/// more, the oldest one is summed up with its present counts.
pub const MAX_KEPT_PROCESS_FILES: usize = 256;

/// Bytes of the longest description of an event class, by the bounds that an honest process itself applies to its
/// classes ([`bounds`](ust_core::wire::bounds)). A longer description ends the reading of the class log. A class that
/// exceeds the other bounds (number or depth of types, labels) counts as not described: its first record closes the
/// stream, with an error of the session.
pub use ust_core::wire::bounds::MAX_CLASS_BYTES;

/// Bytes of a class's provider and name together, for matching rules and for lists. A class with a longer name is in no
/// list.
pub const MAX_NAME_BYTES: usize = 4 << 10;

/// Looks into the class log of one process for a class that is not there: each such class ends a stream. After these,
/// further unknown classes end their streams without a look; the message is the same.
pub const MAX_FUTILE_LOOKS: u32 = 64;

/// Bytes of the events in one answer to a client, of all processes together. Further events are left out of the list, and
/// counted there.
pub const MAX_LISTED_BYTES: usize = 2 << 20;

/// Connections, deaths and the like that are served in one turn. The others are served in the next turns, in their
/// order.
pub const MAX_EVENTS: usize = 128;

/// No connection of a process with at most this many is closed for lack of descriptors. If no process has more, new
/// connections are refused, with an error of every session.
pub const FEW_CONNECTIONS: u64 = 8;

/// Messages of one connection that are heard in one turn, of those that were queued when it began. The others have the
/// next turn; an honest process never has so many.
pub const MAX_MESSAGES: usize = 16;

/// Connections that are accepted in one turn. The kernel queues the others.
pub const MAX_ACCEPTS: usize = 256;

/// Processes that are buried in one turn: their rings recovered, their traces closed.
pub const MAX_BURIALS: usize = 32;

/// Time between looks for the images of a process that has as many identities as it may.
pub const IMAGE_LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Processes whose list of mappings is read in one look for images that are gone. The next look continues after them.
pub const MAX_MAPS_READ: usize = 64;

/// Bytes of those lists together, and of each. A process with a longer list keeps its images until it ends.
pub const MAX_MAPS_BYTES: u64 = 4 << 20;

/// Bytes taken from all streams together (plus one turn) before clients and connections have their turn. Nothing is
/// said: the other streams have their turns in the next round.
pub const MAX_ROUND_BYTES: u64 = 64 << 20;

/// Bytes taken from one stream (at least a sub-buffer) before the next stream has its turn. Nothing is said: the rest
/// is taken in the next turn.
pub const MAX_TURN_BYTES: u64 = 2 << 20;

/// Connections that wait to be accepted: a burst of short-lived processes must find room. The kernel lets further ones
/// wait in `connect`, or tells them to try again.
pub const AGENT_BACKLOG: i32 = 4096;

/// Descriptors kept free of trace files: for a connection, its peer's pidfd, and the two that a handover brings. The
/// kernel drops a descriptor for which there is no number, and with it the records. If even these are used up, that is
/// an error of every session.
pub const SPARE_DESCRIPTORS: usize = 4;

/// Connections of one process to the control socket at a time. One more closes its oldest that does not wait for an
/// answer; if all wait, the new one is refused with a warning in the log.
pub const MAX_CONTROL_CONNECTIONS_OF_PROCESS: usize = 16;

/// Connections to the control socket that are accepted in one turn. Nothing is said: the others have the next turn.
pub const MAX_CONTROL_ACCEPTS: usize = 512;

/// Clients that the kernel queues until they are accepted. Others wait in `connect`, each process for its own turn.
pub const CONTROL_BACKLOG: i32 = 128;

/// After questions were answered, the next ones wait this many times as long as the answers took, but at most
/// [`MAX_ANSWERS_PAUSE`]. Nothing is said: equal questions then share one answer.
pub const ANSWERS_PAUSE: u32 = 2;

/// The longest pause after answers. See [`ANSWERS_PAUSE`].
pub const MAX_ANSWERS_PAUSE: Duration = Duration::from_millis(200);

/// Requests for a change that wait for those before them. One more drops the oldest whose client has gone, with a
/// warning in the log; if there is none, the new one is refused.
pub const MAX_QUEUED_REQUESTS: usize = 64;

/// Bytes of answers that clients have not read yet. If there are more, the connection with the oldest answer is closed.
pub const MAX_UNREAD_ANSWER_BYTES: usize = 16 << 20;

/// Connections to the control socket at a time. One more closes one of the process that has most of them: the oldest
/// that does not wait for an answer, if there is any. If each process has only one, and all wait, the new one is
/// refused with a warning in the log.
pub const MAX_CONTROL_CONNECTIONS: usize = 64;

/// Reasons for refusing or not recording processes that a session keeps: each is a line of its summary. One line more
/// says how often others have come.
pub const MAX_REFUSED_REASONS: usize = 32;

/// Processes that are told apart in the count for one such reason. If there are more, the line says "or more".
pub const MAX_REFUSED_NAMES: usize = 256;

/// Comparisons of an event's name with a rule that has matched nothing, in one session: they find the names that come
/// closest. No more are made, and the names that are shown are the closest of those compared.
pub const MAX_COMPARED_NAMES: usize = 20_000;

/// Rules that are compared in this way. For the others no closest events are shown.
pub const MAX_COMPARED_RULES: usize = 16;

/// Bytes of the longest event name that is compared in this way. Longer ones are passed over.
pub const MAX_COMPARED_BYTES: usize = 128;

/// Memory that is kept back for an allocation that fails. After that the greediest process is given up, with an error
/// of every session, until the memory can be kept again.
pub const RESERVE_BYTES: usize = 16 << 20;

/// How long processes have to apply new rules. Neither a command nor the end of a recording waits longer for processes
/// that are stopped or stuck.
pub const RULES_APPLIED_WITHIN: Duration = Duration::from_secs(1);

/// Processes that still run and are named at the end of a recording. Further ones are only counted.
pub const MAX_NAMED_PROCESSES: usize = 4;
