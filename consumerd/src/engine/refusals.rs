//! Processes of which something is not recorded, and cannot be counted either: which processes, and why.
//!
//! Whatever ends a hand-over or refuses a peer becomes a record, a count, or a line here. What the consumer meets:
//!
//! | what | where it is reported |
//! | --- | --- |
//! | `accept`: EMFILE, ENFILE, ENOMEM, ENOBUFS | an error of every session, once until it is over |
//! | a peer of another user, or of a user namespace whose users are not known here | a line here |
//! | a peer of another PID namespace, on Linux before 6.5, which does not tell its end | a line here |
//! | a message of another version of the protocol, or of none; one that is too long | a line here |
//! | a process file that is not sealed, of another version, of another process | a line here |
//! | a message whose descriptor did not come: there was no number for it (EMFILE) | a line here |
//! | more identities than a process may have | a line here |
//! | a process that reports that it cannot have what it needs (`ToDaemon::Lacking`) | a line here |
//! | a ring file that makes no sense, is of another kind, or is one too many | an error of its session |
//! | `pidfd`: EMFILE, ENFILE, ENOMEM | nowhere: the process is watched by its mappings instead |
//!
//! What a process meets: `ust`'s `reach`.
//!
//! One line for each reason, with the first process and how many others: a thousand processes under one limit make one
//! line.

use super::untrusted_errno::known_errno;
use crate::advice::{self, Attempt};
use crate::limits::{MAX_REFUSED_NAMES, MAX_REFUSED_REASONS};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::io;
use ust_core::protocol::{Lack, OtherCopy};
use ust_core::version::Mismatch;

/// See the module page.
#[derive(Debug, Default)]
pub struct Refusals(Vec<Refusal>);

#[derive(Debug)]
struct Refusal {
    reason: String,
    first: String,
    others: BTreeSet<String>,
}

impl Refusals {
    /// Notes a refusal; returns whether its reason is new.
    pub fn note(&mut self, who: &str, reason: &str) -> bool {
        if let Some(known) = self.0.iter_mut().find(|refusal| refusal.reason == reason) {
            if known.first != who && known.others.len() < MAX_REFUSED_NAMES {
                known.others.insert(who.to_owned());
            }
            return false;
        }
        if self.0.len() >= MAX_REFUSED_REASONS {
            return false;
        }
        let (reason, first) = (reason.to_owned(), who.to_owned());
        self.0.push(Refusal { reason, first, others: BTreeSet::new() });
        true
    }

    /// A line for each reason.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|Refusal { reason, first, others }| match others.len() {
            0 => format!("{first}: {reason}"),
            1 => format!("{first} and 1 other: {reason}"),
            MAX_REFUSED_NAMES => {
                format!("{first} and {MAX_REFUSED_NAMES} others or more: {reason}")
            }
            more => format!("{first} and {more} others: {reason}"),
        })
    }
}

/// The message about a process that reports that it cannot have something.
pub fn lacking(what: Lack, untrusted_errno: u32) -> String {
    let (missing, consequence) = match what {
        Lack::ProcessFile => {
            ("it can have no process file", "none of its events are recorded or counted until then")
        }
        Lack::Agent => ("its agent cannot be started", "it keeps the rules that it began with"),
        Lack::Forks => ("pages cannot be wiped at a fork", "none of its events are recorded"),
    };
    let Some(errno) = known_errno(untrusted_errno) else {
        return format!("{missing}: {consequence}");
    };
    let advice = match (what, errno) {
        (Lack::Agent, Errno::AGAIN) => Some("let its user have more processes (ulimit -u)"),
        _ => advice::known(Attempt::Ring, errno),
    };
    let advice = advice.map(|advice| format!(": {advice}")).unwrap_or_default();
    format!("{missing}: {}: {consequence}{advice}", io::Error::from(errno))
}

/// The text about a program with copies of the library that do not join.
pub fn apart(name: &str, untrusted_from: OtherCopy) -> String {
    let (what, mismatch) = match untrusted_from {
        OtherCopy::Table(mismatch) => ("in-process table", mismatch),
        OtherCopy::Abi(mismatch) => ("shared memory", mismatch),
    };
    let Mismatch { found, own } = mismatch;
    format!(
        "{name} holds copies of ust that cannot join: the {what} of one has version {found}, of the other version {own}: \
         each is recorded as a process of its own: build the program and its plugins with one version of ust"
    )
}

/// The name in untrusted bytes that end with zeroes.
pub fn name_of(untrusted_procname: &[u8; 16]) -> String {
    let name = untrusted_procname.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reason_is_one_line_however_many_processes_it_meets() {
        let mut refusals = Refusals::default();
        assert!(refusals.note("process 1", "no"));
        assert!(!refusals.note("process 1", "no"), "it has come again");
        assert_eq!(refusals.lines().collect::<Vec<_>>(), ["process 1: no"]);
        refusals.note("process 2", "no");
        refusals.note("process 2", "no");
        assert_eq!(refusals.lines().collect::<Vec<_>>(), ["process 1 and 1 other: no"]);
        (0..2 * MAX_REFUSED_NAMES).for_each(|pid| _ = refusals.note(&format!("{pid}"), "no"));
        let all = format!("process 1 and {MAX_REFUSED_NAMES} others or more: no");
        assert_eq!(refusals.lines().collect::<Vec<_>>(), [all]);
        (0..2 * MAX_REFUSED_REASONS).for_each(|n| _ = refusals.note("x", &format!("{n}")));
        assert_eq!(refusals.lines().count(), MAX_REFUSED_REASONS);
    }

    #[test]
    fn what_is_lacking_is_said_with_the_reason_and_what_to_do() {
        let text = |what, errno: Errno| lacking(what, errno.raw_os_error() as u32);
        let said = text(Lack::ProcessFile, Errno::FBIG);
        assert!(said.contains("File too large") && said.contains("(ulimit -f)"), "{said}");
        let said = text(Lack::Agent, Errno::AGAIN);
        assert!(said.contains("keeps the rules") && said.ends_with("(ulimit -u)"), "{said}");
        assert_eq!(
            lacking(Lack::Forks, 0),
            "pages cannot be wiped at a fork: none of its events are recorded"
        );
    }
}
