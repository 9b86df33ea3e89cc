//! The engine: accepts processes, drains their rings, writes their traces. One thread, one event loop.
//!
//! ```text
//!   poll --+-- listener      accept ------------> connection
//!          +-- connections   Hello, Handover ---> process   (see `process`)
//!          +-- pidfds        a death: take in what is queued, recover, close
//!          +-- doorbell      full sub-buffers: exchange, write
//!          +-- flush timer   everything committed: write
//! ```
//!
//! Whoever embeds it (`ust record`, the daemon) adds channels, sets their events, publishes, and calls
//! [`Engine::poll`] in a loop.

mod any_process;
mod api;
mod bell;
mod budget;
mod burial;
mod channel;
mod clock;
mod connection;
mod drain;
mod estate;
mod header_bytes;
mod images;
mod listing;
mod loss_names;
mod mapped;
mod played;
mod played_stream;
mod poll;
mod process;
mod process_file;
mod publish;
mod reach;
mod readiness;
mod recover;
mod refusals;
mod relocation;
mod room;
mod round;
mod session_file;
mod shed;
mod untrusted_errno;

pub use api::{
    ChannelConfig, ChannelSummary, ChannelUid, EngineError, EngineOptions, ProcessInfo, Reach,
    Running, Unmatched,
};
pub use drain::StreamError;
pub use recover::{LeftBehind, RecoverError, Recovered, WHAT_TO_GIVE};

use crate::limits::AGENT_BACKLOG;
use crate::output::Output;
use crate::place::Place;
use crate::reserve;
use crate::shm_dir::ShmDir;
use bell::Bell;
use budget::Ledger;
use burial::Wake;
use channel::Channel;
use clock::Calibration;
use connection::{Connection, Watch};
use drain::Pass;
use estate::Estate;
use process::{Destination, Process};
use process_file::ProcessFile;
use reach::Seen;
use readiness::{Readiness, Source};
use refusals::Refusals;
use relocation::Relocation;
use round::Round;
use rustix::fd::OwnedFd;
use rustix::net::SocketType;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use ust_core::paths::{AGENT_SOCKET, RuntimeDir};
use ust_core::protocol::{ChannelRules, Rules, ToProcess};
use ust_core::socket::Inbox;

/// See the module page.
#[derive(Debug)]
pub struct Engine {
    place: Place,
    /// What there is to say of it.
    relocation: Relocation,
    options: EngineOptions,
    listener: OwnedFd,
    readiness: Readiness,
    bell: Bell,
    generation: u64,
    next_channel: u64,
    channels: BTreeMap<ChannelUid, Channel>,
    processes: BTreeMap<[u8; 16], Tracked>,
    /// Processes that wait for a snapshot.
    snapshot_requests: Vec<Connection>,
    /// Processes that are gone, and whose rings wait for a snapshot; the oldest first.
    departed: VecDeque<Process>,
    estate: Estate,
    /// Directories of channels that are gone: a process that had not heard of it may have made a file since.
    retired_dirs: Vec<ShmDir>,
    ledger: Ledger,
    connections: HashMap<u64, Connection>,
    next_connection: u64,
    inbox: Inbox,
    /// They stand for nothing but their numbers.
    spare_fds: Vec<OwnedFd>,
    next_flush: Instant,
    /// The flush that is due has begun, and not all streams have had their turn.
    is_flushing: bool,
    /// Full sub-buffers are left over from the last round.
    is_behind: bool,
    /// Numbers of the present sweeps: that which flushes, and that which takes full sub-buffers.
    sweeps: [u64; 2],
    /// Processes whose end is known, and those of them that are about to be buried.
    dying: BTreeSet<[u8; 16]>,
    wake: Option<Wake>,
    /// The account whose process was the last one to be looked at for its images.
    last_image_look: i32,
    /// Connections cannot be accepted, and that has been said.
    is_refusing: bool,
    /// Memory is kept back: not where there was none to begin with.
    has_reserve: bool,
    /// Until then it looks without being rung for: somebody new may not have the doorbell yet.
    watchful_until: Instant,
}

/// A process that waits for a snapshot, until this is dropped.
#[derive(Debug)]
pub struct SnapshotRequest {
    _connection: Connection,
}

