//! `ust view`: the events of all traces in a directory, in the order of time, a line each.
//!
//! What cannot be read is reported on standard error, and everything else is still printed. What the trace itself says
//! to be missing is reported there too: lost events, missing packets.

mod chosen;
mod moment;

use crate::failure::Failure;
use crate::figures::counted;
use crate::given_dir::open_dir;
use crate::given_path::given_path;
use crate::tell::tell;
use chosen::{Choice, Chosen, Verdict};
use consumerd::advice::Attempt;
use consumerd::cause::Cause;
use ctf::dir::Tree;
use ctf::printable;
use ctf::read::{Gap, ReadError, Records};
use ctf::text::{Out, Printer, Style};
use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  ust view TRACE                                all events
  ust view TRACE --event 'shop:*' --last 10     the last ten of a provider
  ust view TRACE --begin -5s                    those of the last five seconds
  ust view TRACE --json | jq .fields.bytes      one object a line
";

/// Print a trace's events, one a line
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The trace, or a directory with traces below it
    #[arg(value_parser = given_path())]
    dir: PathBuf,
    #[command(flatten)]
    choice: Choice,
    /// Show behind each event's name where it stands in the program's source
    #[arg(long)]
    source: bool,
    /// Print an object of JSON in each line
    #[arg(long, conflicts_with = "compat")]
    json: bool,
    /// Print as another program does
    #[arg(long, value_name = "PROGRAM")]
    compat: Option<Compat>,
}

/// A program whose lines are imitated.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Compat {
    /// babeltrace2 2.0.4, to the byte; on a terminal, control characters are escaped
    Babeltrace2,
}

impl Arguments {
    fn printer(&self) -> Printer {
        let style = match self.compat {
            _ if self.json => Style::Json,
            // A trace may hold anything, and a terminal obeys it.
            Some(Compat::Babeltrace2) if io::stdout().is_terminal() => Style::Babeltrace2,
            Some(Compat::Babeltrace2) => Style::Babeltrace2Raw,
            None => Style::Own,
        };
        let printer = Printer::new().with_style(style);
        if self.source { printer.with_source() } else { printer }
    }
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
    let last_ns = if arguments.choice.needs_last() { last_ns(&arguments.dir)? } else { None };
    let records = open(&arguments.dir)?;
    let mut printing = Printing {
        out: io::stdout().lock(),
        lines: Out::default(),
        printer: arguments.printer(),
        chosen: arguments.choice.of(last_ns),
        first: arguments.choice.first,
        kept: arguments.choice.last.map(Kept::new),
        seen: 0,
        printed: 0,
        code: 0,
    };
    match printing.all(records) {
        Ok(()) | Err(Stop::NobodyReads) => Ok(printing.code),
        Err(Stop::Failed(error)) => {
            Err(Failure::system("standard output cannot be written to", Attempt::File)(error))
        }
    }
}

fn open(dir: &Path) -> Result<Records, Failure> {
    let tree = Tree::new(open_dir(dir)?, dir.to_owned());
    Records::open_in(tree).map_err(|error| Failure::new(Cause::Unreadable, error))
}

/// When the last event of a trace happened. What cannot be read is told when it is printed.
fn last_ns(dir: &Path) -> Result<Option<i64>, Failure> {
    let (mut records, mut last_ns) = (open(dir)?, None);
    while let Some(record) = records.next_record() {
        last_ns = record.ok().map(|record| record.time_ns()).or(last_ns);
    }
    Ok(last_ns)
}

/// How much is written at once.
const OUTPUT_BYTES: usize = 60 << 10;

struct Printing {
    out: io::StdoutLock<'static>,
    lines: Out,
    printer: Printer,
    chosen: Chosen,
    /// How many events are still printed, if that is limited.
    first: Option<u64>,
    kept: Option<Kept>,
    /// How many events there were, and how many of them were to be printed.
    seen: u64,
    printed: u64,
    code: u8,
}

/// The last lines.
struct Kept {
    lines: VecDeque<Vec<u8>>,
    most: usize,
}

impl Kept {
    fn new(most: usize) -> Kept {
        Kept { lines: VecDeque::new(), most }
    }

    fn add(&mut self, line: &[u8]) {
        // The memory of the line that falls out is used again.
        let mut place = match self.lines.len() < self.most {
            true => Vec::new(),
            false => self.lines.pop_front().unwrap_or_default(),
        };
        place.clear();
        place.extend_from_slice(line);
        if self.most > 0 {
            self.lines.push_back(place);
        }
    }
}

impl Printing {
    fn all(&mut self, mut records: Records) -> Result<(), Stop> {
        while self.first != Some(0) {
            let printed = match records.next_record() {
                None => break,
                Some(Err(error)) => Err(error),
                Some(Ok(record)) => {
                    self.seen += 1;
                    match self.chosen.verdict(&record) {
                        Verdict::Over => break,
                        Verdict::Unwanted => Ok(false),
                        Verdict::Wanted => {
                            self.printer.record(record, &mut self.lines).map(|()| true)
                        }
                    }
                }
            };
            if let Ok(true) = printed {
                self.printed += 1;
                self.first = self.first.map(|left| left - 1);
                if let Some(kept) = &mut self.kept {
                    kept.add(self.lines.as_bytes());
                    self.lines.clear();
                }
            }
            if self.lines.len() >= OUTPUT_BYTES {
                self.write()?;
            }
            if printed.is_err() || records.has_gaps() {
                self.tell(records.take_gaps(), printed.err())?;
            }
        }
        for line in self.kept.take().into_iter().flat_map(|kept| kept.lines) {
            self.out.write_all(&line)?;
        }
        self.write()?;
        self.out.flush()?;
        self.tell(records.take_gaps(), None)?;
        if self.printed == 0 && self.first != Some(0) && self.code == 0 {
            tell(match self.seen {
                0 => "there are no events in it",
                _ => "there are events in it, but none of that name and time",
            });
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Stop> {
        self.out.write_all(self.lines.as_bytes())?;
        self.lines.clear();
        Ok(())
    }

    /// Tells what is missing. If both go to one terminal, it stands in its place between the events.
    #[cold]
    fn tell(&mut self, gaps: Vec<Gap>, error: Option<ReadError>) -> Result<(), Stop> {
        self.write()?;
        self.out.flush()?;
        for gap in gaps {
            tell(&missing(&gap, &mut self.printer));
        }
        if let Some(error) = error {
            tell(&error.to_string());
            self.code = Cause::Unreadable.exit_code();
        }
        Ok(())
    }
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
