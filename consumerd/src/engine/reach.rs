//! Whom a channel's rules reached: so that a recording without events can say why it has none.
//!
//! ```text
//!   a process has ended  --> counted; for each rule that has matched nothing yet, its events are compared with the rule
//!   conclude             --> the same for those that still run, and all of it as a `Reach`
//! ```
//!
//! Event names are untrusted: how many are compared is bounded ([`MAX_COMPARED_NAMES`]), and how many are kept.

use super::api::{Reach, Running, Unmatched};
use super::connection::Watch;
use super::process_file::ProcessFile;
use super::{Channel, ChannelSummary, ChannelUid, Engine, Tracked, images};
use crate::limits::{
    MAX_COMPARED_BYTES, MAX_COMPARED_NAMES, MAX_COMPARED_RULES, MAX_NAMED_PROCESSES,
};
use std::collections::BTreeMap;

/// Events that are named as the closest to a rule.
const CLOSEST: usize = 3;

/// What has been seen of processes, the dead ones included.
#[derive(Debug, Default)]
pub struct Seen {
    /// Whether the channel has ever recorded.
    pub was_active: bool,
    /// Processes that have introduced themselves while it did, and are gone.
    connected: u64,
    /// For a rule that matches nothing, the closest events, the closest first.
    closest: BTreeMap<String, Vec<(usize, String)>>,
    compared: usize,
}

impl Seen {
    /// Notes a process that is gone, and how close its events come to rules that have matched nothing.
    pub fn note_gone(&mut self, file: &ProcessFile, unmatched: &[&String]) {
        if self.was_active {
            self.connected += 1;
            self.compare(file, unmatched);
        }
    }

    fn compare(&mut self, file: &ProcessFile, unmatched: &[&String]) {
        if unmatched.is_empty() || self.compared == MAX_COMPARED_NAMES {
            return;
        }
        for class in file.log.names().filter(|class| class.name.len() <= MAX_COMPARED_BYTES) {
            for rule in unmatched.iter().take(MAX_COMPARED_RULES) {
                if self.compared == MAX_COMPARED_NAMES {
                    return;
                }
                self.compared += 1;
                let closest = self.closest.entry((*rule).clone()).or_default();
                let found = (distance(rule, &class.name), class.name.clone());
                if let Err(index) = closest.binary_search(&found) {
                    closest.insert(index, found);
                    closest.truncate(CLOSEST);
                }
            }
        }
    }

    fn closest(&self, rule: &str) -> Vec<String> {
        let closest = self.closest.get(rule).into_iter().flatten();
        closest.map(|(_, name)| name.clone()).collect()
    }
}

impl Channel {
    /// The rules of which nobody has had an event.
    pub(super) fn unmatched(&self) -> Vec<&String> {
        self.globs.iter().filter(|glob| !self.matched.contains(*glob)).collect()
    }

    /// Notes a process that is gone.
    pub(super) fn note_gone(&mut self, file: &ProcessFile) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.note_gone(file, &self.unmatched());
        self.seen = seen;
    }
}

impl Engine {
    /// What the channel has recorded so far, and whom it reached.
    pub fn conclude(&mut self, uid: ChannelUid) -> ChannelSummary {
        let mut summary = self.summary(uid);
        let Some(channel) = self.channels.get_mut(&uid) else { return summary };
        let mut reach = Reach {
            was_active: channel.seen.was_active,
            rules: channel.globs.len() as u64,
            connected: channel.seen.connected,
            ..Reach::default()
        };
        for tracked in self.processes.values_mut() {
            channel.note_matches(&mut tracked.process);
            let Some(file) = &tracked.process.file else { continue };
            reach.connected += 1;
            let mut seen = std::mem::take(&mut channel.seen);
            seen.compare(file, &channel.unmatched());
            channel.seen = seen;
            if is_alive(tracked) {
                reach.add_running(Running { pid: file.pid, procname: file.procname.clone() });
            }
        }
        let unmatched = channel
            .unmatched()
            .into_iter()
            .map(|rule| Unmatched { rule: rule.clone(), closest: channel.seen.closest(rule) });
        reach.unmatched = unmatched.filter(|_| reach.connected > 0).collect();
        summary.reach = reach;
        summary.note_gone(channel.output.look());
        summary
    }
}

impl Reach {
    fn add_running(&mut self, process: Running) {
        self.still_run += 1;
        if self.running.len() < MAX_NAMED_PROCESSES {
            self.running.push(process);
        }
    }
}

fn is_alive(tracked: &Tracked) -> bool {
    match tracked.watch {
        Watch::Mappings => images::has_image(tracked),
        Watch::Pidfd(_) | Watch::Dead => !tracked.is_dead(),
    }
}

/// How far an event is from what a rule can match: changes of a letter, in provider and name; where the rule has a
/// wildcard, only what it spells is compared.
fn distance(rule: &str, event: &str) -> usize {
    match (rule.split_once(':'), event.split_once(':')) {
        (Some((rule_provider, rule_name)), Some((provider, name))) => {
            part_distance(rule_provider, provider) + part_distance(rule_name, name)
        }
        _ => part_distance(rule, event),
    }
}

fn part_distance(rule: &str, part: &str) -> usize {
    let spelled: String = rule.chars().filter(|c| !"*?".contains(*c)).collect();
    match spelled.len() == rule.len() {
        true => strsim::osa_distance(rule, part),
        false => {
            let begin: String = part.chars().take(spelled.chars().count()).collect();
            strsim::osa_distance(&spelled, &begin)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_typo_meant_is_the_closest() {
        let events = ["hunt:tick", "hunt:tock", "farm:tick", "a:b"];
        for (rule, closest) in [
            ("hunnt:*", "hunt:tick"),
            ("hunt:tik", "hunt:tick"),
            ("Hunt:tock", "hunt:tock"),
            ("hunt:tokc", "hunt:tock"),
            ("frm:t*", "farm:tick"),
            ("b:a", "a:b"),
        ] {
            let found = events.into_iter().min_by_key(|event| distance(rule, event));
            assert_eq!(found, Some(closest), "{rule}");
        }
    }
}
