//! DIR/session: what recovery needs and the rings in a directory do not say themselves.
//!
//! Written once, when the session starts, and made durable, because it must outlast a machine crash.

use super::api::{ChannelUid, SessionUid};
use super::clock::{ClockDescription, Clocks, own_time_namespace};
use super::drain::StreamClass;
use crate::channel_name::is_channel_name;
use ctf::dir::Dir;
use rustix::fs::{OFlags, fsync, renameat};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Write};
use ust_core::abi::{Buffers, SESSION_FILE, SESSION_FILE_NEW};
use ust_core::shm::own_dir::OwnDir;
use ust_core::version::{Mismatch, Version};

/// Version of this file.
const VERSION: Version = Version { major: 2, minor: 0 };

/// A session file is no longer than this.
const MAX_BYTES: u64 = 64 << 10;

/// Why a session file cannot be used, as a phrase.
#[derive(Debug, thiserror::Error)]
pub enum SessionFileError {
    /// It does not exist, or it is no session file.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// Another version has written it.
    #[error("it is of {0}")]
    Version(#[from] Mismatch),
}

/// See the module page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFile {
    #[serde(flatten)]
    version: Version,
    /// The session that the rings are of.
    pub session_uid: u64,
    /// What their clock means.
    pub clock: ClockDescription,
    /// The time namespace in which the clock was read; 0 if that is not known.
    #[serde(default)]
    time_namespace: u64,
    /// Its channels, in the order of their numbers.
    pub channels: Vec<SessionChannel>,
}

/// A channel of the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionChannel {
    /// Its identity, as ring files name it.
    pub uid: u64,
    /// Its name.
    pub name: String,
    /// Who wrote to one stream.
    pub buffers: Buffers,
}

impl SessionChannel {
    /// The channel that traces describe by this class.
    pub fn of(class: &StreamClass) -> Self {
        Self { uid: class.channel.0, name: class.name.clone(), buffers: class.buffers }
    }

    /// Its description in traces.
    fn class(&self) -> StreamClass {
        let channel = ChannelUid(self.uid);
        StreamClass { channel, name: self.name.clone(), buffers: self.buffers }
    }
}

impl SessionFile {
    /// The file of a session.
    pub fn new(
        session: SessionUid,
        clock: ClockDescription,
        channels: Vec<SessionChannel>,
    ) -> Self {
        let time_namespace = own_time_namespace();
        Self { version: VERSION, session_uid: session.0, clock, time_namespace, channels }
    }

    /// Its channels, as traces describe them.
    pub fn classes(&self) -> Vec<StreamClass> {
        self.channels.iter().map(SessionChannel::class).collect()
    }

    /// The recorder's clocks, for comparison with those of processes.
    pub fn clocks(&self) -> Clocks {
        self.clock.clocks_at_pair(self.time_namespace)
    }

    /// Writes it whole, by renaming.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn write(&self, dir: &OwnDir) -> io::Result<()> {
        // A file of that name was not made by this session: it is removed, and never opened.
        dir.remove(SESSION_FILE_NEW);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let mut file = File::from(dir.open_file(SESSION_FILE_NEW, flags)?);
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        renameat(dir, SESSION_FILE_NEW, dir, SESSION_FILE)?;
        Ok(fsync(dir)?)
    }

    /// Reads and checks it.
    ///
    /// # Errors
    /// It does not exist, or it is not of this version.
    pub fn read(dir: &Dir) -> Result<Self, SessionFileError> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let mut json = Vec::new();
        dir.open_plain(SESSION_FILE)?.take(MAX_BYTES).read_to_end(&mut json)?;
        let no_session =
            |error: serde_json::Error| invalid(format!("it is no session file ({error})"));
        // The version is parsed first: the rest of another version's file may have any form.
        let version: Version = serde_json::from_slice(&json).map_err(no_session)?;
        VERSION.check(version)?;
        let session: Self = serde_json::from_slice(&json).map_err(no_session)?;
        if session.clock.freq_hz == 0 {
            return Err(invalid("the frequency of its clock is 0".into()).into());
        }
        // The names become names of files.
        if let Some(odd) = session.channels.iter().find(|it| !is_channel_name(&it.name)) {
            return Err(invalid(format!("{:?} is no channel's name", odd.name)).into());
        }
        Ok(session)
    }
}
