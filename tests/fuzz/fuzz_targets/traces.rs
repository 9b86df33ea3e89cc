//! Traces on disk, for one input: where they lie, and what holds when any of them is read.

use std::fs;
use std::path::Path;

use ctf::dir::Tree;
use ctf::join::join;
use ctf::read::{ReadError, Reader, Records};
use ctf::text::{Out, Printer};
use tempfile::TempDir;

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

/// Reads all traces below a directory to their end, and prints their events, by plans and by the general decoder.
///
/// The streams have `stream_bytes` together. Reading ends, and finds no more events than there are bits.
pub fn read(dir: &Path, stream_bytes: usize) -> Read {
    let mut reader = Reader::open(dir).expect("a trace");
    let mut read = Read { events: 0, errors: Vec::new() };
    let mut lines = Lines::of(dir);
    let mut printer = Printer::utc();
    while let Some(event) = reader.next() {
        match event {
            Ok(event) => {
                read.events += 1;
                let line = printer.line(&event);
                assert!(!line.contains(char::is_control), "printed: {line:?}");
                lines.is_next(&line);
            }
            Err(error) => read.errors.push(error),
        }
        reader.take_gaps().iter().for_each(|gap| assert!(gap.path.starts_with(dir)));
        assert!(read.events <= 8 * stream_bytes as u64, "more events than bits");
        assert!(read.errors.len() <= stream_bytes + 8, "more errors than bytes");
    }
    lines.are_over();
    read
}

/// The lines of records, printed by plans.
struct Lines {
    records: Records,
    printer: Printer,
    out: Out,
}

impl Lines {
    fn of(dir: &Path) -> Lines {
        let records = Records::open(dir).expect("a trace");
        Lines { records, printer: Printer::utc(), out: Out::default() }
    }

    /// The next line, past errors; whether its event was too long for one.
    fn next(&mut self) -> Option<bool> {
        self.out.clear();
        loop {
            let record = match self.records.next_record()? {
                Ok(record) => record,
                Err(_) => continue,
            };
            match self.printer.record(record, &mut self.out) {
                Ok(()) => return Some(false),
                Err(error) if error.to_string().contains("is not printed") => return Some(true),
                Err(_) => {}
            }
        }
    }

    fn is_next(&mut self, line: &str) {
        let is_too_long = self.next().expect("as many lines as events");
        let printed = String::from_utf8_lossy(self.out.as_bytes());
        // The time since the last line is another one behind a line that was left out.
        let what = |line: &str| line.split_once(") ").map(|(_, what)| what.trim_end().to_owned());
        assert!(is_too_long || what(&printed) == what(line), "{printed:?} and {line:?}");
    }

    fn are_over(&mut self) {
        assert_eq!(self.next(), None, "more lines than events");
    }
}

/// Joins what is in a directory. The result has each event that was joined, and reads without an error.
///
/// `None` if the trace cannot be joined.
#[allow(dead_code, reason = "one target joins nothing")]
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
