//! The event loop's one round: wait, take in what has come, drain what is full, flush what is due.
//!
//! The order at a death matters. A process may have handed over a ring file on a connection that is still
//! queued when its pidfd says that it is dead; so everything queued is taken in before it is buried.
//!
//! Everything queued *when it looks*: what comes meanwhile waits for the next round. So a round is as long as queues
//! are, and a process that talks without end holds up nobody: not the others, nor whoever polls with us.

use super::class_log::{ProcessFile, Unusable};
use super::clock::Clocks;
use super::connection::{Connection, Heard, Watch};
use super::process::{Pass, Process};
use super::refusals;
use super::{ChannelUid, Engine, EngineError, Tracked};
use crate::advice::{Attempt, why};
use crate::limits::{AGENT_BACKLOG, MAX_UNINTRODUCED_IDENTITIES, SPARE_DESCRIPTORS};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use ust_core::agent::protocol::{ToDaemon, ToProcess};

/// How long after a newcomer the engine looks without being rung for.
const WATCHFUL_FOR: Duration = Duration::from_millis(100);

/// How often it looks then.
const WATCHFUL_INTERVAL: Duration = Duration::from_millis(1);

/// How often one round takes in everything for the sake of processes that have ended.
const MAX_BURIALS_A_ROUND: usize = 3;

/// What a polled descriptor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Other(usize),
    Listener,
    Bell,
    Connection(u64),
    Death([u8; 16]),
}

