//! What the engine has, and how it begins. What the engine does is in the files around this one, each with its own
//! `impl Engine`.

use super::api::{EngineError, EngineOptions, SessionUid};
use super::bell::Bell;
use super::budget::Ledger;
use super::connection::Connection;
use super::kept_files::KeptFiles;
use super::process::Process;
use super::readiness::{Readiness, Source};
use super::refusals::Refusals;
use super::relocation::Relocation;
use super::session::Session;
use super::tracked::Tracked;
use super::wake::Wake;
use crate::limits::AGENT_BACKLOG;
use crate::place::Place;
use crate::reserve;
use crate::shm_dir::ShmDir;
use rustix::fd::OwnedFd;
use rustix::net::SocketType;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Instant;
use ust_core::paths::{AGENT_SOCKET, RuntimeDir};
use ust_core::socket::Inbox;

/// The consumer of one runtime directory. See [`engine`](crate::engine).
#[derive(Debug)]
pub struct Engine {
    pub(super) place: Place,
    /// What has happened to it.
    pub(super) relocation: Relocation,
    pub(super) options: EngineOptions,
    pub(super) listener: OwnedFd,
    pub(super) readiness: Readiness,
    pub(super) bell: Bell,
    pub(super) generation: u64,
    /// The number that was given last to a session or channel.
    pub(super) next_uid: u64,
    pub(super) sessions: BTreeMap<SessionUid, Session>,
    pub(super) processes: BTreeMap<[u8; 16], Tracked>,
    /// Processes that wait for a snapshot.
    pub(super) snapshot_requests: Vec<Connection>,
    /// Processes that are gone, and whose rings wait for a snapshot; the oldest first.
    pub(super) departed: VecDeque<Process>,
    /// Files of dead processes, in which their children may still be counting.
    pub(super) kept_files: KeptFiles,
    /// Directories of sessions that are gone. A process that had not heard of the end may have made a file since.
    pub(super) retired_dirs: Vec<ShmDir>,
    pub(super) ledger: Ledger,
    /// Programs that hold copies of the library that do not join, as the log has them.
    pub(super) copies_told: Refusals,
    pub(super) connections: HashMap<u64, Connection>,
    pub(super) next_connection: u64,
    pub(super) inbox: Inbox,
    /// Descriptors kept in reserve; only their numbers matter.
    pub(super) spare_fds: Vec<OwnedFd>,
    pub(super) next_flush: Instant,
    /// The flush that is due has begun, and not all streams have had their turn.
    pub(super) is_flushing: bool,
    /// Full sub-buffers are left over from the last round.
    pub(super) is_behind: bool,
    /// Numbers of the present sweeps: of the one that flushes, and of the one that takes full sub-buffers.
    pub(super) sweeps: [u64; 2],
    /// Processes whose end is known, and those of them that are about to be buried.
    pub(super) dying: BTreeSet<[u8; 16]>,
    pub(super) wake: Option<Wake>,
    /// The account whose process was the last one to be looked at for its images.
    pub(super) last_image_look: i32,
    /// Connections cannot be accepted, and the user has been told.
    pub(super) is_refusing: bool,
    /// Whether memory is kept back; not so if there was none to begin with.
    pub(super) has_reserve: bool,
    /// Until this moment it looks without being rung for, because a new process may not have the doorbell yet.
    pub(super) watchful_until: Instant,
}

impl Engine {
    /// Opens the socket in the runtime directory, publishes empty rules and wakes waiting processes.
    ///
    /// # Errors
    /// The directory cannot be used, another daemon serves it, or the kernel refuses something.
    pub fn bind(dir: RuntimeDir, options: EngineOptions) -> Result<Self, EngineError> {
        let socket = dir.agent_socket();
        let mut place = Place::take(dir)?;
        let listener =
            place.listen(AGENT_SOCKET, SocketType::SEQPACKET, AGENT_BACKLOG).map_err(|error| {
                EngineError::Io(format!("cannot listen at {}", socket.display()), error)
            })?;
        let bell =
            Bell::new().map_err(|error| EngineError::Own("the doorbell cannot be made", error))?;
        let readiness = Readiness::new()
            .and_then(|readiness| {
                readiness.add(&listener, Source::Listener)?;
                readiness.add(bell.rung(), Source::Bell)?;
                Ok(readiness)
            })
            .map_err(|errno| EngineError::Own("cannot wait for events", errno.into()))?;
        let now = Instant::now();
        let mut engine = Self {
            place,
            relocation: Relocation::default(),
            options,
            listener,
            readiness,
            bell,
            generation: generation_seed(),
            next_uid: 0,
            sessions: BTreeMap::new(),
            processes: BTreeMap::new(),
            snapshot_requests: Vec::new(),
            departed: VecDeque::new(),
            kept_files: KeptFiles::default(),
            retired_dirs: Vec::new(),
            ledger: Ledger::default(),
            copies_told: Refusals::default(),
            connections: HashMap::new(),
            next_connection: 0,
            inbox: Inbox::default(),
            spare_fds: Vec::new(),
            next_flush: now + options.flush_interval,
            is_flushing: false,
            is_behind: false,
            sweeps: [1; 2],
            dying: BTreeSet::new(),
            wake: None,
            last_image_look: i32::MIN,
            is_refusing: false,
            has_reserve: reserve::keep(),
            watchful_until: now,
        };
        engine.keep_room();
        engine.publish()?;
        Ok(engine)
    }
}

/// A number that grows from one daemon to the next.
fn generation_seed() -> u64 {
    ust_core::clock::realtime_ns() / 1_000_000
}
