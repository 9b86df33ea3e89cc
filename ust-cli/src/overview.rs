//! Sessions and processes as text, for `list` and `status`.
//!
//! ```text
//!   Session mysession (current): active, traces in /home/me/OUT
//!     clock tsc
//!     1,204 events recorded, 0 lost, 1 process
//!     channel channel0: 4 sub-buffers of 524288 bytes for each thread, discard
//!       indexer:*        matches 4 events
//!       indxer:typo      matches nothing yet
//!
//!   Connected processes:
//!     4242 indexer
//!       indexer:file_indexed (Info)
//! ```

use crate::figures::{counted, counts, cpu_streams, outcome, snapshots_outcome};
use consumerd::engine::EventDetails;
use consumerd::session::{
    Buffers, ChannelView, ClockKind, Mode, ProcessView, RuleOptions, RuleView, SessionView,
};
use ctf::printable::{path, printable};
use std::fmt::Write;
use ust_core::event::Level;
use ust_core::protocol::Levels;

/// A session, without a line end.
pub fn session_text(session: &SessionView) -> String {
    let clock = match session.clock {
        ClockKind::Tsc => "tsc",
        ClockKind::Monotonic => "monotonic",
    };
    let recorded =
        session.snapshots.as_ref().map_or_else(|| outcome(&session.summary), snapshots_outcome);
    let mut text = format!(
        "Session {}{}: {}, traces in {}\n  clock {clock}{}\n  {recorded}",
        printable(&session.name),
        if session.is_current { " (current)" } else { "" },
        if session.is_active { "active" } else { "inactive" },
        path(&session.output),
        if session.snapshots.is_some() { ", written by snapshots only" } else { "" },
    );
    let last = session.snapshots.as_ref().map(|taken| taken.last.as_ref());
    let summary = last.unwrap_or(Some(&session.summary));
    if let Some(ways) = summary.and_then(|summary| cpu_streams(&summary.cpu_streams)) {
        text += &format!("\n  {ways}");
    }
    for error in &session.summary.errors {
        text += &format!("\n  error: {}", printable(error));
    }
    if session.channels.iter().all(|channel| channel.rules.is_empty()) {
        text += "\n  no event rules: `ust enable-event` adds some";
    }
    for channel in &session.channels {
        text += &channel_text(channel);
        // If there is only one channel, the session's own line has its counts.
        if session.channels.len() > 1
            && let Some(summary) = summary
            && let Some(of_channel) = summary.channels.get(&channel.name)
        {
            text += &format!("\n    {}", counts(of_channel));
        }
        text += &rules_text(&channel.rules);
    }
    text
}

/// A channel without its rules; begins with a line end.
fn channel_text(channel: &ChannelView) -> String {
    let owner = match channel.buffers {
        Buffers::PerThread => "thread",
        Buffers::PerCpu => "CPU",
    };
    let mode = match channel.mode {
        Mode::Overwrite => "overwrite".to_owned(),
        Mode::Discard => "discard".to_owned(),
        Mode::Block { timeout_ms } => format!("block up to {timeout_ms} ms"),
    };
    format!(
        "\n  channel {}: {} sub-buffers of {} bytes for each {owner}, {mode}",
        printable(&channel.name),
        channel.subbuf_count,
        channel.subbuf_size_bytes,
    )
}

/// A channel's rules; each line begins with a line end.
fn rules_text(views: &[RuleView]) -> String {
    let mut text = String::new();
    let rules: Vec<String> = views.iter().map(|view| rule_text(&view.rule)).collect();
    let width = rules.iter().map(|rule| rule.chars().count()).max().unwrap_or(0);
    for (rule, view) in rules.iter().zip(views) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n    {rule:width$}  {}", matches_text(view));
    }
    text
}

/// A rule: its pattern, then what it excludes and its levels.
fn rule_text(RuleOptions { pattern, exclusions, levels }: &RuleOptions) -> String {
    let mut text = printable(pattern).to_string();
    for exclusion in exclusions {
        text += &format!(", not {}", printable(exclusion));
    }
    match levels {
        Levels::All => {}
        Levels::AtLeast(level) => text += &format!(", {} and above", level_text(*level)),
        Levels::Only(level) => text += &format!(", {} only", level_text(*level)),
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
        if let Some(ways) = cpu_streams(&process.cpu_streams) {
            text += &format!("\n    {ways}");
        }
        for event in &process.events {
            text += &format!("\n    {} ({})", printable(&event.name), level_text(event.level));
            text += &event.details.as_deref().map(details_text).unwrap_or_default();
        }
        if process.events_left_out > 0 {
            text += &format!("\n    and {} more, not listed", process.events_left_out);
        }
    }
    text
}

/// The widest column. What is longer moves the rest of its own line only.
const MAX_WIDTH: usize = 40;

