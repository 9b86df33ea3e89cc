//! The event loop's one round: wait, take in what has come, drain what is full, flush what is due.
//!
//! The order at a death matters. A process may have handed over a ring file on a connection that is still
//! queued when its pidfd says that it is dead; so everything queued is taken in before it is buried.
//!
//! A round is bounded by numbers of our own, not by what strangers hold: so many events, messages, connections, burials,
//! and bytes of rings. What is left has the next round, which then does not wait. A process that talks without end
//! holds up nobody: not the others, nor whoever polls with us.

use super::budget::Resource;
use super::clock::Clocks;
use super::connection::{Connection, Heard, Watch};
use super::drain::Pass;
use super::process::Process;
use super::process_file::{ProcessFile, Unusable};
use super::readiness::{Interest, Readiness, Source};
use super::refusals;
use super::{ChannelUid, Engine, EngineError, Tracked};
use crate::advice::{Attempt, why};
use crate::limits::{
    AGENT_BACKLOG, FEW_CONNECTIONS, MAX_ACCEPTS, MAX_MESSAGES, MAX_UNINTRODUCED_IDENTITIES,
    SPARE_DESCRIPTORS,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use std::rc::Rc;
use std::time::{Duration, Instant};
use ust_core::protocol::{ToDaemon, ToProcess};

/// How long after a newcomer the engine looks without being rung for.
const WATCHFUL_FOR: Duration = Duration::from_millis(100);

/// How often it looks then.
const WATCHFUL_INTERVAL: Duration = Duration::from_millis(1);

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
        let others_ready = self.wait(others, wait)?;
        self.bell.wake_up();
        for source in self.readiness.ready() {
            match source {
                Source::Listener => _ = self.accept_some(),
                Source::Bell => self.bell.acknowledge(),
                Source::Connection(number) => {
                    if self.connections.get(&number).is_some_and(|connection| connection.is_behind)
                    {
                        self.brief(number);
                    }
                    self.hear_some(number);
                }
                Source::Death(payer) => self.note_deaths(payer),
            }
        }
        self.keep_room();
        self.bury_some();
        self.take_full();
        self.tell_refusals();
        self.relieve_shortage();
        self.relieve_memory();
        if Instant::now() >= self.next_flush {
            if !std::mem::replace(&mut self.is_flushing, true) {
                self.look_for_images();
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
        if self.is_burying() {
            return Duration::ZERO;
        }
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

    /// Waits for something of ours, or of `others`, whose indices are returned.
    fn wait(&self, others: &[BorrowedFd<'_>], wait: Duration) -> Result<Vec<usize>, EngineError> {
        let ours = self.readiness.as_fd();
        let fds = std::iter::once(&ours).chain(others);
        let mut fds: Vec<_> = fds.map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        let timeout = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(EngineError::Own("cannot poll", error.into())),
        }
        let ready = fds[1..].iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty());
        Ok(ready.map(|(index, _)| index).collect())
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
        // One more than the backlog is what the kernel queues.
        for _ in 0..=AGENT_BACKLOG as usize / MAX_ACCEPTS {
            if self.accept_some() {
                return;
            }
        }
    }

    /// Accepts as many connections as is one turn, and hears what each has to say; whether there are no more.
    pub(super) fn accept_some(&mut self) -> bool {
        self.make_room();
        let is_empty = self.accept_queued();
        self.keep_room();
        is_empty
    }

    fn accept_queued(&mut self) -> bool {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        for _ in 0..MAX_ACCEPTS {
            match accept_with(&self.listener, flags) {
                Ok(socket) => {
                    self.is_refusing = false;
                    self.welcome(socket);
                }
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::AGAIN) => return true,
                // Out of descriptors: one that idles makes room.
                Err(_) if self.close_idle() => {}
                Err(error) => {
                    self.refuse(error);
                    // They stay queued, and so would wake us at once again.
                    std::thread::sleep(WATCHFUL_INTERVAL);
                    return true;
                }
            }
        }
        false
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
            Ok(mut connection) => {
                let number = self.next_connection;
                let is_paid = connection.pay().is_ok()
                    || (self.close_idle_of(connection.account.number())
                        && connection.pay().is_ok());
                let source = Source::Connection(number);
                if !is_paid || self.readiness.add(connection.socket(), source).is_err() {
                    return;
                }
                self.next_connection += 1;
                self.connections.insert(number, connection);
                self.hear_some(number);
            }
            Err((who, reason)) => self.note_refusal(&who, &reason),
        }
    }

    /// Everything that is queued anywhere.
    pub(super) fn take_in_everything(&mut self) {
        self.accept_all();
        for number in self.connections.keys().copied().collect::<Vec<_>>() {
            self.hear_some(number);
        }
        self.keep_room();
    }

    /// Hears what is queued on a connection, as much as is one turn, and sees whether it has ended behind that.
    pub(super) fn hear_some(&mut self, number: u64) {
        self.make_room();
        let Some(connection) = self.connections.get(&number) else { return };
        let queued_bytes = connection.queued_bytes();
        let mut heard_bytes = 0;
        for _ in 0..MAX_MESSAGES {
            let Some(connection) = self.connections.get(&number) else { return };
            if heard_bytes > queued_bytes || connection.waiting.is_some() {
                return;
            }
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

    pub(super) fn handle(&mut self, number: u64, message: ToDaemon, fds: Vec<OwnedFd>) {
        let Some((message, fds)) = self.hold_back(number, message, fds) else { return };
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
                connection.iter().for_each(|it| self.readiness.forget(it.socket()));
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
        let account = connection.account.clone();
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
            process: Process::new(account.clone()),
            watch: watch(connection, &self.readiness),
            pid: connection.pid,
            payer: connection.payer,
            lack: None,
            agent: None,
            applied: 0,
        });
        if matches!(tracked.watch, Watch::Dead) {
            self.dying.insert(uid);
        }
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
        self.expect(number);
    }

    /// Waits for what a connection is to do next: to say something, or to have room for what it is to be told.
    pub(super) fn expect(&mut self, number: u64) {
        let Some(connection) = self.connections.get(&number) else { return };
        let interest = if connection.is_behind { Interest::Write } else { Interest::Read };
        let source = Source::Connection(number);
        if let Err(errno) = self.readiness.change(connection.socket(), source, interest) {
            tracing::warn!("a connection is closed: {errno}");
            self.hang_up(number);
        }
    }

    /// Closes the oldest idle connection of the process that has most of them; whether there was any.
    fn close_idle(&mut self) -> bool {
        let greediest = self.ledger.greediest(Resource::Connections);
        greediest.is_some_and(|(payer, held)| held > FEW_CONNECTIONS && self.close_idle_of(payer))
    }

    /// Closes the oldest idle connection of a process, which may be an agent's if it has no other; whether there was
    /// any.
    fn close_idle_of(&mut self, payer: i32) -> bool {
        let is_idle = |it: &Connection| it.account.number() == payer && it.waiting.is_none();
        let its = self.connections.iter().filter(|(_, it)| is_idle(it));
        let oldest = its.min_by_key(|(number, it)| (it.agent_of.is_some(), **number));
        let Some(number) = oldest.map(|(number, _)| *number) else { return false };
        // What it has said is not lost with it.
        self.hear_some(number);
        self.hang_up(number);
        true
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
}

impl Tracked {
    /// Whether its death is known now.
    pub(super) fn is_dead(&self) -> bool {
        self.watch.is_dead()
    }
}

impl Watch {
    fn is_dead(&self) -> bool {
        match self {
            Watch::Pidfd(pidfd) => {
                let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
                poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1)
            }
            Watch::Mappings => false,
            Watch::Dead => true,
        }
    }
}

/// How the end of a process is noticed: by a descriptor that its other identities have, if it has any.
fn watch(connection: &Connection, readiness: &Readiness) -> Watch {
    let account = &connection.account;
    // Processes that cannot be seen may have one account together.
    let shared = account.pidfd.borrow().upgrade().filter(|_| connection.pid.is_some());
    let shared = shared.map(Watch::Pidfd);
    if let Some(watch) = shared.filter(|watch| !watch.is_dead()) {
        return watch;
    }
    let watch = connection.watch();
    if let Watch::Pidfd(pidfd) = &watch {
        if readiness.add(pidfd, Source::Death(account.number())).is_err() {
            return Watch::Mappings;
        }
        *account.pidfd.borrow_mut() = Rc::downgrade(pidfd);
    }
    watch
}
