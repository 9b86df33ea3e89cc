//! What calls read and write: the first bytes, where they are asked for, and nothing where they are not.

use std::path::PathBuf;
use tempfile::TempDir;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};

/// What `moves_data` moves, call by call: the direction, all bytes, and the first eight.
const MOVED: &[(&str, u64, &str)] = &[
    ("written", 5, "write"),
    ("written", 6, "pwrite"),
    ("read", 5, "write"),
    ("read", 6, "pwrite"),
    ("written", 12, "abcdefgh"),
    ("read", 12, "abcdefgh"),
    ("written", 2, "ab"),
    ("written", 2, "ab"),
    ("read", 18, "abriteab"),
    ("read", 2, "kl"),
    ("written", 20, "abcdefgh"),
    ("written", 8, "itemitem"),
    ("read", 8, "itemitem"),
    ("written", 4, "send"),
    ("read", 4, "send"),
    ("written", 6, "sendto"),
    ("read", 6, "sendto"),
    ("written", 12, "abcdefgh"),
    ("read", 12, "abcdefgh"),
    ("written", 5, "xxxyy"),
    ("read", 5, "xxxyy"),
    // The memory is not there: `/dev/null` does not look at it.
    ("written", 5, ""),
    ("written", 2, "ab"),
];

/// `moves_data`, recorded with these options. `None`, and said so, where the judges are missing.
fn recorded<const N: usize>(options: [&str; N]) -> Option<Recorded> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    let dir: TempDir = tempfile::tempdir().expect("a directory");
    let program: PathBuf = shim::compiled(dir.path(), "moves_data", &[]);
    let recording = Recording::of_path(program).options(["--subbuf-size", "1M"]).options(options);
    let recorded = recording.arg(dir.path().display()).run();
    assert_eq!(recorded.finished.code(), 4, "{}", recorded.finished.stderr);
    assert_eq!(recorded.summary().lost_in_all(), 0);
    Some(recorded)
}

/// The events of data in a trace.
fn moved(recorded: &Recorded) -> Vec<(String, u64, String)> {
    let mut moved = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if let Some(direction) = line.event_of("libc_io_data") {
            let (_, data) = line.text.split_once("data = ").expect("a field");
            let bytes = data.split("= 0x").skip(1).map(|byte| {
                let digits = byte.split(|end: char| !end.is_ascii_hexdigit()).next();
                u8::from_str_radix(digits.expect("digits"), 16).expect("a byte")
            });
            let text = String::from_utf8(bytes.collect()).expect("letters");
            moved.push((direction.to_owned(), line.number("bytes"), text));
        }
    });
    moved
}

#[test]
fn the_first_bytes_of_what_is_moved_are_recorded() {
    let options = ["--preload", "libc_io", "--data-prefix", "8"];
    let Some(recorded) = recorded(options) else { return };
    let moved = moved(&recorded);
    let moved: Vec<_> = moved.iter().map(|(of, bytes, data)| (&**of, *bytes, &**data)).collect();
    assert_eq!(moved, MOVED);
}

/// A prefix is put together from sixteen pieces at most.
#[test]
fn a_long_prefix_has_the_first_pieces() {
    let options = ["--preload", "libc_io", "--data-prefix", "4096"];
    let Some(recorded) = recorded(options) else { return };
    let moved = moved(&recorded);
    assert!(
        moved.contains(&("written".to_owned(), 20, "abcdefghijklmnop".to_owned())),
        "{moved:?}"
    );
    assert!(moved.contains(&("read".to_owned(), 18, "abriteabcdefghijkl".to_owned())), "{moved:?}");
}

/// Data may be a secret: no rule alone records it.
#[test]
fn data_is_not_recorded_unless_its_option_says_so() {
    let Some(recorded) = recorded(["--preload", "libc_io", "-e", "libc_io_data:*"]) else { return };
    assert_eq!(moved(&recorded), []);
    let Some(recorded) = self::recorded(["--preload", "libc_io"]) else { return };
    assert_eq!(moved(&recorded), []);
}