impl Engine {
    /// Waits until something happened, and handles what is the engine's: connections, deaths, full
    /// sub-buffers, the flush timer. Returns after one round, or earlier when one of `others` is readable
    /// (their indices are returned) or `timeout` has passed.
    ///
    /// # Errors
    /// The kernel refuses to poll.
    pub fn poll(
        &mut self,
        others: &[BorrowedFd<'_>],
        timeout: Option<Duration>,
    ) -> Result<Vec<usize>, EngineError> {
        let wait = self.prepare_to_wait(timeout);
        let ready = self.wait(others, wait)?;
        self.bell.wake_up();
        let mut others_ready = Vec::new();
        let mut dead = Vec::new();
        for source in ready {
            match source {
                Source::Other(index) => others_ready.push(index),
                Source::Listener => self.accept_all(),
                Source::Bell => self.bell.acknowledge(),
                Source::Connection(number) => {
                    if self.connections.get(&number).is_some_and(|connection| connection.is_behind)
                    {
                        self.brief(number);
                    }
                    self.hear_all(number);
                    self.keep_room();
                }
                Source::Death(uid) => dead.push(uid),
            }
        }
        if !dead.is_empty() || self.has_dead_on_arrival() {
            self.take_in_everything();
            dead.into_iter().for_each(|uid| self.bury(uid));
            self.bury_dead();
        }
        self.take_full();
        self.tell_refusals();
        self.relieve_shortage();
        if Instant::now() >= self.next_flush {
            if !std::mem::replace(&mut self.is_flushing, true) {
                self.bury_replaced_images();
                self.settle_estate();
                self.keep_place();
            }
            (_, self.is_flushing) = self.sweep(Pass::Flush);
            // If streams are left, it stays due: they have their turns in the next round, at once.
            if !self.is_flushing {
                self.next_flush = Instant::now() + self.options.flush_interval;
            }
        }
        Ok(others_ready)
    }

    /// How long to wait. Writers ring from here on, unless a timer looks in their stead.
    fn prepare_to_wait(&mut self, timeout: Option<Duration>) -> Duration {
        let now = Instant::now();
        let mut wait = self.next_flush.saturating_duration_since(now);
        if self.is_behind {
            return Duration::ZERO;
        }
        wait = wait.min(timeout.unwrap_or(wait));
        if let Some(interval) = self.options.read_timer {
            return wait.min(interval);
        }
        if now < self.watchful_until {
            return wait.min(WATCHFUL_INTERVAL);
        }
        self.bell.fall_asleep();
        // Who filled a sub-buffer before it saw us asleep did not ring.
        if self.take_full() { Duration::ZERO } else { wait }
    }

    fn wait(&self, others: &[BorrowedFd<'_>], wait: Duration) -> Result<Vec<Source>, EngineError> {
        let mut sources: Vec<(Source, BorrowedFd<'_>)> =
            vec![(Source::Listener, self.listener.as_fd()), (Source::Bell, self.bell.rung())];
        sources.extend(others.iter().enumerate().map(|(index, fd)| (Source::Other(index), *fd)));
        for (number, connection) in &self.connections {
            sources.push((Source::Connection(*number), connection.socket()));
        }
        for (uid, tracked) in &self.processes {
            if let Watch::Pidfd(fd) = &tracked.watch {
                sources.push((Source::Death(*uid), fd.as_fd()));
            }
        }
        let wanted = |source: &Source| match source {
            Source::Connection(number) if self.connections[number].is_behind => PollFlags::OUT,
            _ => PollFlags::IN,
        };
        let fds = sources.iter().map(|(source, fd)| PollFd::from_borrowed_fd(*fd, wanted(source)));
        let mut fds: Vec<_> = fds.collect();
        let timeout = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(EngineError::Own("cannot poll", error.into())),
        }
        let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let ready = sources.iter().zip(&fds).filter(|(_, fd)| is_ready(fd));
        Ok(ready.map(|((source, _), _)| *source).collect())
    }

    /// Closes the spare descriptors: what comes now finds room.
    pub(super) fn make_room(&mut self) {
        self.spare_fds.clear();
    }

    /// Opens the spare descriptors, as far as they can be had.
    pub(super) fn keep_room(&mut self) {
        while self.spare_fds.len() < SPARE_DESCRIPTORS
            && let Ok(fd) = self.listener.try_clone()
        {
            self.spare_fds.push(fd);
        }
    }

    /// Accepts every connection that is queued, and hears what each has to say.
    pub(super) fn accept_all(&mut self) {
        self.make_room();
        self.accept_queued();
        self.keep_room();
    }

    fn accept_queued(&mut self) {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // One more than the backlog is what the kernel queues.
        for _ in 0..=AGENT_BACKLOG {
            match accept_with(&self.listener, flags) {
                Ok(socket) => {
                    self.is_refusing = false;
                    self.welcome(socket);
                }
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::AGAIN) => return,
                Err(error) => {
                    self.refuse(error);
                    // They stay queued, and so would wake us at once again.
                    std::thread::sleep(WATCHFUL_INTERVAL);
                    return;
                }
            }
        }
    }

    /// Says, once until it is over, that nobody can be accepted.
    fn refuse(&mut self, reason: Errno) {
        if std::mem::replace(&mut self.is_refusing, true) {
            return;
        }
        let error = format!(
            "processes could not be accepted for a while, and what they recorded may be lost: {}",
            why(Attempt::Accept, &reason.into())
        );
        self.tell(&error);
    }

    fn welcome(&mut self, socket: OwnedFd) {
        match Connection::new(socket, &mut self.ledger) {
            Ok(connection) => {
                let number = self.next_connection;
                self.next_connection += 1;
                self.connections.insert(number, connection);
                self.hear_all(number);
            }
            Err((who, reason)) => self.note_refusal(&who, &reason),
        }
    }

    /// Everything that is queued anywhere.
    pub(super) fn take_in_everything(&mut self) {
        self.accept_all();
        for number in self.connections.keys().copied().collect::<Vec<_>>() {
            self.hear_all(number);
        }
        self.keep_room();
    }

    /// Hears what is queued on a connection, and sees whether it has ended behind that.
    fn hear_all(&mut self, number: u64) {
        self.make_room();
        let Some(connection) = self.connections.get(&number) else { return };
        let queued_bytes = connection.queued_bytes();
        let mut heard_bytes = 0;
        while heard_bytes <= queued_bytes
            && let Some(connection) = self.connections.get(&number)
        {
            match connection.hear(&mut self.inbox) {
                Heard::Message(message, fds, bytes) => {
                    heard_bytes += bytes;
                    self.handle(number, message, fds);
                }
                Heard::Nothing => return,
                Heard::End(reason) => {
                    let who = connection.shown();
                    reason.into_iter().for_each(|reason| self.note_refusal(&who, &reason));
                    self.hang_up(number);
                }
            }
        }
    }

    fn handle(&mut self, number: u64, message: ToDaemon, fds: Vec<OwnedFd>) {
        let mut fds = fds.into_iter();
        match message {
            ToDaemon::Introduction { process_uid } => self.meet(number, process_uid, fds.next()),
            ToDaemon::Hello { process_uid } => {
                self.meet(number, process_uid, fds.next());
                self.greet(number, process_uid);
            }
            ToDaemon::Handover { process_uid, channel_uid, file_index } => {
                let ring = fds.next();
                if ring.is_none() {
                    self.note_refusal_of(
                        number,
                        "a ring file that it handed over did not arrive, and what is in it is lost: let the recorder open \
                         more files (ulimit -n)",
                    );
                }
                self.meet(number, process_uid, fds.next());
                let tracked = self.processes.get_mut(&process_uid);
                let uid = ChannelUid(channel_uid);
                // A channel that has been removed meanwhile is read by nobody.
                if let (Some(tracked), Some(ring), Some(channel)) =
                    (tracked, ring, self.channels.get(&uid))
                {
                    tracked.process.add_ring_file(uid, file_index, ring, channel.origin());
                }
                self.watchful_until = Instant::now() + WATCHFUL_FOR;
            }
            ToDaemon::SnapshotWanted { process_uid } => {
                let connection = self.connections.remove(&number);
                let is_known = self.processes.contains_key(&process_uid);
                // Dropped, it says that we are done.
                self.snapshot_requests.extend(connection.filter(|_| is_known));
            }
            ToDaemon::Lacking { process_uid, pid, procname, what, errno } => {
                let who = format!("process {pid} ({})", refusals::name_of(&procname));
                let reason = refusals::lacking(what, errno);
                self.note_refusal(&who, &reason);
                if let Some(tracked) = process_uid.and_then(|uid| self.processes.get_mut(&uid)) {
                    tracked.lack = Some((who, reason));
                }
            }
            ToDaemon::Applied { generation } => {
                let uid = self.connections.get(&number).and_then(|connection| connection.agent_of);
                if let Some(tracked) = uid.and_then(|uid| self.processes.get_mut(&uid)) {
                    tracked.applied = tracked.applied.max(generation);
                }
            }
        }
    }

    /// Notes that something of the process at the other end of a connection is not recorded.
    fn note_refusal_of(&mut self, number: u64, reason: &str) {
        if let Some(who) = self.connections.get(&number).map(Connection::shown) {
            self.note_refusal(&who, reason);
        }
    }

    /// Makes sure that the process is known, and takes its file if it came along.
    fn meet(&mut self, number: u64, uid: [u8; 16], file: Option<OwnedFd>) {
        let Some(connection) = self.connections.get(&number) else { return };
        // One that is known is not looked at once more.
        let is_wanted =
            self.processes.get(&uid).is_none_or(|tracked| tracked.process.file.is_none());
        let file = file.filter(|_| is_wanted);
        let mut is_told = false;
        let own_file = match file.as_ref().map(|fd| ProcessFile::new(fd, &connection.account)) {
            Some(Ok(file)) if file.uid == uid => Some(file),
            Some(Ok(_)) => {
                self.note_refusal_of(
                    number,
                    "it sends another's process file, and is not recorded",
                );
                None
            }
            Some(Err(Unusable::Reason(reason))) => {
                self.note_refusal_of(number, &format!("{reason}, and it is not recorded"));
                None
            }
            Some(Err(Unusable::OverBudget(_))) => {
                is_told = true;
                None
            }
            None => None,
        };
        let Some(connection) = self.connections.get(&number) else { return };
        let is_stranger = own_file.is_none() && !self.processes.contains_key(&uid);
        if is_stranger && self.is_full_of_strangers(connection.payer) {
            if !is_told {
                self.note_refusal_of(
                    number,
                    "it has too many identities, and what it sends under more is lost",
                );
            }
            return;
        }
        let tracked = self.processes.entry(uid).or_insert_with(|| Tracked {
            process: Process::new(),
            watch: connection.watch(),
            pid: connection.pid,
            payer: connection.payer,
            lack: None,
            agent: None,
            applied: 0,
        });
        if let Some(mut file) = own_file {
            file.compare_clocks(Clocks::own());
            tracked.process.set_file(file);
        }
    }

    /// Whether a process has claimed as many identities, of which no process file has come, as anybody may.
    fn is_full_of_strangers(&self, payer: i32) -> bool {
        let is_stranger =
            |tracked: &&Tracked| tracked.payer == payer && tracked.process.file.is_none();
        self.processes.values().filter(is_stranger).count() >= MAX_UNINTRODUCED_IDENTITIES
    }

    /// Answers an agent's Hello.
    fn greet(&mut self, number: u64, uid: [u8; 16]) {
        if let Some(tracked) = self.processes.get_mut(&uid) {
            tracked.agent = Some(number);
        }
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.agent_of = Some(uid);
        }
        self.brief(number);
    }

