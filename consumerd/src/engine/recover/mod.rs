//! Reads rings that were left behind by the death of both sides or by a machine crash, and writes them as traces.
//!
//! ```text
//!   DIR/session ------------------> clock, channel
//!   DIR/process-UID --copy-->  \
//!   DIR/ring-UID-...  --copy-->  a Process, its streams resumed where their reader died --> OUT/PROCNAME-PID/
//! ```
//!
//! Files are copied into sealed memory first and read there. So changes to the files meanwhile do no harm, and the
//! files stay as they are: recovery can be repeated. Damage costs only what is damaged. Rings that a process still maps
//! are left alone, because writers would go on during recovery.

mod sealed_copy;
mod users;

use super::api::{ChannelUid, SessionUid};
use super::budget::Account;
use super::drain::Pass;
use super::process::{Destination, Origin, Process, RingHeader, RingName};
use super::process_file::ProcessFile;
use super::round::Round;
use super::session_file::{SessionFile, SessionFileError};
use super::summary::SessionSummary;
use crate::advice::{Attempt, why};
use crate::held_dir::{as_path, names_in};
use crate::output::Output;
use ctf::dir::Tree;
use rustix::fd::OwnedFd;
use rustix::fs::fstat;
use rustix::io::{Errno, pread};
use sealed_copy::{sealed_copy, unreadable};
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io;
use std::path::PathBuf;
use ust_core::abi::{
    PAGE_BYTES, PROCESS_FILE_PREFIX, RING_FILE_PREFIX, SESSION_FILE, SESSION_FILE_NEW,
    is_process_file_size,
};

/// The advice for a user who has given another directory.
pub const WHAT_TO_GIVE: &str =
    "give a directory that was the --shm-path of a recording that was cut off, or a trace";

