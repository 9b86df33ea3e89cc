//! What is printed: of the whole trace, and of each process.

use super::text::Text;
use crate::figures::counted;
use serde::Serialize;
use std::fmt::Write;

/// Of the whole trace. JSON has these names.
#[derive(Debug, Serialize)]
pub struct Report<R> {
    /// Events that were lost, of any kind, in all processes.
    pub lost_events: u64,
    /// Packets that are missing.
    pub missing_packets: u64,
    /// Whether anything is missing from the figures.
    pub is_uncertain: bool,
    /// Whether a part could not be read.
    pub is_damaged: bool,
    /// What could not be found out, and why.
    pub notes: Vec<String>,
    /// Each process.
    pub processes: Vec<OfProcess<R>>,
}

/// Of a process.
#[derive(Debug, Serialize)]
pub struct OfProcess<R> {
    /// Its process id.
    pub pid: Option<u64>,
    /// Its name.
    pub name: String,
    /// Events that were analysed.
    pub events: u64,
    /// What they add up to.
    #[serde(flatten)]
    pub figures: R,
}

impl<R: Text> Report<R> {
    /// As text, with a line end.
    pub fn text(&self) -> String {
        let mut text = self.uncertainty().map_or(String::new(), |line| line + "\n");
        for process in &self.processes {
            let pid = process.pid.map_or("of unknown id".to_owned(), |pid| pid.to_string());
            let events = counted(process.events, "event", "events");
            // Writing to a String cannot fail.
            let _ = writeln!(text, "Process {pid} {}: {events}", process.name);
            process.figures.write(&mut text);
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }

    /// What is missing, and what that makes of the figures.
    fn uncertainty(&self) -> Option<String> {
        if !self.is_uncertain {
            return None;
        }
        let mut what = Vec::new();
        if self.lost_events > 0 {
            what.push(format!("{} lost", counted(self.lost_events, "event", "events")));
        }
        if self.missing_packets > 0 {
            what.push(format!("{} missing", counted(self.missing_packets, "packet", "packets")));
        }
        if self.is_damaged {
            what.push("a part of the trace unreadable".to_owned());
        }
        Some(format!("Uncertain, with {}: {}", what.join(", "), R::UNCERTAIN))
    }
}
