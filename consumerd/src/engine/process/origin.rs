//! Where a ring file comes from, and what it must be because of that.

use super::ring_kind::RingKind;
use super::ring_name::RingName;
use crate::advice::{Attempt, why};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{FileType, fstat, lstat, readlink};
use rustix::io::Errno;
use ust_core::abi::{Buffers, ShmPath};

/// Where a ring file comes from, and what it must be.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "made once a ring file, and not kept")]
pub enum Origin {
    /// Handed over by its process.
    Process {
        /// What its channel has; `None` if this machine could not address such a file.
        kind: Option<RingKind>,
        /// The directory in which the process must have made it, if there is one.
        dir: Option<ShmPath>,
    },
    /// Left behind by the death of both sides.
    LeftBehind(Buffers),
}

impl Origin {
    /// Compares a file's claims with what is known of its channel.
    pub fn check(&self, claimed: RingKind) -> Result<(), String> {
        match self {
            Origin::Process { kind: Some(own), .. } if claimed.is_of(*own) => Ok(()),
            Origin::Process { kind: Some(own), .. } => {
                Err(format!("a ring file claims {claimed}, where its channel has {own}"))
            }
            Origin::Process { kind: None, .. } => {
                Err("a ring file is larger than this machine can address".into())
            }
            Origin::LeftBehind(own) if claimed.buffers == *own => Ok(()),
            Origin::LeftBehind(own) => {
                let own = RingKind { buffers: *own, ..claimed };
                Err(format!("a ring file claims {claimed}, where its session had {own}"))
            }
        }
    }
}

/// Makes sure that a file without seals is the one of its name in the channel's directory; returns its size.
pub fn check_named(
    fd: &OwnedFd,
    dir: ShmPath,
    uid: [u8; 16],
    name: RingName,
) -> Result<usize, String> {
    let failed = |errno: Errno| {
        format!("a ring file cannot be looked at: {}", why(Attempt::Read, &errno.into()))
    };
    let stranger = "a ring file is not the one of its name in the directory for ring files";
    let stat = fstat(fd).map_err(failed)?;
    let path = readlink(format!("/proc/self/fd/{}", fd.as_raw_fd()), Vec::new()).map_err(failed)?;
    let prefix = dir.ring_file_of_any(uid, name.channel.0, name.index);
    let tid = path.to_bytes().strip_prefix(prefix.as_bytes()).ok_or(stranger)?;
    let named = lstat(&path).map_err(failed)?;
    let is_it = tid.iter().all(u8::is_ascii_digit)
        && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && (stat.st_dev, stat.st_ino) == (named.st_dev, named.st_ino);
    if !is_it {
        return Err(stranger.into());
    }
    usize::try_from(stat.st_size).map_err(|_| "a ring file is too large".into())
}
