//! A hostile client: speaks the agents' protocol wrongly in many ways, chosen by a seed.
//!
//! ```text
//!   Peer      one end of the agents' socket: sends any bytes with any descriptors, and hears the rules
//!   forge     process files, class logs and ring files that are right, so that a little can be made wrong in them
//!   scribble  a thread that changes shared memory while the daemon reads it
//!   siege     one process that holds as much as it may
//!   attacks   the table of attacks: each makes one attempt, and none expects an answer
//! ```
//!
//! The program `hostile` runs attacks for some seconds and says how many it made of each; tests run honest programs beside
//! it. Everything that is sent may come from a broken or hostile program, never from an honest one. The same seed makes the
//! same attempts in the same order; what the daemon does at that time may differ.

pub mod attacks;
pub mod forge;
pub mod scribble;
pub mod siege;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io;
use rustix::net::{RecvFlags, SendFlags, SocketAddrUnix};
use std::path::PathBuf;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::{Block, ChannelRules, ToDaemon, ToProcess, decode, encode};
use ust_core::socket::{self, Inbox};
use ust_test_support::random::Random;
use ust_test_support::wait::HANGS_AFTER;

/// How long the daemon is given to answer a greeting, in seconds.
const ANSWER_SECONDS: i64 = 5;

/// The daemon under attack.
#[derive(Debug, Clone)]
pub struct Target {
    dir: RuntimeDir,
    address: SocketAddrUnix,
}

impl Target {
    /// The daemon that serves this runtime directory.
    ///
    /// # Panics
    /// Its path is too long for a socket's address.
    pub fn at(dir: PathBuf) -> Self {
        let dir = RuntimeDir::at(dir);
        let address = SocketAddrUnix::new(dir.agent_socket()).expect("the path is short");
        Self { dir, address }
    }

    /// The path of the socket where `ust` gives its commands.
    pub fn control_socket(&self) -> PathBuf {
        self.dir.control_socket()
    }

    /// A new connection.
    ///
    /// # Errors
    /// What the kernel says: the daemon's queue may be full.
    pub fn connect(&self) -> io::Result<Peer> {
        socket::connect_to(&self.address, true).map(Peer)
    }
}

/// One connection to the agents' socket.
#[derive(Debug)]
pub struct Peer(OwnedFd);

impl Peer {
    /// Sends bytes, and descriptors with them, without waiting for room.
    ///
    /// # Errors
    /// What the kernel says: the daemon may have hung up, or not have listened for a while.
    pub fn send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        socket::send(&self.0, bytes, fds, SendFlags::DONTWAIT)
    }

    /// Sends a message as an agent would.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn say(&self, message: &ToDaemon, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.send(&encode(message), fds)
    }

    /// The bytes of the next message, for which it waits. `None` if the daemon hangs up instead.
    ///
    /// # Panics
    /// The daemon does neither.
    pub fn hear(&self) -> Option<Vec<u8>> {
        let mut inbox = Inbox::default();
        let patience = Timespec { tv_sec: HANGS_AFTER.as_secs() as i64, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&patience)).ok()?;
        assert_ne!(ready, 0, "waited {HANGS_AFTER:?} in vain for the daemon's answer");
        let received = socket::receive(&self.0, RecvFlags::DONTWAIT, &mut inbox).ok()?;
        Some(received.untrusted_bytes.to_owned()).filter(|bytes| !bytes.is_empty())
    }

    /// What the daemon tells an agent that greets it: the channels, and the doorbell. `None` if it hangs up instead,
    /// or does not answer.
    pub fn greet(&self, process_uid: [u8; 16], file: &OwnedFd) -> Option<Briefing> {
        self.say(&ToDaemon::Hello { process_uid }, &[file.as_fd()]).ok()?;
        let (mut inbox, mut doorbell) = (Inbox::default(), None);
        loop {
            let patience = Timespec { tv_sec: ANSWER_SECONDS, tv_nsec: 0 };
            poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&patience)).ok()?;
            let received = socket::receive(&self.0, RecvFlags::DONTWAIT, &mut inbox).ok()?;
            match decode(received.untrusted_bytes).ok()? {
                ToProcess::Welcome => doorbell = received.fds.into_iter().next(),
                ToProcess::Rules(rules) => {
                    let channels = rules.channels.into_iter().map(|Block(channel)| channel);
                    return Some(Briefing { channels: channels.collect(), doorbell });
                }
            }
        }
    }
}

/// What an agent is told.
#[derive(Debug)]
pub struct Briefing {
    /// The channels of all started sessions.
    pub channels: Vec<ChannelRules>,
    /// The two words by which writers wake the daemon.
    pub doorbell: Option<OwnedFd>,
}

/// Random bytes, so many.
pub fn noise(random: &mut Random, length_bytes: usize) -> Vec<u8> {
    (0..length_bytes).map(|_| random.below(256) as u8).collect()
}
