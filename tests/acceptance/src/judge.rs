//! The judges of a trace, neither of them ours: the command `babeltrace2`, and Python's bt2.
//!
//! babeltrace2 2.0.4 can exit with 0 and say nothing of a bad trace, so every test compares counts as well.

use crate::recording::folders;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use ust_test_support::command::run;

/// One line of `babeltrace2`: time, process, event, fields.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The whole line.
    pub text: &'a str,
    /// Nanoseconds since the epoch.
    pub time_ns: u64,
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Self {
        let time =
            text.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or_default();
        let (seconds, fraction) = time.split_once('.').unwrap_or_default();
        let number =
            |digits: &str| digits.parse::<u64>().unwrap_or_else(|_| panic!("no time in {text}"));
        Self { text, time_ns: number(seconds) * 1_000_000_000 + number(fraction) }
    }

    /// The value of a field or context, as it is printed.
    pub fn value(&self, name: &str) -> &'a str {
        self.behind(name).split([',', ' ']).next().unwrap_or_default()
    }

    /// The line from the value of a field or context on.
    fn behind(&self, name: &str) -> &'a str {
        let found = self.text.find(name).filter(|_| !name.is_empty()).map(|first| {
            // The first match is nearly always right. But a name can also be the end of another name, or stand in a string.
            let is_it = |at: &usize| {
                self.text[..*at].ends_with(' ') && self.text[at + name.len()..].starts_with(" = ")
            };
            let mut all = self.text[first..].match_indices(name).map(|(at, _)| first + at);
            all.find(is_it).map(|at| &self.text[at + name.len() + " = ".len()..])
        });
        found.flatten().unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// The value of a numeric field or context, with names or without.
    pub fn number(&self, name: &str) -> u64 {
        let value = match self.behind(name).strip_prefix("( ") {
            Some(labels) => {
                labels.split("container = ").nth(1).and_then(|rest| rest.split(' ').next())
            }
            None => Some(self.value(name)),
        };
        let value = value.unwrap_or_default();
        value.parse().unwrap_or_else(|_| panic!("{name} is {value}, no number, in {}", self.text))
    }

    /// The id of the process in whose trace it stands: `HOST:PROCNAME:(VPID) `.
    pub fn vpid(&self) -> u64 {
        let vpid = self.text.split_once(":(").and_then(|(_, rest)| rest.split(')').next());
        vpid.and_then(|vpid| vpid.parse().ok())
            .unwrap_or_else(|| panic!("no vpid in {}", self.text))
    }

    /// The name of its event, if that is of this provider.
    pub fn event_of(&self, provider: &str) -> Option<&'a str> {
        let start = format!(" {provider}:");
        let (_, rest) = self.text.split_once(start.as_str())?;
        rest.split_once(": ").map(|(name, _)| name)
    }

    /// Whether it is of this event.
    pub fn is_of(&self, event: &str) -> bool {
        self.text.contains(&format!(" {event}: "))
    }
}

