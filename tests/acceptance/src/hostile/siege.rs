//! A siege: one process that holds as much of the daemon as it may, and keeps it busy with all of it.
//!
//! ```text
//!   identities   each with a class log, some as long as can be, all classes numbered
//!   rings        one file, every stream of it with records
//!   connections  each says something again and again
//!   control      questions and changes, by clients that hang up
//! ```

use super::forge::{self, Ring, Shared};
use super::{Peer, Target};
use rustix::fd::AsFd;
use rustix::io;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use ust_core::abi::CLASS_LOG_BYTES;
use ust_core::protocol::ToDaemon;

/// Classes of each identity, except the first identity of every fourth process: that has as many as fit.
const CLASSES: u32 = 50;

/// Records in each stream.
const RECORDS: usize = 1000;

/// What the process holds.
#[derive(Debug)]
pub struct Siege {
    target: Target,
    control_version: u64,
    identities: Vec<([u8; 16], Shared)>,
    connections: Vec<Peer>,
    ring: Option<Ring>,
}

impl Siege {
    /// Holds so many identities and connections.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn lay(target: Target, identities: u32, connections: u32) -> io::Result<Self> {
        let mut siege = Self {
            control_version: control_version(&target).unwrap_or_default(),
            target,
            identities: Vec::new(),
            connections: Vec::new(),
            ring: None,
        };
        for number in 0..identities {
            let mut uid = [0; 16];
            uid[..4].copy_from_slice(&std::process::id().to_ne_bytes());
            uid[4..8].copy_from_slice(&number.to_ne_bytes());
            let file = forge::process_file(uid, std::process::id(), "besieger")?;
            let is_full = number == 0 && std::process::id().is_multiple_of(4);
            let most = if is_full { u32::MAX } else { CLASSES };
            fill_class_log(&file, most);
            siege.identities.push((uid, file));
        }
        for number in 0..connections {
            let peer = siege.target.connect()?;
            let _ = siege.introduce(&peer, number);
            siege.connections.push(peer);
        }
        siege.hand_over();
        Ok(siege)
    }

    /// Has each connection say something, and clients ask and go.
    pub fn press(&mut self) {
        for number in 0..self.connections.len() {
            let said = self.introduce(&self.connections[number], number as u32).and_then(|()| {
                self.connections[number].say(&ToDaemon::Applied { generation: 1 << 60 }, &[])
            });
            // Closed, not only full: another one takes its place.
            if said.is_err_and(|errno| errno != io::Errno::AGAIN)
                && let Ok(peer) = self.target.connect()
            {
                self.connections[number] = peer;
            }
            if number % 16 == 0 {
                let _ = self.ask_and_go();
            }
        }
    }

    fn introduce(&self, peer: &Peer, number: u32) -> io::Result<()> {
        let (process_uid, file) = &self.identities[number as usize % self.identities.len()];
        let message = ToDaemon::Introduction { process_uid: *process_uid };
        peer.say(&message, &[file.fd.as_fd()])
    }

    /// Hands over a ring whose streams all have records.
    fn hand_over(&mut self) {
        let Some((process_uid, file)) = self.identities.first() else { return };
        let Ok(peer) = self.target.connect() else { return };
        let Some(briefing) = peer.greet(*process_uid, &file.fd) else { return };
        for channel in &briefing.channels {
            let Some(ring) = forge::ring_file(*process_uid, channel, 0) else { return };
            (0..ring.shape.stream_count).for_each(|stream| ring.fill(stream, RECORDS));
            let message = ToDaemon::Handover {
                process_uid: *process_uid,
                channel_uid: channel.channel_uid,
                file_index: 0,
            };
            let _ = peer.say(&message, &[ring.file.fd.as_fd(), file.fd.as_fd()]);
            self.ring = Some(ring);
        }
    }

    fn ask_and_go(&self) -> std::io::Result<()> {
        let version = self.control_version;
        let question = r#"{"List":{"session":null}}"#.to_owned();
        let change = format!(r#"{{"Stop":{{"session":"{}"}}}}"#, "x".repeat(50_000));
        for request in [question, change] {
            let mut client = UnixStream::connect(self.target.control_socket())?;
            client.set_nonblocking(true)?;
            let line = format!(r#"{{"version":{version},"request":{request}}}"#);
            client.write_all(line.as_bytes())?;
            client.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// The version that the daemon's control socket speaks, as its refusals have it.
fn control_version(target: &Target) -> Option<u64> {
    let mut client = UnixStream::connect(target.control_socket()).ok()?;
    client.write_all(b"no request\n").ok()?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).ok()?;
    let (_, version) = answer.split_once("\"version\":")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Fills a class log with classes that are all numbered, up to so many.
fn fill_class_log(file: &Shared, most: u32) {
    forge::add_class(file, "tick", 1);
    let Some(header) = file.map.at::<ust_core::abi::ProcessHeader>(0) else { return };
    for number in 2..most {
        let used = header.log_bytes.load(ust_core::sync::Ordering::Relaxed) as usize;
        // Any class is shorter than this.
        if used + 256 > CLASS_LOG_BYTES {
            return;
        }
        forge::add_class(file, &format!("class_{number}"), number);
    }
}
