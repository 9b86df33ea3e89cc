//! Publishes rules: writes them to the file that processes read before `main`, sends them to every agent, and changes
//! the word on which processes without a daemon wait.

use super::api::{ChannelConfig, ChannelUid, EngineError, SessionConfig};
use super::channel::Channel;
use super::session::Session;
use super::state::Engine;
use crate::place::Place;
use rustix::fs::{OFlags, ftruncate};
use rustix::thread::futex;
use std::io;
use ust_core::paths::WAKE;
use ust_core::protocol::{Block, ChannelRules, Rules, ToProcess, encode};
use ust_core::shm::Mapping;
use ust_core::sync::AtomicU32;

impl Engine {
    /// Publishes the rules to the file and to all agents; returns their generation.
    ///
    /// # Errors
    /// The rules file cannot be written.
    pub fn publish(&mut self) -> Result<u64, EngineError> {
        self.keep_place();
        self.publish_here()
    }

    /// The same, in the runtime directory as it is held.
    pub(super) fn publish_here(&mut self) -> Result<u64, EngineError> {
        self.generation += 1;
        let rules = self.rules();
        self.write_rules().and_then(|()| wake_waiting(&self.place)).map_err(EngineError::io(
            format!("the rules in {} cannot be published", self.place.path().display()),
        ))?;
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

    /// Writes the rules to the file that a process reads when it starts.
    pub(super) fn write_rules(&mut self) -> io::Result<()> {
        let rules = encode(&self.rules());
        self.place.write_rules(&rules)
    }

    /// The rules that are in force now.
    pub(super) fn rules(&self) -> Rules {
        let of_session = |session: &Session| {
            let channels = session.channels.iter();
            channels.map(|it| Block(channel_rules(session, it))).collect::<Vec<_>>()
        };
        let channels = self.sessions.values().flat_map(of_session).collect();
        Rules { generation: self.generation, channels }
    }

    /// Whether every connected agent has applied this generation (or a later one).
    pub fn is_applied(&self, generation: u64) -> bool {
        let mut agents = self.processes.values().filter(|tracked| tracked.agent.is_some());
        agents.all(|tracked| tracked.applied >= generation)
    }
}

/// A channel in the form that processes are sent.
fn channel_rules(session: &Session, (uid, channel): (&ChannelUid, &Channel)) -> ChannelRules {
    let SessionConfig { clock, shm_dir, .. } = &session.config;
    let ChannelConfig { geometry, buffers, mode, residency, .. } = channel.config;
    ChannelRules {
        channel_uid: uid.0,
        subbuf_size_bytes: geometry.subbuf_size_bytes() as u64,
        subbuf_count: geometry.subbuf_count() as u32,
        clock: *clock,
        buffers,
        mode,
        residency,
        shm_path: shm_dir.as_ref().map(|dir| dir.path().display().to_string()),
        shm_dir: shm_dir.as_ref().and_then(|dir| dir.shm_path().directory),
        is_active: session.is_active,
        contexts: Vec::new(),
        events: channel.rules.iter().cloned().map(Block).collect(),
    }
}

/// Wakes every process that waits for a daemon.
fn wake_waiting(place: &Place) -> io::Result<()> {
    let fd = place.own().open_file(WAKE, OFlags::RDWR | OFlags::CREATE)?;
    ftruncate(&fd, size_of::<AtomicU32>() as u64)?;
    let mut bytes = [0; 4];
    rustix::io::pread(&fd, &mut bytes, 0)?;
    let next = u32::from_ne_bytes(bytes).wrapping_add(1);
    // Written by a system call, not stored: a page of a file can go away.
    rustix::io::pwrite(&fd, &next.to_ne_bytes(), 0)?;
    let map = Mapping::new(&fd, size_of::<AtomicU32>())?;
    let Some(word) = map.at::<AtomicU32>(0) else { return Ok(()) };
    futex::wake(word.futex(), futex::Flags::empty(), i32::MAX as u32)?;
    Ok(())
}
