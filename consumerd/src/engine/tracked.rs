//! A process in the engine: its state, how its end is noticed, and what its agent has reported.

use super::process::Process;
use super::watch::Watch;
use rustix::process::Pid;

/// A process and how it is watched.
#[derive(Debug)]
pub struct Tracked {
    pub(super) process: Process,
    pub(super) watch: Watch,
    /// `None` if it is in a PID namespace that we cannot see into.
    pub(super) pid: Option<Pid>,
    /// The same as that of its connections.
    pub(super) payer: i32,
    /// What it has reported that it cannot have: the process's name, and the line.
    pub(super) lack: Option<(String, String)>,
    /// The connection of its agent, and the generation of rules that it has applied.
    pub(super) agent: Option<u64>,
    pub(super) applied: u64,
}

impl Tracked {
    /// Whether its death is known now.
    pub fn is_dead(&self) -> bool {
        self.watch.is_dead()
    }
}