/// Why nothing can be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// There is no session file, or it is damaged.
    #[error("{0}: {1}: {WHAT_TO_GIVE}")]
    Session(PathBuf, #[source] SessionFileError),
    /// Another version has recorded it.
    #[error("{0}: {1}: use the `ust` of the release that made the recording")]
    Version(PathBuf, #[source] SessionFileError),
    /// The directory cannot be listed.
    #[error("{0} cannot be listed: {why}", why = why(Attempt::Read, .1))]
    Directory(PathBuf, #[source] io::Error),
}

/// A directory of rings that were left behind.
#[derive(Debug)]
pub struct LeftBehind {
    tree: Tree,
    session: SessionFile,
    /// By the hexadecimal digits of the process identity.
    processes: BTreeMap<String, Files>,
    strangers: Vec<String>,
}

/// The files that one process has left.
#[derive(Debug, Default)]
struct Files {
    process: Option<String>,
    rings: Vec<String>,
}

/// What was recovered, and what could not be.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The same as a recording's. Losses and overwritten records are counted from each ring's beginning.
    pub summary: SessionSummary,
    /// Records whose calls had not returned.
    pub holes: u64,
}

impl LeftBehind {
    /// Finds out what is in a directory.
    ///
    /// # Errors
    /// It is no such directory.
    pub fn find(tree: Tree) -> Result<Self, RecoverError> {
        let path = || tree.path().join(as_path(SESSION_FILE));
        let session = SessionFile::read(tree.dir()).map_err(|error| match error {
            SessionFileError::Version(_) => RecoverError::Version(path(), error),
            SessionFileError::Unreadable(_) => RecoverError::Session(path(), error),
        })?;
        let failed = |errno: Errno| RecoverError::Directory(tree.path().to_owned(), errno.into());
        let names: Result<Vec<_>, _> = names_in(tree.dir()).and_then(Iterator::collect);
        let names = names.map_err(failed)?;
        let mut left = Self { tree, session, processes: BTreeMap::new(), strangers: Vec::new() };
        names.iter().for_each(|name| left.sort_in(name));
        Ok(left)
    }

    fn sort_in(&mut self, name: &CStr) {
        if [SESSION_FILE, SESSION_FILE_NEW].contains(&name) {
            return;
        }
        let name = &*name.to_string_lossy();
        let is_hex = |text: &&str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let ring = name.strip_prefix(RING_FILE_PREFIX).and_then(|rest| rest.split('-').next());
        if let Some(uid) = name.strip_prefix(PROCESS_FILE_PREFIX).filter(is_hex) {
            self.processes.entry(uid.to_owned()).or_default().process = Some(name.to_owned());
        } else if let Some(uid) = ring.filter(is_hex) {
            self.processes.entry(uid.to_owned()).or_default().rings.push(name.to_owned());
        } else {
            self.strangers.push(name.to_owned());
        }
    }

    /// Writes what the rings hold as traces below `output`. Errors of single processes or files are in the summary.
    pub fn recover(&self, output: &Output) -> Recovered {
        let mut recovered = Recovered::default();
        let errors = &mut recovered.summary.errors;
        for name in &self.strangers {
            let path = self.tree.path().join(name);
            errors.push(format!("{} is no file of a recording: passed over", path.display()));
        }
        let users = users::of_rings();
        for (uid, files) in &self.processes {
            if let Some(user) = users.get(uid) {
                let errors = &mut recovered.summary.errors;
                errors.push(format!("{}: {user}", self.shown(files)));
                continue;
            }
            self.recover_process(files, output, &mut recovered);
        }
        recovered
    }

    fn recover_process(&self, files: &Files, output: &Output, recovered: &mut Recovered) {
        let mut process = match self.process_file(files) {
            Ok(mut file) => {
                file.compare_clocks(self.session.clocks());
                Process::left_behind(file)
            }
            Err(error) => {
                recovered.summary.errors.push(format!(
                    "{}: {error}: the records in its {} ring files cannot be read",
                    self.shown(files),
                    files.rings.len()
                ));
                return;
            }
        };
        let session = SessionUid(self.session.session_uid);
        let classes = self.session.classes();
        let mut rings = Vec::new();
        for name in &files.rings {
            match self.copy_ring(name) {
                Ok(ring) => rings.push(ring),
                Err(error) => {
                    let path = self.tree.path().join(name);
                    let error = format!("{}: {error}: its records are lost", path.display());
                    recovered.summary.errors.push(error);
                }
            }
        }
        // Of two files with the same number, one lost a race and was never used.
        rings.sort_by_key(|(header, _)| std::cmp::Reverse(header.untrusted_claimed.count_ones()));
        for (header, fd) in rings {
            let channel = ChannelUid(header.channel_uid);
            let Some(class) = classes.iter().find(|class| class.channel == channel) else {
                let error = format!("{}: a ring file is of another session", self.shown(files));
                recovered.summary.errors.push(error);
                continue;
            };
            let name = RingName { session, channel, index: header.index };
            process.add_ring_file(name, fd, Origin::LeftBehind(class.buffers));
        }
        let to =
            Destination { output, clock: self.session.clock, classes: &classes, is_drained: true };
        for pass in [Pass::Recover, Pass::Finish] {
            process.pass(session, pass, to, &mut Round::whole());
        }
        process.add_to(session, &classes, &mut recovered.summary);
        recovered.holes += process.holes(session);
    }

    fn process_file(&self, files: &Files) -> Result<ProcessFile, String> {
        let name = files.process.as_ref().ok_or("its process file is missing")?;
        let (fd, size_bytes) = self.open_file(name)?;
        if is_process_file_size(size_bytes).is_none() {
            return Err("the process file has an impossible size".into());
        }
        let file = sealed_copy(&fd, size_bytes)?;
        // It may be a stranger's file too, but there is no other process to protect.
        ProcessFile::new(&file, &Account::alone()).map_err(|reason| reason.to_string())
    }

    /// The name of these files in an error.
    fn shown(&self, files: &Files) -> String {
        let name = files.process.as_ref().or(files.rings.first());
        name.map(|name| self.tree.path().join(name).display().to_string()).unwrap_or_default()
    }

    /// A checked header, and a sealed copy of the file.
    fn copy_ring(&self, name: &str) -> Result<(RingHeader, OwnedFd), String> {
        let (fd, size_bytes) = self.open_file(name)?;
        let mut page = [0; PAGE_BYTES];
        let length = pread(&fd, &mut page, 0).map_err(unreadable)?;
        let header = RingHeader::parse(&page[..length], size_bytes)?;
        Ok((header, sealed_copy(&fd, size_bytes)?))
    }

    fn open_file(&self, name: &str) -> Result<(OwnedFd, usize), String> {
        let file = self.tree.dir().open_plain(name).map_err(unreadable)?;
        let stat = fstat(&file).map_err(unreadable)?;
        let size_bytes = usize::try_from(stat.st_size).map_err(|_| "it is too large")?;
        Ok((file.into(), size_bytes))
    }
}
