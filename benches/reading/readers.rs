//! The readers, each a process of its own.

use super::by_hand;
use ctf::read::Records;
use ctf::text::{Out, Printer, Style};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use ust_benches::Result;

/// The argument by which this program knows that it is a reader.
const IS_READER: &str = "--reader";
/// How much is written at once.
const OUTPUT_BYTES: usize = 60 << 10;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Babeltrace2,
    Babeltrace2Counter,
    Text,
    Json,
    Count,
    ByHand,
}

/// Those that can be run here.
pub struct Readers {
    trace: PathBuf,
    all: Vec<Reader>,
}

impl Reader {
    const OURS: [Reader; 4] = [Reader::Text, Reader::Json, Reader::Count, Reader::ByHand];

    pub fn name(self) -> &'static str {
        match self {
            Reader::Babeltrace2 => "babeltrace2",
            Reader::Babeltrace2Counter => "babeltrace2's counter",
            Reader::Text => "text",
            Reader::Json => "JSON",
            Reader::Count => "count",
            Reader::ByHand => "text, by hand",
        }
    }
}

impl Readers {
    pub fn of(trace: &Path) -> Result<Readers> {
        let mut all = Vec::new();
        match Command::new("babeltrace2").arg("--version").output() {
            Ok(_) => all.extend([Reader::Babeltrace2, Reader::Babeltrace2Counter]),
            Err(_) => println!("SKIPPED: babeltrace2 is not installed"),
        }
        all.extend(Reader::OURS);
        Ok(Readers { trace: trace.to_owned(), all })
    }

    pub fn all(&self) -> &[Reader] {
        &self.all
    }

    fn command(&self, reader: Reader) -> Result<Command> {
        let mut command = match reader {
            Reader::Babeltrace2 | Reader::Babeltrace2Counter => {
                let mut command = Command::new("babeltrace2");
                command.arg(&self.trace);
                command.args(match reader {
                    // Told at the end only.
                    Reader::Babeltrace2Counter => {
                        ["--component", "sink.utils.counter", "--params", "step=+0"].as_slice()
                    }
                    _ => ["--clock-gmt"].as_slice(),
                });
                command
            }
            ours => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args([IS_READER, ours.name()]).arg(&self.trace);
                command
            }
        };
        command.stdin(Stdio::null());
        Ok(command)
    }

    /// Seconds of one turn.
    pub fn time(&self, reader: Reader) -> Result<f64> {
        let mut command = self.command(reader)?;
        let start = Instant::now();
        let status = command.stdout(Stdio::null()).status()?;
        let took = start.elapsed();
        if !status.success() {
            return Err(format!("{}: {status}", reader.name()).into());
        }
        Ok(took.as_secs_f64())
    }

    pub fn output(&self, reader: Reader) -> Result<String> {
        let output = self.command(reader)?.output()?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {}: {told}", reader.name(), output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Reads, if this process is a reader.
pub fn is_one() -> Option<Result<()>> {
    let arguments: Vec<_> = std::env::args_os().collect();
    let [_, is_reader, name, trace] = &arguments[..] else { return None };
    if is_reader != IS_READER {
        return None;
    }
    let reader = Reader::OURS.into_iter().find(|reader| *name == *reader.name())?;
    Some(read(reader, Path::new(trace)))
}

fn read(reader: Reader, trace: &Path) -> Result<()> {
    match reader {
        Reader::Count => count(trace),
        Reader::Json => lines(trace, Style::Json),
        Reader::ByHand => by_hand::text(trace),
        _ => lines(trace, Style::Own),
    }
}

fn lines(trace: &Path, style: Style) -> Result<()> {
    let mut records = Records::open(trace)?;
    let mut printer = Printer::utc().with_style(style);
    let (mut out, mut lines) = (io::stdout().lock(), Out::default());
    while let Some(record) = records.next_record() {
        printer.record(record?, &mut lines)?;
        if lines.len() >= OUTPUT_BYTES {
            out.write_all(lines.as_bytes())?;
            lines.clear();
        }
    }
    out.write_all(lines.as_bytes())?;
    Ok(())
}

/// By class, as `ust stats` needs it.
fn count(trace: &Path) -> Result<()> {
    let mut records = Records::open(trace)?;
    let mut counts = vec![0_u64; records.classes().len()];
    while let Some(record) = records.next_record() {
        counts[record?.class_number()] += 1;
    }
    println!("{}", counts.iter().sum::<u64>());
    Ok(())
}
