//! The report: a table for people, JSON for programs.

use crate::Result;
use crate::statistics::{Quartiles, Sample};
use serde::Serialize;
use std::fmt;
use std::fs;
use std::path::PathBuf;

/// Room for the names.
const NAME_WIDTH: usize = 42;

/// A contestant's line.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// Into untouched memory.
    pub first_ns: f64,
    /// In the rounds.
    #[serde(flatten)]
    pub quartiles: Quartiles,
    /// Its median over that of its floor.
    pub times_floor: Option<f64>,
    /// Its median over that of LTTng-UST with the same event.
    pub times_lttng: Option<f64>,
}

/// Where and how it was measured.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// The processor's name.
    pub cpu: String,
    /// Processors that this process may use.
    pub cpus: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The clock of our records.
    pub clock: String,
    /// How often every contestant got a new process.
    pub sittings: usize,
    /// How often each of those was measured.
    pub rounds: usize,
}

/// What callgrind counted: exact, unlike all else.
#[derive(Debug, Serialize)]
pub struct Instructions {
    /// The contestant's name.
    pub name: &'static str,
    /// Of one event.
    pub per_event: u64,
    /// Of the same record encoded by hand, if that was counted.
    pub by_hand: Option<u64>,
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where and how.
    pub setting: Setting,
    /// One a contestant.
    pub rows: Vec<Row>,
    /// Of the contestants whose instructions are counted.
    pub instructions: Vec<Instructions>,
    /// What was not measured, and why.
    pub skipped: Vec<String>,
}

impl Row {
    /// A line; what it is compared with is put in by [`Report::compare`].
    pub fn new(name: &'static str, sample: &Sample) -> Self {
        let quartiles = sample.quartiles();
        Self { name, first_ns: sample.first_ns(), quartiles, times_floor: None, times_lttng: None }
    }
}

impl Setting {
    /// That of this machine.
    pub fn here(sittings: usize, rounds: usize) -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model =
            cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
        Self {
            cpu: model.unwrap_or("unknown").trim().into(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            clock: format!("{:?}", ust_core::clock::ClockKind::best()),
            sittings,
            rounds,
        }
    }
}

impl Report {
    /// The quartiles of the contestant of that name, if it took part.
    pub fn quartiles(&self, name: &str) -> Option<Quartiles> {
        let row = self.rows.iter().find(|row| row.name == name)?;
        Some(row.quartiles)
    }

    /// Its median.
    pub fn median(&self, name: &str) -> Option<f64> {
        self.quartiles(name).map(|quartiles| quartiles.median_ns)
    }

    /// Puts in the ratios: each row to those that `others` names for it, its floor and its peer.
    pub fn compare(&mut self, others: impl Fn(&str) -> [Option<&'static str>; 2]) {
        let medians = |row: &Row| others(row.name).map(|other| self.median(other?));
        let medians: Vec<_> = self.rows.iter().map(medians).collect();
        for (row, [floor, peer]) in self.rows.iter_mut().zip(medians) {
            let times = |other: Option<f64>| Some(row.quartiles.median_ns / other?);
            (row.times_floor, row.times_lttng) = (times(floor), times(peer));
        }
    }
}

/// Writes a report as JSON, to `path` or else to `bench/NAME.json` in cargo's target directory, and says where.
///
/// # Errors
/// It cannot be written there.
pub fn write_json(report: &impl Serialize, path: Option<PathBuf>, name: &str) -> Result<()> {
    let path = path.map_or_else(|| default_json(name), Ok)?;
    let shown = |error| format!("{}: {error}", path.display());
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(shown)?;
    }
    fs::write(&path, serde_json::to_string_pretty(report)? + "\n").map_err(shown)?;
    println!("written to {}", path.display());
    Ok(())
}

/// A bench is `TARGET/release/deps/NAME-HASH`.
fn default_json(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target =
        program.ancestors().nth(3).ok_or("not in cargo's target directory: give --json")?;
    Ok(target.join("bench").join(name).with_extension("json"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { cpu, cpus, kernel, clock, sittings, rounds } = &self.setting;
        writeln!(f, "{cpu}, {cpus} CPUs, Linux {kernel}, clock {clock}")?;
        writeln!(f, "{sittings} sittings of {rounds} rounds")?;
        writeln!(
            f,
            "{:<NAME_WIDTH$}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "ns an event", "median", "q1", "q3", "first", "x floor", "x LTTng"
        )?;
        let ratio = |ratio: Option<f64>| ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"));
        for Row { name, first_ns, quartiles, times_floor, times_lttng } in &self.rows {
            let Quartiles { q1_ns, median_ns, q3_ns } = quartiles;
            write!(
                f,
                "{name:<NAME_WIDTH$}{median_ns:>9.2}{q1_ns:>9.2}{q3_ns:>9.2}{first_ns:>9.2}"
            )?;
            writeln!(f, "{:>9}{:>9}", ratio(*times_floor), ratio(*times_lttng))?;
        }
        for Instructions { name, per_event, by_hand } in &self.instructions {
            let by_hand =
                by_hand.map_or_else(String::new, |by_hand| format!(", by hand {by_hand}"));
            writeln!(f, "{name:<NAME_WIDTH$}{per_event:>9} instructions an event{by_hand}")?;
        }
        self.skipped.iter().try_for_each(|why| writeln!(f, "SKIPPED: {why}"))
    }
}
