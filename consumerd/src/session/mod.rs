//! Sessions: the names under which a user starts and stops recording.
//!
//! ```text
//!             create               start              stop              destroy
//!   (nothing) ------> inactive ------------> active ---------> inactive -------> (nothing, trace complete)
//!                        ^  enable-event: rules hold at once,     |  ^
//!                        |  in both states                        |  |
//!                        +----------------------------------------+  +-- destroy of an active one stops it
//! ```
//!
//! A session of the [`Engine`](crate::engine::Engine) says where a trace goes, and by which clock; each of its channels
//! says how large sub-buffers are, and which events go into them. Here are names, rules about names, and the *current*
//! session: the one that was created last, on which a command without a session name acts. After it is destroyed there
//! is none, so that the same command twice never reaches a second session (LTTng does the same, and keeps the name in
//! `~/.lttngrc`).
//!
//! **Everything is checked before anything is changed**, and a change that fails half-way is undone: a refused command
//! leaves no session, no rule and no directory.
//!
//! Nothing here waits. A change is published under a [generation](Sessions::generation), and
//! [`service`](crate::control::service) waits until processes have applied it.
//!
//! | file | what it has |
//! | --- | --- |
//! | `registry`, `entry` | all sessions, how they begin and end; one session |
//! | `options` | the options of a session and its channels |
//! | `channels`, `rules`, `activity`, `take_snapshots` | what commands change |
//! | `overview`, `snapshots` | what a user is shown |
//! | `names`, `error` | which names and globs are valid; why a command was refused |

mod activity;
mod channels;
mod entry;
mod error;
mod names;
mod options;
mod overview;
mod registry;
mod rules;
mod snapshots;
mod take_snapshots;

pub use entry::Session;
pub use error::SessionError;
pub use names::{check_rules, complete_glob};
pub use options::{
    ChannelOptions, DEFAULT_CHANNEL, DEFAULT_SUBBUF_COUNT, DEFAULT_SUBBUF_SIZE_BYTES,
    SessionOptions,
};
pub use overview::{ChannelView, EventView, Overview, ProcessView, RuleView, SessionView};
pub use registry::Sessions;
pub use rules::{Changed, RuleOptions};
pub use snapshots::SnapshotsTaken;
pub use ust_core::abi::{Buffers, Mode, Residency};
pub use ust_core::clock::ClockKind;
