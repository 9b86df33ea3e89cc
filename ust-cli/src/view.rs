//! `ust view`: the events of all traces in a directory, in the order of time, a line each.
//!
//! What cannot be read is told on standard error, and everything else is still printed.

use crate::failure::Failure;
use crate::tell;
use consumerd::cause::Cause;
use ctf::reader::{ReadError, Reader};
use ctf::text::Printer;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Print a trace's events, one a line
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The trace, or a directory with traces below it
    dir: PathBuf,
}

/// Why not everything was printed.
enum Stop {
    /// Whoever read it wants no more.
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
    let reader = Reader::open(&arguments.dir).map_err(unreadable)?;
    let mut code = 0;
    match print(reader, &mut code) {
        Ok(()) | Err(Stop::NobodyReads) => Ok(code),
        Err(Stop::Failed(error)) => {
            Err(Failure::system("standard output cannot be written to")(error))
        }
    }
}

fn print(reader: Reader, code: &mut u8) -> Result<(), Stop> {
    // A lock and a large buffer: a trace has millions of lines.
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut printer = Printer::new();
    for item in reader {
        match item {
            Ok(event) => writeln!(out, "{}", printer.line(&event))?,
            Err(error) => {
                // In its place between the events, where both go to one terminal.
                out.flush()?;
                tell(&error.to_string());
                *code = Cause::Unreadable.exit_code();
            }
        }
    }
    out.flush()?;
    Ok(())
}
