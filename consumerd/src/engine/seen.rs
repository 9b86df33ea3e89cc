//! What a session has seen of processes, including dead ones, and which of their events come closest to a rule that has
//! matched none.
//!
//! Event names are untrusted: how many are compared is bounded ([`MAX_COMPARED_NAMES`]), and so is how many are kept.

use super::process_file::ProcessFile;
use crate::limits::{MAX_COMPARED_BYTES, MAX_COMPARED_NAMES, MAX_COMPARED_RULES};
use std::collections::BTreeMap;

/// How many events are named as the closest to a rule.
const CLOSEST: usize = 3;

/// What has been seen of processes, including dead ones.
#[derive(Debug, Default)]
pub struct Seen {
    /// Whether the session has ever recorded.
    pub was_active: bool,
    /// Processes that introduced themselves while it recorded, and are gone.
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

    /// How many processes it has noted.
    pub fn connected(&self) -> u64 {
        self.connected
    }

    /// Compares the events of a process with rules that have matched nothing.
    pub fn compare(&mut self, file: &ProcessFile, unmatched: &[&String]) {
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

    /// The events that come closest to a rule.
    pub fn closest(&self, rule: &str) -> Vec<String> {
        let closest = self.closest.get(rule).into_iter().flatten();
        closest.map(|(_, name)| name.clone()).collect()
    }
}

/// How far an event is from what a rule can match: the number of letters to change, in provider and name. If the rule
/// has a wildcard, only the letters that it spells out are compared.
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