    /// Tells an agent all that it has to know: the doorbell, and the rules as they are now.
    fn brief(&mut self, number: u64) {
        let rules = self.rules();
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.is_behind = false;
            connection.say(&ToProcess::Welcome, &[self.bell.memfd()]);
            connection.say(&ToProcess::Rules(rules), &[]);
        }
    }

    fn hang_up(&mut self, number: u64) {
        let uid = self.connections.remove(&number).and_then(|connection| connection.agent_of);
        if let Some(uid) = uid
            && let Some(tracked) = self.processes.get_mut(&uid)
        {
            // Dead or replaced by `exec`: the pidfd tells, or the next look for images.
            tracked.agent = None;
        }
    }

    fn has_dead_on_arrival(&self) -> bool {
        self.processes.values().any(|tracked| matches!(tracked.watch, Watch::Dead))
    }

    /// Takes in everything that is queued, and buries every process whose death was known before that.
    pub(super) fn bury_dead(&mut self) {
        self.bury_if(Tracked::is_dead);
    }

    /// Processes without an agent may have lost their image to `exec` without a word.
    pub(super) fn bury_replaced_images(&mut self) {
        let is_gone = |tracked: &Tracked| tracked.agent.is_none() && !has_image(tracked);
        if self.processes.values().any(is_gone) {
            self.bury_if(is_gone);
        }
    }

    /// In this order: what is gone has sent its last, all of which is then taken in. One that ended after it was heard
    /// would be met again in what it sent last, and what its process file counts would be counted twice.
    ///
    /// Again for those that were gone when they were first heard of, and for who has ended meanwhile; the last of
    /// them in the next round.
    fn bury_if(&mut self, is_gone: impl Fn(&Tracked) -> bool) {
        let all_gone = |engine: &Self| -> Vec<[u8; 16]> {
            let gone = engine.processes.iter().filter(|(_, tracked)| is_gone(tracked));
            gone.map(|(uid, _)| *uid).collect()
        };
        let mut gone = all_gone(self);
        for _ in 0..MAX_BURIALS_A_ROUND {
            self.take_in_everything();
            gone.into_iter().for_each(|uid| self.bury(uid));
            gone = all_gone(self);
            if gone.is_empty() {
                return;
            }
        }
    }
}

