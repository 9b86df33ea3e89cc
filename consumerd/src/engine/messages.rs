//! The messages of a process, and their answers.
//!
//! ```text
//!   Introduction     which process it is: its file                       -
//!   Hello            the same, from its agent                            the doorbell, and the present rules
//!   Handover         a ring file, and its process file if it is new      -
//!   Applied          its agent has applied rules                         -
//!   Apart            its program holds a copy that it cannot join        a line of the log
//!   Lacking          what it cannot have, and why                        a line of the summary
//!   SnapshotWanted   it waits until its connection is closed             closed once the snapshot is taken
//! ```

use super::api::{ChannelUid, SessionUid};
use super::connection::Connection;
use super::process::{Origin, RingName};
use super::refusals;
use super::session::Session;
use super::state::Engine;
use super::tracked::Tracked;
use rustix::fd::OwnedFd;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use ust_core::protocol::{ToDaemon, ToProcess};

/// How long the engine looks without being rung for, after a new process has come.
const WATCHFUL_FOR: Duration = Duration::from_millis(100);

impl Engine {
    /// Does what a message asks for, or has it wait for room.
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
                // A ring file for a channel that has been removed meanwhile is not read.
                let place = ring_place(&self.sessions, ChannelUid(channel_uid), file_index);
                if let (Some(tracked), Some(ring), Some((name, origin))) = (tracked, ring, place) {
                    tracked.process.add_ring_file(name, ring, origin);
                }
                self.watchful_until = Instant::now() + WATCHFUL_FOR;
            }
            ToDaemon::SnapshotWanted { process_uid } => {
                let connection = self.connections.remove(&number);
                connection.iter().for_each(|it| self.readiness.forget(it.socket()));
                let is_known = self.processes.contains_key(&process_uid);
                // Dropping the connection tells the process that the snapshot is done.
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
                if let Some(tracked) = self.process_of_agent(number) {
                    tracked.applied = tracked.applied.max(generation);
                }
            }
            ToDaemon::Apart { from } => {
                let file =
                    self.process_of_agent(number).and_then(|tracked| tracked.process.file.as_ref());
                let reason = refusals::apart(file.map(|file| &*file.program.name), from);
                if let Some(who) = self.connections.get(&number).map(Connection::shown) {
                    self.tell_of_copies(&who, &reason);
                }
            }
        }
    }

    /// The process whose agent is at the other end of a connection.
    fn process_of_agent(&mut self, number: u64) -> Option<&mut Tracked> {
        let uid = self.connections.get(&number)?.agent_of?;
        self.processes.get_mut(&uid)
    }

    /// Notes that something of the process at the other end of a connection is not recorded.
    pub(super) fn note_refusal_of(&mut self, number: u64, reason: &str) {
        if let Some(who) = self.connections.get(&number).map(Connection::shown) {
            self.note_refusal(&who, reason);
        }
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

    /// Sends an agent everything that it has to know: the doorbell, and the present rules.
    pub(super) fn brief(&mut self, number: u64) {
        let rules = self.rules();
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.is_behind = false;
            connection.say(&ToProcess::Welcome, &[self.bell.memfd()]);
            connection.say(&ToProcess::Rules(rules), &[]);
        }
        self.expect(number);
    }
}

/// The name of a ring file that is handed over for a channel, and its required properties.
fn ring_place(
    sessions: &BTreeMap<SessionUid, Session>,
    channel: ChannelUid,
    index: u32,
) -> Option<(RingName, Origin)> {
    sessions.iter().find_map(|(session, of_session)| {
        let origin = of_session.channels.get(&channel)?.origin(of_session.config.shm_dir.as_ref());
        Some((RingName { session: *session, channel, index }, origin))
    })
}