/// What goes behind an event's level.
fn details_text(EventDetails { source, description, fields }: &EventDetails) -> String {
    let mut text = String::new();
    if !source.is_empty() {
        text += &format!(", {}", printable(source));
    }
    if !description.is_empty() {
        text += &format!("\n      {}", printable(description));
    }
    let shown = |text: &str| printable(text).to_string();
    let rows: Vec<_> = fields
        .iter()
        .map(|field| [&field.name, &field.ty, &field.description].map(|text| shown(text)))
        .collect();
    let width = |at: usize| {
        let widest = rows.iter().map(|row| row[at].chars().count()).max();
        widest.unwrap_or(0).min(MAX_WIDTH)
    };
    let (names, types) = (width(0), width(1));
    for [name, ty, description] in &rows {
        let line = format!("{name:names$}  {ty:types$}  {description}");
        text += &format!("\n        {}", line.trim_end());
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
    use consumerd::engine::{Counts, CpuStreams, FieldDetails, SessionSummary};
    use consumerd::session::EventView;

    #[test]
    fn rules_say_whether_anything_matches_yet_or_did() {
        let counts = |recorded| Counts { recorded, ..Default::default() };
        let rule = |glob: &str, matches, has_matched| RuleView {
            rule: RuleOptions::of(glob),
            matches,
            has_matched,
        };
        let channel = ChannelView {
            name: "channel0".into(),
            subbuf_size_bytes: 4096,
            subbuf_count: 2,
            rules: vec![
                rule("a:*", 2, false),
                rule("b:*", 1, true),
                rule("ended:*", 0, true),
                rule("typo:*", 0, false),
            ],
            buffers: Buffers::PerThread,
            mode: Mode::Block { timeout_ms: 20 },
        };
        let mut slow =
            ChannelView { name: "slow".into(), buffers: Buffers::PerCpu, ..channel.clone() };
        let exclusions = vec!["c:d".to_owned()];
        let levels = Levels::AtLeast(Level::Warning as u8);
        slow.rules = vec![rule("c:*", 1, false)];
        slow.rules[0].rule = RuleOptions { exclusions, levels, ..RuleOptions::of("c:*") };
        let session = SessionView {
            name: "mine".into(),
            is_current: true,
            is_active: false,
            output: "/tmp/out".into(),
            clock: ClockKind::Monotonic,
            channels: vec![channel, slow],
            snapshots: None,
            summary: SessionSummary {
                all: counts(7),
                cpu_streams: CpuStreams { sequenced: 2, locked: 1 },
                channels: [("channel0".into(), counts(3)), ("slow".into(), counts(4))].into(),
                ..Default::default()
            },
        };
        assert_eq!(
            session_text(&session),
            "Session mine (current): inactive, traces in /tmp/out\n  \
             clock monotonic\n  \
             7 events recorded, 0 lost, 0 processes\n  \
             streams of CPUs: 2 written in restartable sequences, 1 written by locked instructions\n  \
             channel channel0: 2 sub-buffers of 4096 bytes for each thread, block up to 20 ms\n    \
             3 events recorded, 0 lost\n    \
             a:*      matches 2 events\n    \
             b:*      matches 1 event\n    \
             ended:*  matches nothing now: the processes whose events it matched are gone\n    \
             typo:*   matches nothing yet\n  \
             channel slow: 2 sub-buffers of 4096 bytes for each CPU, block up to 20 ms\n    \
             4 events recorded, 0 lost\n    \
             c:*, not c:d, Warning and above  matches 1 event"
        );
    }

    /// Whatever the daemon answers: wider columns than the formatter can make ended the command.
    #[test]
    fn a_wide_column_moves_only_its_own_line() {
        let field = |name: &str| FieldDetails {
            name: name.to_owned(),
            ty: "u8".to_owned(),
            description: "said".to_owned(),
        };
        let fields = vec![field(&"\x1b".repeat(20_000)), field("short")];
        let details = EventDetails { source: String::new(), description: String::new(), fields };
        let text = details_text(&details);
        let last = text.lines().last().unwrap();
        assert_eq!(last, format!("        short{}  u8  said", " ".repeat(MAX_WIDTH - 5)));
    }

    #[test]
    fn a_level_that_no_version_knows_is_shown_all_the_same() {
        let event = |name: &str, level| EventView { name: name.to_owned(), level, details: None };
        let process = ProcessView {
            pid: 7,
            procname: "prog".into(),
            events: vec![event("p:a", 6), event("p:b", 14), event("p:c", 200)],
            events_left_out: 0,
            cpu_streams: CpuStreams { sequenced: 0, locked: 1 },
        };
        assert_eq!(
            processes_text(&[process]),
            "Connected processes:\n  7 prog\n    streams of CPUs: 1 written by locked instructions\n    p:a (Info)\n    p:b (Debug)\n    p:c (unknown level)"
        );
    }
}
