//! What earlier builds have left in files is read exactly, or refused by a line that names both versions.
//!
//! The fixtures of each version lie in `tests/fixtures`. Rings of this build's version are recovered to the very events
//! and losses noted beside them. Rings of other versions may be refused. Finished traces of every version are read.

use std::fs::{OpenOptions, create_dir, read_dir, read_to_string, write};
use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use ust_acceptance::frozen::{
    Fixtures, RINGS, TRACES, VERSIONS, assert_babeltrace2_agrees, recovered, viewed,
};
use ust_acceptance::skip;
use ust_core::abi::{ABI, ProcessHeader, RingFileHeader};
use ust_core::version::Version;

/// The version of the session file.
const SESSION: Version = Version { major: 2, minor: 0 };

/// A build that raises its version freezes it.
#[test]
fn this_build_has_fixtures() {
    assert!(VERSIONS.contains(&ABI.major), "tests/fixtures/make.sh abi-{}", ABI.major);
}

#[test]
fn rings_are_recovered_to_the_very_events_or_refused() {
    if !skip::judges_are_here() {
        return;
    }
    for version in VERSIONS {
        for (mode, buffers) in RINGS {
            let name = format!("rings-{mode}-{buffers}");
            let rings = Rings::unpack(version, &name);
            if version != ABI.major {
                rings.assert_refused("session", Version { major: 1, minor: 0 }, SESSION);
                continue;
            }
            let (text, output) = rings.recovered();
            assert_same(&text, &Fixtures::of(version).text(&format!("{name}.txt")), &name);
            assert_babeltrace2_agrees(&output, &text);
        }
    }
}

#[test]
fn traces_read_as_they_did() {
    if !skip::judges_are_here() {
        return;
    }
    for version in VERSIONS {
        for name in TRACES {
            let dir = TempDir::new().expect("a temporary directory");
            let trace = dir.path().join(name);
            Fixtures::of(version).unpack(name, &trace);
            let text = viewed(&trace);
            assert_same(&text, &Fixtures::of(version).text(&format!("{name}.txt")), name);
            assert_babeltrace2_agrees(&trace, &text);
        }
    }
}

#[test]
fn a_file_of_another_version_is_refused_by_a_line_that_names_both() {
    let later = Version { major: ABI.major + 1, ..ABI };
    for (prefix, at) in [
        ("process-", offset_of!(ProcessHeader, abi_version)),
        ("ring-", offset_of!(RingFileHeader, abi_version)),
    ] {
        let rings = Rings::unpack(ABI.major, "rings-discard-per-thread");
        let file = OpenOptions::new().write(true).open(rings.file(prefix));
        let changed =
            file.and_then(|file| file.write_all_at(&later.to_word().to_ne_bytes(), at as u64));
        changed.expect("the file is ours");
        rings.assert_refused(prefix, later, ABI);
    }
}

/// The rest of a later version's file need not make sense to this build.
#[test]
fn a_session_file_of_another_version_is_refused_by_a_line_that_names_both() {
    for later in [r#"{"version":9,"channels":[]}"#.to_owned(), {
        let rings = Rings::unpack(ABI.major, "rings-discard-per-thread");
        let session = read_to_string(rings.file("session")).expect("it is text");
        assert!(session.starts_with(r#"{"version":2,"#), "{session}");
        session.replacen("\"version\":2", "\"version\":9", 1)
    }] {
        let rings = Rings::unpack(ABI.major, "rings-discard-per-thread");
        write(rings.file("session"), later).expect("the file is ours");
        rings.assert_refused("session", Version { major: 9, minor: 0 }, SESSION);
    }
}

/// Fails with the first line that differs.
#[track_caller]
fn assert_same(text: &str, frozen: &str, name: &str) {
    for (number, (line, frozen)) in text.lines().zip(frozen.lines()).enumerate() {
        assert_eq!(line, frozen, "{name}.txt, line {}", number + 1);
    }
    assert_eq!(text.lines().count(), frozen.lines().count(), "lines of {name}.txt");
}

/// An unpacked directory of rings.
struct Rings {
    dir: TempDir,
}

impl Rings {
    fn unpack(version: u16, name: &str) -> Self {
        let rings = Self { dir: TempDir::new().expect("a temporary directory") };
        Fixtures::of(version).unpack(name, &rings.path());
        create_dir(rings.scratch()).expect("there is room");
        rings
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("rings")
    }

    fn scratch(&self) -> PathBuf {
        self.dir.path().join("scratch")
    }

    /// The only file whose name begins so.
    fn file(&self, prefix: &str) -> PathBuf {
        let is_named = |path: &Path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        };
        let files = read_dir(self.path()).expect("it was just unpacked");
        let files = files.map(|entry| entry.expect("it can be listed").path());
        let [file] = &files.filter(|path| is_named(path)).collect::<Vec<_>>()[..] else {
            panic!("one {prefix}")
        };
        file.clone()
    }

    fn recovered(&self) -> (String, PathBuf) {
        recovered(&self.path(), &self.scratch())
    }

    /// `ust recover` fails. In one line it names the file whose name begins so, the file's version, and the version that
    /// this build reads.
    #[track_caller]
    fn assert_refused(&self, prefix: &str, version: Version, own: Version) {
        let (finished, output) =
            ust_acceptance::left_behind::recover(&self.path(), &self.scratch());
        assert_eq!(finished.code(), 1, "{}", finished.stderr);
        let file = self.file(prefix).display().to_string();
        let lines: Vec<_> = finished.stderr.lines().filter(|line| line.contains(&file)).collect();
        let [line] = lines[..] else { panic!("one line of {prefix}: {}", finished.stderr) };
        let both = format!("of version {version}, where this build has version {own}");
        assert!(line.contains(&both), "{line}");
        assert!(!output.exists(), "a trace of what cannot be read");
    }
}
