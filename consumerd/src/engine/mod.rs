//! The engine: accepts processes, drains their rings, writes their traces. One thread, one event loop.
//!
//! ```text
//!   event_loop --+-- listener      accept ------------> connection
//!                +-- connections   Hello, Handover ---> process   (see `process`)
//!                +-- pidfds        a death: take in what is queued, recover, close
//!                +-- doorbell      full sub-buffers: exchange, write
//!                +-- flush timer   everything committed: write
//! ```
//!
//! The embedder (`ust record`, the daemon) adds sessions and their channels, sets rules, publishes, and calls
//! [`Engine::poll`] in a loop.
//!
//! What the engine has is one struct (`state`). What it does is one file for each task, with an `impl Engine` of its
//! own. The files of what it does import those of what it has, never the other way round:
//!
//! | file | what the engine does |
//! | --- | --- |
//! | `event_loop` | waits, and does one round |
//! | `accept`, `spare_descriptors`, `hear`, `messages`, `meet`, `room` | accepts connections, hears messages, meets processes, answers |
//! | `publish`, `sessions` | tells processes what is recorded, and in which channels of which sessions |
//! | `sweep` | goes over the streams that have a turn in this round (`round`) |
//! | `burial`, `images` | notices that a process has ended, and closes what it leaves |
//! | `snapshots`, `reach`, `listing` | answers: what rings hold now, which processes the rules reached, which processes there are |
//! | `shed`, `keep_place` | gives up the greediest process if memory is short; makes a lost runtime directory anew |
//! | `tell`, `shut_down` | reports what concerns every session; ends |
//!
//! What it has; the files of a row import none of a row above:
//!
//! | file | what that is |
//! | --- | --- |
//! | `session`, `channel`, `seen`, `refusals` | a session and its channels, which processes its rules reached, which it does not record |
//! | `tracked`, `watch`, `wake`, `kept_files` | a process as the engine keeps it, how its end is noticed, and what follows from that |
//! | `session_file` | what is written beside rings |
//! | `process` | its ring files, their streams, and what was recorded in them |
//! | `drain` | one stream: from its ring into its file |
//! | `process_file` | which process it is, which event classes it has, what it has lost |
//! | `connection`, `readiness`, `bell` | what it waits for |
//! | `summary`, `relocation`, `clock`, `event_details` | what a session has recorded; what happened to the runtime directory; what clocks mean; what an event is |
//! | `budget`, `resource`, `mapped`, `header_bytes`, `untrusted_errno` | what a process may make it hold, and how its memory is read |
//!
//! `recover` needs no engine: it reads what both sides have left. `api` is what goes in and comes out. In tests,
//! `played` and `played_stream` are a process that may do and say anything, and `any_process` tests hundreds of such.

mod accept;
mod any_process;
mod any_type;
mod api;
mod bell;
mod budget;
mod burial;
mod channel;
mod clock;
mod connection;
mod drain;
mod event_details;
mod event_loop;
mod header_bytes;
mod hear;
mod images;
mod keep_place;
mod kept_files;
mod listing;
mod loss_names;
mod mapped;
mod meet;
mod messages;
mod played;
mod played_stream;
mod process;
mod process_file;
mod publish;
mod reach;
mod readiness;
mod recover;
mod refusals;
mod relocation;
mod resource;
mod room;
mod round;
mod seen;
mod session;
mod session_file;
mod sessions;
mod shed;
mod shut_down;
mod snapshots;
mod spare_descriptors;
mod state;
mod summary;
mod sweep;
mod tell;
mod tracked;
mod untrusted_errno;
mod wake;
mod watch;

pub use api::{
    ChannelConfig, ChannelUid, EngineError, EngineOptions, EventInfo, ProcessInfo, SessionConfig,
    SessionUid,
};
pub use drain::StreamError;
pub use event_details::{EventDetails, FieldDetails};
pub use recover::{LeftBehind, RecoverError, Recovered, WHAT_TO_GIVE};
pub use snapshots::SnapshotRequest;
pub use state::Engine;
pub use summary::{Counts, CpuStreams, Reach, Running, SessionSummary, Unmatched};
