//! Meets a process: by an identity that it claims, and the process file that it sends for that.
//!
//! ```text
//!   known                                  its file is taken if none has come yet
//!   new, with a file of its own            it is known from here on
//!   new, and no file, or none of its own   the same, so that its rings find it; but only a few for each process
//! ```

use super::budget::Account;
use super::clock::Clocks;
use super::process::Process;
use super::process_file::{ProcessFile, Unusable};
use super::state::Engine;
use super::tracked::Tracked;
use super::watch::Watch;
use crate::limits::MAX_UNINTRODUCED_IDENTITIES;
use rustix::fd::OwnedFd;
use std::rc::Rc;

impl Engine {
    /// Makes sure that the process is known, and takes its file if it came along.
    pub(super) fn meet(&mut self, number: u64, uid: [u8; 16], file: Option<OwnedFd>) {
        let Some(connection) = self.connections.get(&number) else { return };
        let account = connection.account.clone();
        // The file of a known process is not looked at again.
        let is_wanted =
            self.processes.get(&uid).is_none_or(|tracked| tracked.process.file.is_none());
        let own_file = file.filter(|_| is_wanted).map(|fd| own_file(&fd, uid, &account));
        let is_told = matches!(own_file, Some(Err(Unusable::OverBudget(_))));
        if let Some(Err(Unusable::Reason(reason))) = &own_file {
            self.note_refusal_of(number, &format!("{reason}, and it is not recorded"));
        }
        let own_file = own_file.and_then(Result::ok);
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
            process: Process::new(account),
            watch: Watch::of(connection, &self.readiness),
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

    /// Whether a process has claimed as many identities without a process file as it may.
    fn is_full_of_strangers(&self, payer: i32) -> bool {
        let is_stranger =
            |tracked: &&Tracked| tracked.payer == payer && tracked.process.file.is_none();
        self.processes.values().filter(is_stranger).count() >= MAX_UNINTRODUCED_IDENTITIES
    }
}

/// Checks the process file that came for an identity.
fn own_file(fd: &OwnedFd, uid: [u8; 16], account: &Rc<Account>) -> Result<ProcessFile, Unusable> {
    let file = ProcessFile::new(fd, account)?;
    if file.uid == uid { Ok(file) } else { Err("it sent another process's file".into()) }
}
