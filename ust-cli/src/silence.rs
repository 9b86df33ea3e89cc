//! Explains why there are no events: a recording never ends with "0 events recorded" and nothing else.
//!
//! | what | what is said |
//! | --- | --- |
//! | a rule matches no event of the processes that connected | the rule, and the events that come closest |
//! | nobody connected | what to look at |
//! | a process was refused, or could not record | that is among the summary's errors |
//! | there are no rules, or the session was never started | that, and the command |
//! | processes connected, their events matched, and were not emitted | that |
//! | processes still run when the recorder ends | how many, and which |

use crate::figures::counted;
use consumerd::engine::{Counts, Running, SessionSummary, Unmatched};
use consumerd::session::SnapshotsTaken;
use ctf::printable::printable;

/// At most this many rules are reported as matching nothing; with more, the first ones say enough.
const MAX_TOLD_RULES: usize = 8;

/// The lines that explain a summary, and the snapshots of a flight recorder; none if there is nothing to explain.
/// `nobody` says what to look at if no process has connected.
pub fn explain(
    summary: &SessionSummary,
    snapshots: Option<&SnapshotsTaken>,
    nobody: impl FnOnce() -> String,
) -> Vec<String> {
    let reach = &summary.reach;
    // Of a flight recorder's events only what its last snapshot says is known; without a snapshot, nothing.
    let is_silent = match snapshots {
        None => is_silent(summary),
        Some(SnapshotsTaken { last: Some(last), .. }) => is_silent(last),
        Some(SnapshotsTaken { last: None, .. }) => reach.connected == 0,
    };
    let mut lines = Vec::new();
    if reach.connected > 0 {
        let told = reach.unmatched.iter().take(MAX_TOLD_RULES);
        lines.extend(told.map(unmatched_text));
    }
    if !is_silent || !lines.is_empty() || !summary.errors.is_empty() {
        return lines;
    }
    let connected = counted(reach.connected, "process", "processes");
    lines.push(match reach.connected {
        _ if !reach.was_active => {
            "nothing was recorded: the session was never started (`ust start`)".to_owned()
        }
        _ if reach.rules == 0 => {
            "nothing was recorded: the session has no event rules (`ust enable-event`)".to_owned()
        }
        0 => nobody(),
        1 => format!("{connected} connected, and emitted none of the events that the rules match"),
        _ => format!("{connected} connected, and none emitted an event that the rules match"),
    });
    lines
}

fn is_silent(summary: &SessionSummary) -> bool {
    let Counts { recorded, overwritten, lost } = &summary.all;
    (*recorded, *overwritten) == (0, 0) && lost.values().all(|count| *count == 0)
}

/// The line about a rule that has matched nothing.
fn unmatched_text(Unmatched { rule, closest }: &Unmatched) -> String {
    // Names come from other processes, so they must not begin a line of their own.
    let names: Vec<String> = closest.iter().map(|name| printable(name).to_string()).collect();
    match &names[..] {
        [] => format!("event rule {rule} matches nothing: no process that connected has an event"),
        names => format!(
            "event rule {rule} matches no event of the processes that connected: closest {} {}",
            if names.len() == 1 { "is" } else { "are" },
            names.join(", ")
        ),
    }
}

/// The line about processes that still run when the recorder ends; `None` if there are none.
pub fn still_running_text(count: u64, first: &[Running]) -> Option<String> {
    let names: Vec<String> = first
        .iter()
        .map(|Running { pid, procname }| format!("{pid} {}", printable(procname)))
        .collect();
    let more = if count > first.len() as u64 { ", ..." } else { "" };
    (count > 0).then(|| {
        format!(
            "{} and will not be recorded any longer ({}{more}): `ustconsumerd` records programs that go into the \
             background",
            counted(count, "process still runs", "processes still run"),
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use consumerd::engine::Reach;

    fn of(reach: Reach, recorded: u64) -> Vec<String> {
        let all = Counts { recorded, ..Default::default() };
        let summary = SessionSummary { all, reach, ..Default::default() };
        explain(&summary, None, || "nobody".to_owned())
    }

    #[test]
    fn silence_is_explained_and_nothing_else_is() {
        let active = Reach { was_active: true, rules: 1, ..Default::default() };
        assert_eq!(of(active.clone(), 0), ["nobody"]);
        assert!(of(Reach::default(), 0)[0].contains("ust start"));
        assert_eq!(of(active.clone(), 1), [""; 0]);
        let connected = Reach { connected: 2, ..active };
        assert!(of(connected.clone(), 0)[0].contains("2 processes connected"));

        let rule = |rule: &str, closest: &[&str]| Unmatched {
            rule: rule.into(),
            closest: closest.iter().map(|name| (*name).to_owned()).collect(),
        };
        let unmatched = vec![rule("hunnt:*", &["hunt:tick", "a\x1b[2J\nb:c"]), rule("x:*", &[])];
        let lines = of(Reach { unmatched, ..connected }, 0);
        assert!(lines[0].ends_with("closest are hunt:tick, a\\x1b[2J\\nb:c"), "{lines:?}");
        assert!(lines[1].contains("x:* matches nothing"), "{lines:?}");
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn those_that_still_run_are_counted_and_the_first_named() {
        assert_eq!(still_running_text(0, &[]), None);
        let first = [Running { pid: 7, procname: "prog".into() }];
        let text = still_running_text(3, &first).unwrap();
        assert!(text.starts_with("3 processes still run and "), "{text}");
        assert!(text.contains("(7 prog, ...)"), "{text}");
    }
}
