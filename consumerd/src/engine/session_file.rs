//! DIR/session: what rings in a directory do not say themselves, for whoever recovers them.
//!
//! Written once, when the session starts, and made durable: it is what a machine crash must not take.

use super::ChannelUid;
use super::clock::{ClockDescription, Clocks, own_time_namespace};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use ust_core::abi::Buffers;

/// Its name in the directory.
pub const SESSION_FILE: &str = "session";

/// The name under which it is written.
pub const SESSION_FILE_NEW: &str = "session.new";

/// Version of this file: a reader refuses any other.
const VERSION: u32 = 1;

/// No session file is longer.
const MAX_BYTES: u64 = 64 << 10;

/// See the module page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFile {
    version: u32,
    /// The channel that the rings are of.
    pub channel_uid: u64,
    /// What their clock means.
    pub clock: ClockDescription,
    /// The time namespace that it was read in; 0 if that is not known.
    #[serde(default)]
    time_namespace: u64,
    /// Who wrote to one stream.
    pub buffers: Buffers,
}

impl SessionFile {
    /// That of a channel.
    pub fn new(channel: ChannelUid, clock: ClockDescription, buffers: Buffers) -> Self {
        let time_namespace = own_time_namespace();
        Self { version: VERSION, channel_uid: channel.0, clock, time_namespace, buffers }
    }

    /// What the recorder's clocks were, to hold against those of processes.
    pub fn clocks(&self) -> Clocks {
        self.clock.clocks_at_pair(self.time_namespace)
    }

    /// Writes it: whole, by renaming.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let temporary = dir.join(SESSION_FILE_NEW);
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        // Whatever the umask: it is to be read again.
        file.set_permissions(Permissions::from_mode(0o600))?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(temporary, dir.join(SESSION_FILE))?;
        File::open(dir)?.sync_all()
    }

    /// Reads and checks it.
    ///
    /// # Errors
    /// It is not there, or it is none of this version.
    pub fn read(dir: &Path) -> io::Result<Self> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let mut json = Vec::new();
        File::open(dir.join(SESSION_FILE))?.take(MAX_BYTES).read_to_end(&mut json)?;
        let session: Self = serde_json::from_slice(&json)
            .map_err(|error| invalid(format!("it is no session file ({error})")))?;
        if session.version != VERSION {
            return Err(invalid(format!("it is of version {}, not {VERSION}", session.version)));
        }
        if session.clock.freq_hz == 0 {
            return Err(invalid("it says that the clock stands still".into()));
        }
        Ok(session)
    }
}
