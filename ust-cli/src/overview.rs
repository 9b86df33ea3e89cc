//! Sessions and processes as text, for `list` and `status`.
//!
//! ```text
//!   Session mysession (current): active, traces in /home/me/OUT
//!     sub-buffers: 4 of 524288 bytes for each thread, clock tsc
//!     1,204 events recorded, 0 lost, 1 process
//!     events:
//!       indexer:*        matches 4 events
//!       indxer:typo      matches nothing yet
//!
//!   Connected processes:
//!     4242 indexer
//!       indexer:file_indexed (Info)
//! ```

use crate::figures::{counted, outcome, snapshots_outcome};
use consumerd::session::{Buffers, ClockKind, Mode, ProcessView, RuleView, SessionView};
use ctf::printable::{path, printable};
use std::fmt::Write;
use ust_core::event::Level;

/// A session, without a line end.
pub fn session_text(session: &SessionView) -> String {
    let clock = match session.clock {
        ClockKind::Tsc => "tsc",
        ClockKind::Monotonic => "monotonic",
    };
    let owner = match session.buffers {
        Buffers::PerThread => "thread",
        Buffers::PerCpu => "CPU",
    };
    let mode = match session.mode {
        Mode::Overwrite if session.snapshots.is_some() => {
            "overwrite, written by snapshots only".to_owned()
        }
        Mode::Overwrite => "overwrite".to_owned(),
        Mode::Discard => "discard".to_owned(),
        Mode::Block { timeout_ms } => format!("block up to {timeout_ms} ms"),
    };
    let recorded =
        session.snapshots.as_ref().map_or_else(|| outcome(&session.summary), snapshots_outcome);
    let mut text = format!(
        "Session {}{}: {}, traces in {}\n  \
         sub-buffers: {} of {} bytes for each {owner}, {mode}, clock {clock}\n  {}",
        printable(&session.name),
        if session.is_current { " (current)" } else { "" },
        if session.is_active { "active" } else { "inactive" },
        path(&session.output),
        session.subbuf_count,
        session.subbuf_size_bytes,
        recorded,
    );
    for error in &session.summary.errors {
        text += &format!("\n  error: {}", printable(error));
    }
    if session.rules.is_empty() {
        text += "\n  no events: `ust enable-event` gives it some";
    } else {
        text += "\n  events:";
    }
    let globs: Vec<String> =
        session.rules.iter().map(|rule| printable(&rule.glob).to_string()).collect();
    let width = globs.iter().map(|glob| glob.chars().count()).max().unwrap_or(0);
    for (glob, rule) in globs.iter().zip(&session.rules) {
        // A String takes whatever is written.
        let _ = write!(text, "\n    {glob:width$}  {}", matches_text(rule));
    }
    text
}

fn matches_text(rule: &RuleView) -> String {
    match rule.matches {
        0 if rule.has_matched => {
            "matches nothing now: the processes whose events it matched are gone".to_owned()
        }
        0 => "matches nothing yet".to_owned(),
        matches => format!("matches {}", counted(matches as u64, "event", "events")),
    }
}

/// All connected processes, without a line end.
pub fn processes_text(processes: &[ProcessView]) -> String {
    if processes.is_empty() {
        return "No process is connected.".to_owned();
    }
    let mut text = "Connected processes:".to_owned();
    for process in processes {
        text += &format!("\n  {} {}", process.pid, printable(&process.procname));
        for event in &process.events {
            text += &format!("\n    {} ({})", printable(&event.name), level_text(event.level));
        }
        if process.events_left_out > 0 {
            text += &format!("\n    and {} more than a list shows", process.events_left_out);
        }
    }
    text
}

fn level_text(number: u8) -> String {
    let level = Level::ALL.get(usize::from(number));
    level.map_or_else(|| "unknown level".into(), |level| format!("{level:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use consumerd::session::EventView;

    #[test]
    fn rules_say_whether_anything_matches_yet_or_did() {
        let rule = |glob: &str, matches, has_matched| RuleView {
            glob: glob.to_owned(),
            matches,
            has_matched,
        };
        let session = SessionView {
            name: "mine".into(),
            is_current: true,
            is_active: false,
            output: "/tmp/out".into(),
            subbuf_size_bytes: 4096,
            subbuf_count: 2,
            clock: ClockKind::Monotonic,
            rules: vec![
                rule("a:*", 2, false),
                rule("b:*", 1, true),
                rule("ended:*", 0, true),
                rule("typo:*", 0, false),
            ],
            buffers: Buffers::PerThread,
            mode: Mode::Block { timeout_ms: 20 },
            snapshots: None,
            summary: Default::default(),
        };
        assert_eq!(
            session_text(&session),
            "Session mine (current): inactive, traces in /tmp/out\n  \
             sub-buffers: 2 of 4096 bytes for each thread, block up to 20 ms, clock monotonic\n  \
             0 events recorded, 0 lost, 0 processes\n  \
             events:\n    \
             a:*      matches 2 events\n    \
             b:*      matches 1 event\n    \
             ended:*  matches nothing now: the processes whose events it matched are gone\n    \
             typo:*   matches nothing yet"
        );
    }

    #[test]
    fn a_level_that_no_version_knows_is_shown_all_the_same() {
        let event = |name: &str, level| EventView { name: name.to_owned(), level };
        let process = ProcessView {
            pid: 7,
            procname: "prog".into(),
            events: vec![event("p:a", 6), event("p:b", 14), event("p:c", 200)],
            events_left_out: 0,
        };
        assert_eq!(
            processes_text(&[process]),
            "Connected processes:\n  7 prog\n    p:a (Info)\n    p:b (Debug)\n    p:c (unknown level)"
        );
    }
}