impl Tracked {
    /// Whether its death is known now.
    pub(super) fn is_dead(&self) -> bool {
        match &self.watch {
            Watch::Pidfd(pidfd) => {
                let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
                poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1)
            }
            Watch::Mappings => false,
            Watch::Dead => true,
        }
    }
}

/// Whether the `/proc` that is mounted here numbers processes as the kernel does for us: after `unshare --pid` without a
/// mount it is that of the namespace around.
fn is_proc_ours() -> bool {
    static IS_OURS: OnceLock<bool> = OnceLock::new();
    *IS_OURS.get_or_init(|| {
        let itself = std::fs::read_link("/proc/self").ok();
        itself.is_some_and(|name| name.as_os_str() == std::process::id().to_string().as_str())
    })
}

/// Whether the process still maps its process file: `exec` takes that away, and death.
pub(super) fn has_image(tracked: &Tracked) -> bool {
    let Some(file) = &tracked.process.file else { return !tracked.is_dead() };
    // One that we cannot see has no maps here: the pidfd will have to do.
    let Some(pid) = tracked.pid.filter(|_| is_proc_ours()) else { return true };
    let path = format!("/proc/{}/maps", pid.as_raw_nonzero());
    let maps = match std::fs::read_to_string(path) {
        Ok(maps) => maps,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
        // It is there and does not let us look, as after a change of user: the pidfd will have to do.
        Err(_) => return true,
    };
    let inode = file.inode.to_string();
    maps.lines().any(|line| {
        line.contains("/memfd:ust-process") && line.split_whitespace().nth(4) == Some(&inode)
    })
}
