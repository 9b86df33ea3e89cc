//! The frozen fixtures: what one version of this software has written, in `tests/fixtures/VERSION`, and how it reads.
//!
//! ```text
//!   rings-MODE-BUFFERS.tar.gz   a --shm-path directory whose program and recorder were killed     .txt  as recovered
//!   trace-NAME.tar.gz           a finished trace                                                  .txt  as `ust view` prints it
//!   rules                       the published rules file
//!   agent*.txt, control.txt     what was said, byte by byte                                       [`agent`], [`control`]
//! ```
//!
//! The tests share this code with the program `freeze_formats`, which makes a new version's fixtures. So both mean the same
//! by "as recovered". What differs from machine to machine (its name, the paths of a temporary directory) has a fixed word
//! in its place.

pub mod agent;
pub mod control;
pub mod conversation;
pub mod stand_in;

use crate::judge;
use crate::left_behind::recover;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_test_support::binaries;
use ust_test_support::command::run;

/// The versions of the shared memory that fixtures are of, the newest last: `tests/fixtures/abi-VERSION`.
pub const VERSIONS: [u16; 2] = [5, 6];

/// Of each there is an archive and a text, by the modes and buffers of `ust record`.
pub const RINGS: [(&str, &str); 4] = [
    ("discard", "per-thread"),
    ("discard", "per-cpu"),
    ("overwrite", "per-thread"),
    ("overwrite", "per-cpu"),
];

/// What a traced process and its consumer said to each other, and what each later minor has added. In the newest folder.
pub const CONVERSATIONS: [&str; 2] = ["agent.txt", "agent-5.1.txt"];

/// One process, several that a daemon recorded, and a flight recorder's snapshot.
pub const TRACES: [&str; 3] = ["trace-one-process", "trace-several-processes", "trace-snapshot"];

/// The geometry of all rings here: two sub-buffers of a page.
pub const GEOMETRY: [&str; 4] = ["--subbuf-size", "4K", "--subbufs", "2"];

/// A short interval, so that nothing here waits for long.
pub const FLUSHING: [&str; 2] = ["--flush-interval", "20"];

/// The program that was recorded.
pub const PROGRAM: &str = "frozen_events";

/// One version's fixtures.
#[derive(Debug, Clone)]
pub struct Fixtures(PathBuf);

impl Fixtures {
    /// Those of a version of the shared memory.
    pub fn of(version: u16) -> Self {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        Self(folders.join(format!("abi-{version}")))
    }

    /// Those of the newest version.
    pub fn newest() -> Self {
        Self::of(VERSIONS[VERSIONS.len() - 1])
    }

    /// Those in any directory.
    pub fn at(dir: PathBuf) -> Self {
        Self(dir)
    }

    /// A file of them.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The bytes of a file of them.
    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The text of a file of them.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("it is text")
    }

    /// Unpacks an archive into a directory, which is made. Holes stay holes.
    #[track_caller]
    pub fn unpack(&self, name: &str, into: &Path) {
        std::fs::create_dir(into).expect("a directory of that name can be made");
        let archive = self.path(&format!("{name}.tar.gz"));
        let mut tar = Command::new("tar");
        tar.args(["--extract", "--gzip", "--no-same-owner", "--file"]).arg(archive);
        run(tar.arg("--directory").arg(into)).succeeded();
    }

    /// Packs a directory, without its owner and its times.
    #[track_caller]
    pub fn pack(&self, dir: &Path, name: &str) {
        let mut tar = Command::new("tar");
        tar.args(["--create", "--sparse", "--sort=name", "--mtime=@0", "--mode=u=rwX,go="]);
        tar.args(["--owner=0", "--group=0", "--numeric-owner", "--use-compress-program=gzip -9n"]);
        tar.arg("--file").arg(self.path(&format!("{name}.tar.gz")));
        run(tar.arg("--directory").arg(dir).arg(".")).succeeded();
    }
}

/// What `ust recover` says of a directory of rings, how the traces that it makes read, and where they are.
///
/// `scratch` is an empty directory.
#[track_caller]
pub fn recovered(rings: &Path, scratch: &Path) -> (String, PathBuf) {
    let (finished, output) = recover(rings, scratch);
    let said = finished.stderr.replace(&output.display().to_string(), "OUTPUT");
    let said = said.replace(&rings.display().to_string(), "RINGS");
    // A recovered trace names the machine on which it was recovered.
    let viewed = viewed(&output).replace(&format!(" {}:", machine()), " MACHINE:");
    (format!("{}exit {}\n{viewed}", as_comments(&said), finished.code()), output)
}

/// What `ust view` prints of a trace: first its remarks, then the events.
#[track_caller]
pub fn viewed(trace: &Path) -> String {
    let mut view = Command::new(binaries::ust());
    let finished = run(view.arg("view").arg(trace).env("TZ", "UTC"));
    let remarks = finished.stderr.replace(&format!("{}/", trace.display()), "");
    format!("{}{}", as_comments(&remarks), finished.stdout)
}

/// Compares what `ust view` printed of a trace with what babeltrace2 prints of it: as many events, and each the same.
#[track_caller]
pub fn assert_babeltrace2_agrees(trace: &Path, viewed: &str) {
    let mut lines = viewed.lines().filter(|line| line.starts_with('['));
    let machine = format!(" {}:", machine());
    judge::babeltrace2(trace, |line| {
        let expected = lines.next().expect("as many events as `ust view` prints");
        let expected = without_part(expected, "(", ") ");
        let (_, rest) = line.text.split_once("] ").expect("a time");
        // What `ust view` leaves out: where the packet ends, and the lengths of sequences.
        let rest = without_part(rest, "end_position = ", ", ");
        let time = time_of_day(line.time_ns);
        let mut rest = format!("{time} {rest}").replacen(&machine, " MACHINE:", 1);
        while let Some(at) = rest.find("_length = ") {
            let from = rest[..at].rfind(" _").expect("a field's name") + 1;
            let until = at + rest[at..].find(", ").expect("the sequence") + ", ".len();
            rest.replace_range(from..until, "");
        }
        assert_eq!(rest, expected);
    });
    assert_eq!(lines.next(), None, "babeltrace2 does not have it");
}

/// The text without what stands from `from` to the end of `until`.
fn without_part(text: &str, from: &str, until: &str) -> String {
    let Some((before, rest)) = text.split_once(from) else { return text.to_owned() };
    let (_, behind) = rest.split_once(until).unwrap_or_default();
    format!("{before}{behind}")
}

/// `[hh:mm:ss.nnnnnnnnn]`, in UTC.
fn time_of_day(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("[{hours:02}:{minutes:02}:{:02}.{:09}]", seconds % 60, ns % 1_000_000_000)
}

fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn as_comments(said: &str) -> String {
    said.lines().map(|line| format!("# {line}\n")).collect()
}