/// Reads a trace with `babeltrace2` and looks at each line; returns how many there were. A warning of babeltrace2 fails the
/// test, except its warning about losses, which comes from `events_discarded`.
#[track_caller]
pub fn babeltrace2(trace: &Path, look: impl FnMut(Line<'_>)) -> u64 {
    read(trace, |complaint| complaint.contains("discarded"), look)
}

/// The same of a trace that is being written, or was when its recorder was killed. A packet may be in its file and not in
/// the index yet, or the index may be empty: babeltrace2 warns of that, and reads without the index. And there may be no
/// metadata or no directory yet: babeltrace2 refuses that, and it has no event.
#[track_caller]
pub fn babeltrace2_unfinished(trace: &Path, look: impl FnMut(Line<'_>)) -> u64 {
    let has_begun = |folder: &PathBuf| folder.join("metadata").exists();
    if !trace.exists() || !folders(trace).iter().any(has_begun) {
        return 0;
    }
    let is_expected = |complaint: &str| {
        let ways =
            ["discarded", "indexed size != stream file size", "index file: file size (0 bytes)"];
        ways.iter().any(|way| complaint.contains(way))
    };
    loop {
        let before = metadata_bytes(trace);
        let printed = tempfile::NamedTempFile::new().expect("there is room for a temporary file");
        let reading = Reading::start(trace, printed.reopen().expect("it was just made").into());
        let (status, complaints) = reading.end();
        // babeltrace2 reads the metadata first. A class that is appended behind that is in a packet that it reads.
        if complaints.contains("No event class with ID") && metadata_bytes(trace) != before {
            continue;
        }
        assert_well(status, &complaints, is_expected);
        return look_at(printed.reopen().expect("it was just made"), look);
    }
}

/// Of all its processes.
fn metadata_bytes(trace: &Path) -> u64 {
    let length =
        |folder: PathBuf| std::fs::metadata(folder.join("metadata")).map_or(0, |it| it.len());
    folders(trace).into_iter().map(length).sum()
}

#[track_caller]
fn read(trace: &Path, is_expected: impl Fn(&str) -> bool, look: impl FnMut(Line<'_>)) -> u64 {
    let mut reading = Reading::start(trace, Stdio::piped());
    let lines = look_at(reading.child.stdout.take().expect("it is piped"), look);
    let (status, complaints) = reading.end();
    assert_well(status, &complaints, is_expected);
    lines
}

/// A babeltrace2 that runs.
struct Reading {
    child: Child,
    complaints: tempfile::NamedTempFile,
}

impl Reading {
    fn start(trace: &Path, output: Stdio) -> Self {
        let complaints =
            tempfile::NamedTempFile::new().expect("there is room for a temporary file");
        let child = Command::new("babeltrace2")
            .args(["--clock-seconds", "--no-delta"])
            .arg(trace)
            .stdout(output)
            .stderr(complaints.reopen().expect("it was just made"))
            .spawn()
            .expect("babeltrace2 runs");
        Self { child, complaints }
    }

    /// How it ends, and what it complains of.
    fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it is our child");
        let complaints = std::fs::read_to_string(self.complaints.path());
        (status, complaints.expect("complaints are text"))
    }
}

/// Looks at each line; returns how many there were.
fn look_at(printed: impl Read, mut look: impl FnMut(Line<'_>)) -> u64 {
    let (mut printed, mut lines) = (BufReader::with_capacity(1 << 20, printed), 0);
    let mut line = Vec::new();
    while printed.read_until(b'\n', &mut line).expect("babeltrace2 prints lines") > 0 {
        // A path may be no text.
        look(Line::parse(String::from_utf8_lossy(&line).trim_end()));
        line.clear();
        lines += 1;
    }
    lines
}

#[track_caller]
fn assert_well(status: ExitStatus, complaints: &str, is_expected: impl Fn(&str) -> bool) {
    let others = |line: &&str| !line.is_empty() && !is_expected(line);
    let other: Vec<_> = complaints.lines().filter(others).collect();
    assert!(status.success() && other.is_empty(), "babeltrace2: {status}\n{complaints}");
}

/// How many events a trace has, by `babeltrace2`.
#[track_caller]
pub fn count(trace: &Path) -> u64 {
    babeltrace2(trace, |_| {})
}

/// How often each value of a field occurs.
#[track_caller]
pub fn tally(trace: &Path, field: &str) -> BTreeMap<u64, u64> {
    let mut tally = BTreeMap::new();
    babeltrace2(trace, |line| *tally.entry(line.number(field)).or_default() += 1);
    tally
}

/// Runs one of `python/*.py` with Python's bt2; returns what it printed. If the script fails, so does the test.
#[track_caller]
pub fn python(checker: &str, arguments: &[&Path]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(checker);
    // Only the system's python has bt2; another may come first in PATH.
    let finished = run(Command::new("/usr/bin/python3").arg(script).args(arguments));
    assert!(
        finished.status.success(),
        "{checker}: {}\n{}{}",
        finished.status,
        finished.stdout,
        finished.stderr
    );
    finished.stdout
}
