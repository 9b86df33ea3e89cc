//! `ust view`: the events of all traces in a directory, in the order of time, a line each.
//!
//! What cannot be read is reported on standard error, and everything else is still printed. What the trace itself says
//! to be missing is reported there too: lost events, missing packets.

use crate::failure::Failure;
use crate::figures::counted;
use crate::given_dir::open_dir;
use crate::given_path::given_path;
use crate::tell::tell;
use consumerd::advice::Attempt;
use consumerd::cause::Cause;
use ctf::dir::Tree;
use ctf::printable;
use ctf::read::{Gap, ReadError, Records};
use ctf::text::{Out, Printer};
use std::io::{self, Write};
use std::path::PathBuf;

/// Print a trace's events, one a line
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The trace, or a directory with traces below it
    #[arg(value_parser = given_path())]
    dir: PathBuf,
    /// Show behind each event's name where it stands in the program's source
    #[arg(long)]
    source: bool,
}

/// Why not everything was printed.
enum Stop {
    /// The reader of standard output has closed it.
    NobodyReads,
    Failed(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Stop::NobodyReads
        } else {
            Stop::Failed(error)
        }
    }
}

/// Prints it.
pub fn run(arguments: Arguments) -> Result<u8, Failure> {
    let unreadable = |error: ReadError| Failure::new(Cause::Unreadable, error);
    let tree = Tree::new(open_dir(&arguments.dir)?, arguments.dir);
    let records = Records::open_in(tree).map_err(unreadable)?;
    let printer = if arguments.source { Printer::new().with_source() } else { Printer::new() };
    let mut code = 0;
    match print(records, printer, &mut code) {
        Ok(()) | Err(Stop::NobodyReads) => Ok(code),
        Err(Stop::Failed(error)) => {
            Err(Failure::system("standard output cannot be written to", Attempt::File)(error))
        }
    }
}

/// How much is written at once.
const OUTPUT_BYTES: usize = 60 << 10;

fn print(mut records: Records, mut printer: Printer, code: &mut u8) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    let mut lines = Out::default();
    loop {
        let printed = match records.next_record() {
            None => break,
            Some(record) => record.and_then(|record| printer.record(record, &mut lines)),
        };
        if lines.len() >= OUTPUT_BYTES || printed.is_err() || records.has_gaps() {
            // If both go to one terminal, what is told stands in its place between the events.
            out.write_all(lines.as_bytes())?;
            lines.clear();
        }
        if records.has_gaps() {
            out.flush()?;
            for gap in records.take_gaps() {
                tell(&missing(&gap, &mut printer));
            }
        }
        if let Err(error) = printed {
            out.flush()?;
            tell(&error.to_string());
            *code = Cause::Unreadable.exit_code();
        }
    }
    out.write_all(lines.as_bytes())?;
    out.flush()?;
    for gap in records.take_gaps() {
        tell(&missing(&gap, &mut printer));
    }
    Ok(())
}

/// `file: 12 events were lost, 2 packets are missing between [..] and [..]`
fn missing(gap: &Gap, printer: &mut Printer) -> String {
    let events = match gap.discarded_events {
        0 => None,
        1 => Some("1 event was lost".to_owned()),
        count => Some(format!("{} were lost", counted(count, "event", "events"))),
    };
    let packets = match gap.missing_packets {
        0 => None,
        1 => Some("1 packet is missing".to_owned()),
        count => Some(format!("{} are missing", counted(count, "packet", "packets"))),
    };
    let what: Vec<String> = events.into_iter().chain(packets).collect();
    let mut time = |ns: Option<i64>| ns.map(|ns| printer.time(ns));
    let when = match (time(gap.after_ns), time(gap.until_ns)) {
        (Some(after), Some(until)) => format!(" between {after} and {until}"),
        (None, Some(until)) => format!(" before {until}"),
        (Some(after), None) => format!(" after {after}"),
        (None, None) => String::new(),
    };
    format!("{}: {}{when}", printable::path(&gap.path), what.join(", "))
}
