//! Traces on disk, for one input: where they lie, and what holds when any of them is read.

use std::fmt;
use std::fs;
use std::path::Path;

use ctf::dir::Tree;
use ctf::join::join;
use ctf::read::{ReadError, Reader};
use ctf::text::Printer;
use tempfile::TempDir;

/// What is printed of one event, in bytes. A line may be as long as its enumeration's labels times the record's values.
const PRINTED_BYTES_MAX: usize = 1 << 20;

/// A directory for an input's files: below `TMPDIR` if that is set, or else in memory.
pub fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = match std::env::var_os("TMPDIR") {
        None if memory.is_dir() => tempfile::tempdir_in(memory),
        _ => tempfile::tempdir(),
    };
    made.expect("a directory for the input's files")
}

/// Makes a trace of these streams. The name of each is its number.
#[allow(dead_code, reason = "one target has a writer's own")]
pub fn make(dir: &Path, metadata: impl AsRef<[u8]>, streams: &[&[u8]]) {
    fs::write(dir.join("metadata"), metadata).expect("room for the metadata");
    for (number, stream) in streams.iter().enumerate() {
        fs::write(dir.join(number.to_string()), stream).expect("room for the stream");
    }
}

/// What reading a directory gave.
pub struct Read {
    /// Events read, and printed.
    pub events: u64,
    /// The errors.
    pub errors: Vec<ReadError>,
}

/// Reads all traces below a directory to their end, and prints their events.
///
/// The streams have `stream_bytes` together. Reading ends, and finds no more events than there are bits.
pub fn read(dir: &Path, stream_bytes: usize) -> Read {
    let mut reader = Reader::open(dir).expect("a trace");
    let mut read = Read { events: 0, errors: Vec::new() };
    let mut printer = Printer::utc();
    while let Some(event) = reader.next() {
        match event {
            Ok(event) => {
                read.events += 1;
                // The terminal may have had enough.
                let _ = printer.write(&event, &mut Terminal { room: PRINTED_BYTES_MAX });
            }
            Err(error) => read.errors.push(error),
        }
        reader.take_gaps().iter().for_each(|gap| assert!(gap.path.starts_with(dir)));
        assert!(read.events <= 8 * stream_bytes as u64, "more events than bits");
        assert!(read.errors.len() <= stream_bytes + 8, "more errors than bytes");
    }
    read
}

/// Joins what is in a directory. The result has each event that was joined, and reads without an error.
///
/// `None` if the trace cannot be joined.
pub fn joined(dir: &Path) -> Option<u64> {
    let to = directory();
    let trees = [dir, to.path()].map(|dir| Tree::open(dir).expect("a directory"));
    let [from, into] = trees;
    let mut made = 0;
    let joined = join(from, &into, || {
        made += 1;
        Ok([made; 16])
    });
    // Nothing is made of traces that cannot be opened.
    let joined = joined.ok().filter(|joined| !joined.processes.is_empty())?;
    let bytes = fs::metadata(to.path().join("joined_0")).map_or(0, |file| file.len());
    let read = read(to.path(), usize::try_from(bytes).expect("a small file"));
    assert!(read.errors.is_empty(), "joined, it reads: {:?}", read.errors);
    assert_eq!(read.events, joined.events, "each event that was joined is there");
    Some(joined.events)
}

/// Takes what is printed: one line, without bytes that a terminal obeys.
struct Terminal {
    room: usize,
}

impl fmt::Write for Terminal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        assert!(!text.contains(char::is_control), "printed: {text:?}");
        self.room = self.room.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}
