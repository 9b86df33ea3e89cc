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
//! | a program with copies of the library that do not join (`ToDaemon::Apart`) | a line of the log |
//! | a ring file that makes no sense, is of another kind, or is one too many | an error of its session |
//! | `pidfd`: EMFILE, ENFILE, ENOMEM | nowhere: the process is watched by its mappings instead |
//!
//! What a process meets: `ust`'s `reach`.
//!
//! One line for each reason, with the first process and how many others: a thousand processes under one limit make one
//! line. The reasons are bounded, because processes can choose them. One line more says how often others have come.
//!
//! The log has a line at the first process of each reason, and one each time their number has doubled. So it stays short
//! whatever processes send, and never falls silent.

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
pub struct Refusals {
    listed: Vec<Refusal>,
    /// How often other reasons have come.
    unlisted: u64,
}

#[derive(Debug)]
struct Refusal {
    reason: String,
    first: String,
    others: BTreeSet<String>,
}

impl Refusals {
    /// Notes a refusal; returns what the log is to say of it.
    pub fn note(&mut self, who: &str, reason: &str) -> Option<String> {
        if let Some(known) = self.listed.iter_mut().find(|refusal| refusal.reason == reason) {
            return known.add(who).then(|| known.line());
        }
        let first = Refusal::new(who, reason);
        if self.listed.len() < MAX_REFUSED_REASONS {
            let line = first.line();
            self.listed.push(first);
            return Some(line);
        }
        self.unlisted = self.unlisted.saturating_add(1);
        let is_told = self.unlisted.is_power_of_two();
        is_told.then(|| format!("{}: {}", first.line(), beyond(self.unlisted)))
    }

    /// A line for each reason, and one for those that are not listed.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let is_beyond = self.unlisted > 0;
        let unlisted = || format!("{}: the log has the first of them", beyond(self.unlisted));
        self.listed.iter().map(Refusal::line).chain(is_beyond.then(unlisted))
    }
}

impl Refusal {
    fn new(who: &str, reason: &str) -> Self {
        Self { reason: reason.to_owned(), first: who.to_owned(), others: BTreeSet::new() }
    }

    /// Adds a process. Returns whether the number of processes has doubled since the last line about them, or has reached
    /// its bound.
    fn add(&mut self, who: &str) -> bool {
        let has_room = self.others.len() < MAX_REFUSED_NAMES;
        let is_new = self.first != who && has_room && self.others.insert(who.to_owned());
        let others = self.others.len();
        is_new && ((others + 1).is_power_of_two() || others == MAX_REFUSED_NAMES)
    }

    fn line(&self) -> String {
        let Self { reason, first, others } = self;
        match others.len() {
            0 => format!("{first}: {reason}"),
            1 => format!("{first} and 1 other: {reason}"),
            MAX_REFUSED_NAMES => {
                format!("{first} and {MAX_REFUSED_NAMES} others or more: {reason}")
            }
            more => format!("{first} and {more} others: {reason}"),
        }
    }
}

/// How often other reasons than those listed have come.
fn beyond(times: u64) -> String {
    match times {
        1 => format!("a reason beyond the first {MAX_REFUSED_REASONS} has come"),
        more => format!("reasons beyond the first {MAX_REFUSED_REASONS} have come {more} times"),
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

/// The text about a program with copies of the library that do not join. Its name is known once its process file is there.
pub fn apart(name: Option<&str>, untrusted_from: OtherCopy) -> String {
    let name = name.unwrap_or("its program");
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
        assert_eq!(refusals.note("process 1", "no").as_deref(), Some("process 1: no"));
        assert_eq!(refusals.note("process 1", "no"), None, "it has come again");
        assert_eq!(refusals.lines().collect::<Vec<_>>(), ["process 1: no"]);
        refusals.note("process 2", "no");
        refusals.note("process 2", "no");
        assert_eq!(refusals.lines().collect::<Vec<_>>(), ["process 1 and 1 other: no"]);
        (0..2 * MAX_REFUSED_NAMES).for_each(|pid| _ = refusals.note(&format!("{pid}"), "no"));
        let all = format!("process 1 and {MAX_REFUSED_NAMES} others or more: no");
        assert_eq!(refusals.lines().collect::<Vec<_>>(), [all]);
    }

    /// Its last line about a reason tells that there are more processes than are counted.
    #[test]
    fn the_log_hears_of_a_reason_each_time_its_processes_have_doubled() {
        let mut refusals = Refusals::default();
        let mut told = |pids: std::ops::Range<usize>| -> Vec<String> {
            let notes = pids.filter_map(|pid| refusals.note(&format!("process {pid}"), "no"));
            notes.map(|line| line.replace("process 0 and ", "")).collect()
        };
        assert_eq!(told(0..5), ["process 0: no", "1 other: no", "3 others: no"]);
        assert_eq!(told(0..5), [""; 0], "they have come again");
        let last = told(5..3 * MAX_REFUSED_NAMES).pop();
        assert_eq!(last, Some(format!("{MAX_REFUSED_NAMES} others or more: no")));
    }

    #[test]
    fn reasons_beyond_those_listed_are_counted_and_the_first_of_them_is_told() {
        let mut refusals = Refusals::default();
        let reason = |number: usize| format!("reason {number}");
        (0..MAX_REFUSED_REASONS).for_each(|number| _ = refusals.note("x", &reason(number)));
        assert_eq!(refusals.lines().count(), MAX_REFUSED_REASONS);
        let told = refusals.note("x", "one too many").expect("the first is told");
        assert_eq!(told, "x: one too many: a reason beyond the first 32 has come");
        let more = (100..199).filter_map(|number| refusals.note("x", &reason(number)));
        assert_eq!(more.count(), 6, "the times 2, 4, ..., 64");
        assert_eq!(refusals.lines().count(), MAX_REFUSED_REASONS + 1);
        let last = refusals.lines().last().unwrap_or_default();
        assert!(last.starts_with("reasons beyond the first 32 have come 100 times:"), "{last}");
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