/// A process and how it is watched.
#[derive(Debug)]
struct Tracked {
    process: Process,
    watch: Watch,
    /// `None` where it is in a PID namespace that we cannot see into.
    pid: Option<rustix::process::Pid>,
    /// As its connections have it.
    payer: i32,
    /// What it has told that it cannot have: what to call it, and the line.
    lack: Option<(String, String)>,
    /// The connection of its agent, and the generation of rules that it has applied.
    agent: Option<u64>,
    applied: u64,
}

/// How long agents have to apply rules at the end.
const PATIENCE: Duration = Duration::from_secs(1);

impl Engine {
    /// Opens the socket in the runtime directory, publishes empty rules and wakes waiting processes.
    ///
    /// # Errors
    /// The directory cannot be used, another daemon serves it, or the kernel refuses something.
    pub fn bind(dir: RuntimeDir, options: EngineOptions) -> Result<Self, EngineError> {
        let mut place = Place::take(dir)?;
        let listener =
            place.listen(AGENT_SOCKET, SocketType::SEQPACKET, AGENT_BACKLOG).map_err(|error| {
                let path = place.path().join("agent.sock");
                EngineError::Io(format!("cannot listen at {}", path.display()), error)
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
            next_channel: 0,
            channels: BTreeMap::new(),
            processes: BTreeMap::new(),
            snapshot_requests: Vec::new(),
            departed: VecDeque::new(),
            estate: Estate::default(),
            retired_dirs: Vec::new(),
            ledger: Ledger::default(),
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

    /// Adds a channel that records nothing yet.
    pub fn add_channel(&mut self, config: ChannelConfig) -> ChannelUid {
        let output = Output::at(&config.output);
        self.add_channel_to(config, output)
    }

    /// The same, writing to a directory that was opened before.
    pub fn add_channel_to(&mut self, config: ChannelConfig, output: Output) -> ChannelUid {
        // Unlike any of a daemon before this one: the generation's seed is the time.
        let uid = ChannelUid(self.generation << 16 | self.next_channel);
        self.next_channel += 1;
        let calibration = Calibration::start(config.clock);
        let mut channel = Channel {
            config,
            output,
            globs: Vec::new(),
            matched: BTreeSet::new(),
            seen: Seen::default(),
            is_active: false,
            calibration,
            clock: None,
            past: ChannelSummary::default(),
            refusals: Refusals::default(),
        };
        for tracked in self.processes.values() {
            let lack = tracked.lack.iter();
            lack.for_each(|(who, reason)| _ = channel.refusals.note(who, reason));
        }
        self.channels.insert(uid, channel);
        uid
    }

    /// Sets the channel's globs over `provider:name`. In force after the next [`publish`](Self::publish).
    pub fn set_events(&mut self, channel: ChannelUid, globs: Vec<String>) {
        if let Some(channel) = self.channels.get_mut(&channel) {
            for tracked in self.processes.values_mut() {
                channel.note_matches(&mut tracked.process);
            }
            channel.globs = globs;
        }
    }

    /// Whether a glob has been noted to match an event, in this channel: of processes that are gone, at least.
    pub fn has_matched(&self, channel: ChannelUid, glob: &str) -> bool {
        self.channels.get(&channel).is_some_and(|channel| channel.matched.contains(glob))
    }

    /// Starts or stops a channel. In force after the next [`publish`](Self::publish).
    pub fn set_active(&mut self, uid: ChannelUid, is_active: bool) {
        if let Some(channel) = self.channels.get_mut(&uid) {
            channel.is_active = is_active;
            if is_active {
                channel.seen.was_active = true;
                channel.calibration.wait_for_baseline();
                if channel.config.shm_dir.is_some() {
                    channel.describe_session(uid);
                }
            }
        }
    }

    /// Publishes the rules to the file and to all agents; returns their generation.
    ///
    /// # Errors
    /// The rules file cannot be written.
    pub fn publish(&mut self) -> Result<u64, EngineError> {
        self.keep_place();
        self.publish_here()
    }

    /// The same in the runtime directory as it is held.
    fn publish_here(&mut self) -> Result<u64, EngineError> {
        self.generation += 1;
        let rules = self.rules();
        publish::write_rules(&mut self.place, &rules)
            .and_then(|()| publish::wake_waiting(&self.place))
            .map_err(EngineError::io(format!("the rules in {}", self.place.path().display())))?;
        let message = ToProcess::Rules(rules);
        let agents: Vec<_> = self.processes.values().filter_map(|tracked| tracked.agent).collect();
        for number in agents {
            if let Some(connection) = self.connections.get_mut(&number) {
                connection.say(&message, &[]);
                self.expect(number);
            }
        }
        Ok(self.generation)
    }

    fn rules(&self) -> Rules {
        let channel = |(uid, channel): (&ChannelUid, &Channel)| ChannelRules {
            channel_uid: uid.0,
            subbuf_size_bytes: channel.config.geometry.subbuf_size_bytes() as u64,
            subbuf_count: channel.config.geometry.subbuf_count() as u32,
            clock: channel.config.clock,
            buffers: channel.config.buffers,
            mode: channel.config.mode,
            residency: channel.config.residency,
            shm_path: channel.config.shm_dir.as_ref().map(|dir| dir.path().display().to_string()),
            shm_dir: channel.config.shm_dir.as_ref().and_then(|dir| dir.shm_path().directory),
            is_active: channel.is_active,
            events: channel.globs.clone(),
        };
        Rules { generation: self.generation, channels: self.channels.iter().map(channel).collect() }
    }

    /// Whether every connected agent has applied this generation (or a later one).
    pub fn is_applied(&self, generation: u64) -> bool {
        let mut agents = self.processes.values().filter(|tracked| tracked.agent.is_some());
        agents.all(|tracked| tracked.applied >= generation)
    }

    /// Takes in what is queued and buries the dead: what is asked next is answered as of now, and not of the last
    /// [`poll`](Self::poll).
    pub fn take_stock(&mut self) {
        self.bury_dead();
        self.settle_estate();
    }

    /// Writes out all that is committed now, in every stream of the channel.
    pub fn flush(&mut self, channel: ChannelUid) {
        self.bury_dead();
        self.pass(channel, Pass::Flush);
    }

    /// Writes all that the channel's rings hold now, of processes that are gone too, as traces below `output`
    /// (a directory, which exists), and says what is in them. The rings stay as they are.
    pub fn snapshot(&mut self, uid: ChannelUid, output: &Path) -> ChannelSummary {
        self.snapshot_to(uid, &Output::at(output))
    }

    /// The same into a directory that is made in the channel's own.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn snapshot_below(&mut self, uid: ChannelUid, name: &str) -> io::Result<ChannelSummary> {
        let channel = self.channels.get(&uid).ok_or(io::ErrorKind::NotFound)?;
        let output = channel.output.make_below(name)?;
        Ok(self.snapshot_to(uid, &output))
    }

    fn snapshot_to(&mut self, uid: ChannelUid, output: &Output) -> ChannelSummary {
        self.take_in_everything();
        // Who waits for room has handed over its rings as well.
        if self.is_burying() {
            self.bury_now(Vec::new());
        }
        let mut sum = ChannelSummary::default();
        let Some(channel) = self.channels.get_mut(&uid) else { return sum };
        let to = Destination { output, ..channel.destination() };
        let living = self.processes.values_mut().map(|tracked| &mut tracked.process);
        for process in self.departed.iter_mut().chain(living) {
            process.snapshot(uid, to, &mut sum);
        }
        sum.errors.extend(channel.refusals.lines());
        sum.note_gone(output.look());
        sum
    }

    /// The processes that have asked for a snapshot since the last call. Each waits, a moment, until its request is
    /// dropped.
    pub fn take_snapshot_requests(&mut self) -> Vec<SnapshotRequest> {
        let request = |connection| SnapshotRequest { _connection: connection };
        self.snapshot_requests.drain(..).map(request).collect()
    }

    /// Drains and closes the channel's traces and forgets it. Returns what it has recorded, and whom it reached.
    pub fn remove_channel(&mut self, channel: ChannelUid) -> ChannelSummary {
        self.bury_dead();
        self.bury_replaced_images();
        self.pass(channel, Pass::Flush);
        self.pass(channel, Pass::Finish);
        let summary = self.conclude(channel);
        for tracked in self.processes.values_mut() {
            tracked.process.remove_channel(channel);
        }
        self.departed.iter_mut().for_each(|process| process.remove_channel(channel));
        self.departed.retain(Process::has_channels);
        if let Some(dir) = self.channels.remove(&channel).and_then(|channel| channel.config.shm_dir)
        {
            dir.remove_all();
            self.retired_dirs.push(dir);
        }
        self.estate.retain_of(|uid| self.channels.contains_key(&uid));
        summary
    }

    /// What it has recorded so far.
    pub fn summary(&self, channel: ChannelUid) -> ChannelSummary {
        let mut sum = self.channels.get(&channel).map(|c| c.past.clone()).unwrap_or_default();
        let refusals = self.channels.get(&channel).map(|channel| channel.refusals.lines());
        sum.errors.extend(refusals.into_iter().flatten());
        for tracked in self.processes.values() {
            tracked.process.add_to(channel, &mut sum);
        }
        sum.add_no_stream(self.estate.lost(channel));
        sum
    }

    /// The traced program has ended, or the daemon is to: takes in every connection and message that is
    /// still queued, drains every process, writes and closes everything, removes the socket and the rules.
    pub fn shut_down(&mut self) {
        self.stop_writers();
        for channel in self.channels.keys().copied().collect::<Vec<_>>() {
            self.remove_channel(channel);
        }
        if self.place.look().is_none() {
            let rules = self.rules();
            let _ = publish::write_rules(&mut self.place, &rules);
        }
        self.place.leave();
        self.retired_dirs.drain(..).for_each(|dir| dir.remove_all());
        self.connections.clear();
        self.processes.clear();
    }

    /// Stops every channel, and gives agents a moment to follow: what is emitted while traces are being closed
    /// would be neither recorded nor counted.
    fn stop_writers(&mut self) {
        if !self.channels.values().any(|channel| channel.is_active) {
            return;
        }
        for channel in self.channels.values_mut() {
            channel.is_active = false;
        }
        let deadline = Instant::now() + PATIENCE;
        let Ok(generation) = self.publish() else { return };
        while !self.is_applied(generation) && Instant::now() < deadline {
            if self.poll(&[], Some(Duration::from_millis(10))).is_err() {
                return;
            }
        }
    }

    /// Says something that concerns every channel, in the log and in their summaries.
    fn tell(&mut self, error: &str) {
        tracing::error!("{error}");
        self.channels.values_mut().for_each(|channel| channel.past.add_error(error));
    }

    /// Says what was beyond a process's budget since the last time.
    fn tell_refusals(&mut self) {
        self.ledger.take_refusals().iter().for_each(|refusal| self.tell(refusal));
    }

    /// Goes over every stream of one channel, in every process.
    fn pass(&mut self, uid: ChannelUid, pass: Pass) {
        self.pass_in(&mut Round::whole(), uid, pass);
    }

    /// Goes over those streams of one channel that have a turn in this round; whether anything was taken.
    fn pass_in(&mut self, round: &mut Round, uid: ChannelUid, pass: Pass) -> bool {
        let Some(channel) = self.channels.get_mut(&uid) else { return false };
        let mut any = false;
        for tracked in self.processes.values_mut() {
            if tracked.process.has_channel(uid) {
                any |= tracked.process.pass(uid, pass, channel.destination(), round);
            }
        }
        any
    }

    /// Takes full sub-buffers for one round; whether there was any.
    fn take_full(&mut self) -> bool {
        let (any, is_behind) = self.sweep(Pass::Full);
        self.is_behind = is_behind;
        any || is_behind
    }

    /// Goes on with a sweep for one round; whether anything was taken, and whether streams are left for the next round.
    fn sweep(&mut self, pass: Pass) -> (bool, bool) {
        let kind = usize::from(pass == Pass::Full);
        let mut round = Round::of_sweep(self.sweeps[kind]);
        let mut any = false;
        for channel in self.channels.keys().copied().collect::<Vec<_>>() {
            any |= self.pass_in(&mut round, channel, pass);
        }
        if !round.is_cut_short() {
            self.sweeps[kind] += 1;
        }
        (any, round.is_cut_short())
    }

    /// Adds up what will not change any more in the files that the dead have left.
    fn settle_estate(&mut self) {
        for file in self.estate.settle() {
            // What is only shown in snapshots is counted in them, from the file itself.
            for (uid, channel) in self.channels.iter_mut().filter(|(_, c)| c.config.is_drained) {
                channel.past.add_no_stream(file.lost_no_stream(uid.0));
            }
        }
    }

    /// Notes in every channel that a process is not recorded there.
    fn note_refusal(&mut self, who: &str, reason: &str) {
        let mut is_new = self.channels.is_empty();
        for channel in self.channels.values_mut() {
            is_new |= channel.refusals.note(who, reason);
        }
        if is_new {
            tracing::warn!("{who}: {reason}");
        }
    }
}

/// Grows from one daemon to the next.
fn generation_seed() -> u64 {
    ust_core::clock::realtime_ns() / 1_000_000
}
