//! The judge: whether a trace holds every record that the ledger says was emitted, except those counted as lost.
//!
//! ```text
//!   each record     its content is its own; its number is above its source's last; its clock not before the
//!                   stream's last one
//!   each stream     numbers missing of the sources in it  =  what its last packet counts as discarded
//!   all together    recorded + lost = emitted             (killed: between the calls returned and those begun)
//! ```

use crate::Failure;
use crate::config::Config;
use crate::ledger::Ledger;
use crate::payload;
use consumerd::engine::SessionSummary;
use ctf::read::{Event, ReadError, Reader};
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ust_core::abi::Buffers;

/// The sums over rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records read back, each intact.
    pub recorded: u64,
    /// Records counted as lost or overwritten.
    pub lost: u64,
    /// Calls that a kill interrupted.
    pub interrupted: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.recorded += other.recorded;
        self.lost += other.lost;
        self.interrupted += other.interrupted;
    }
}

/// One source as the trace has it.
#[derive(Debug)]
struct Source {
    /// Number of the next record, at least.
    next: u64,
    seen: u64,
    /// The stream files that have records of it.
    streams: Vec<Arc<PathBuf>>,
}

/// Judges one round's trace.
///
/// # Errors
/// What is wrong with it.
pub fn judge(
    config: &Config,
    trace: &Path,
    ledger: &Ledger,
    summary: &SessionSummary,
) -> Result<Tally, Failure> {
    if let Some(error) = summary.errors.first() {
        return Err(format!("the engine says: {error}"));
    }
    let mut sources = BTreeMap::new();
    let mut clocks = BTreeMap::new();
    match Reader::open(trace) {
        Ok(reader) => {
            for event in reader {
                let event = event.map_err(|error| format!("unreadable: {error}"))?;
                take(config, &event, &mut sources, &mut clocks)?;
            }
        }
        // Killed before its first record.
        Err(ReadError::NoTrace(_)) => {}
        Err(error) => return Err(format!("unreadable: {error}")),
    }
    add_up(config, ledger, summary, &sources)
}

/// Looks at one record.
fn take(
    config: &Config,
    event: &Event,
    sources: &mut BTreeMap<u32, Source>,
    clocks: &mut BTreeMap<Arc<PathBuf>, u64>,
) -> Result<(), Failure> {
    let path = &event.packet.path;
    let field = |name: &str| event.fields.as_ref().and_then(|fields| fields.get(name));
    let number = |name: &str| {
        let value = field(name).and_then(ctf::read::Value::as_u64);
        value.ok_or_else(|| format!("{}: a record without {name}", path.display()))
    };
    let (source, sequence, check) =
        (number("_source")? as u32, number("_sequence")?, number("_check")?);
    let at = || format!("{}: record {sequence} of source {source}", path.display());
    let Some(ctf::read::Value::Text(text)) = field("_text") else {
        return Err(format!("{} has no text", at()));
    };
    if !payload::is_intact(source, sequence, check, text, config.text_bytes) {
        return Err(format!("{} is torn: {check:#x} {:?}", at(), String::from_utf8_lossy(text)));
    }

    let clock = clocks.entry(Arc::clone(path)).or_default();
    if event.clock < *clock {
        return Err(format!("{}: time goes back from {clock} to {}", at(), event.clock));
    }
    *clock = event.clock;

    let seen = sources.entry(source);
    let seen = seen.or_insert_with(|| Source { next: 0, seen: 0, streams: Vec::new() });
    if sequence < seen.next {
        return Err(format!("{} comes after record {}", at(), seen.next - 1));
    }
    seen.next = sequence + 1;
    seen.seen += 1;
    if !seen.streams.contains(path) {
        seen.streams.push(Arc::clone(path));
    }
    Ok(())
}

/// Compares sums.
fn add_up(
    config: &Config,
    ledger: &Ledger,
    summary: &SessionSummary,
    sources: &BTreeMap<u32, Source>,
) -> Result<Tally, Failure> {
    let recorded: u64 = sources.values().map(|source| source.seen).sum();
    let lost: u64 = summary.all.lost.values().sum::<u64>() + summary.all.overwritten;
    if recorded != summary.all.recorded {
        return Err(format!("{recorded} records are there"));
    }
    let (mut begun, mut returned) = (0, 0);
    let mut missing: BTreeMap<&Arc<PathBuf>, u64> = BTreeMap::new();
    for (number, account) in ledger.accounts() {
        begun += account.begun;
        returned += account.returned;
        let Some(source) = sources.get(&number) else { continue };
        if source.next > account.begun {
            return Err(format!("source {number} has begun {account:?}, not {source:?}"));
        }
        if let [stream] = &source.streams[..] {
            // The record of an interrupted call may be there. Then it is the last.
            *missing.entry(stream).or_default() += account.returned.max(source.next) - source.seen;
        }
    }
    for number in sources.keys() {
        if ledger.account(*number).begun == 0 {
            return Err(format!("source {number} has begun nothing"));
        }
    }
    let interrupted = begun - returned;
    if config.kill_after.is_none() && interrupted > 0 {
        return Err(format!("{interrupted} calls have not returned"));
    }
    if recorded + lost < returned || recorded + lost > begun {
        return Err(format!(
            "{recorded} recorded and {lost} lost: of {begun} begun, {returned} returned"
        ));
    }
    // Records lost without a stream leave a gap in no stream. A source without records, or with records in several streams,
    // has its gaps in streams that cannot be told.
    let no_stream = summary.all.lost.get("records_lost_no_stream").copied().unwrap_or(0);
    let anywhere: u64 = ledger
        .accounts()
        .map(|(number, account)| match sources.get(&number) {
            None => account.begun,
            Some(source) if source.streams.len() > 1 => account.begun - source.seen,
            Some(_) => 0,
        })
        .sum();
    for (path, missing) in missing {
        let discarded = discarded(path)?;
        // A source that is seen on one CPU may have lost records on another.
        let is_known = config.buffers == Buffers::PerThread;
        let is_right =
            missing <= discarded + no_stream && discarded <= missing + anywhere + interrupted;
        if discarded > lost || (is_known && !is_right) {
            return Err(format!(
                "{}: {discarded} discarded, but {missing} numbers are missing",
                path.display()
            ));
        }
    }
    Ok(Tally { recorded, lost, interrupted })
}

/// What a stream's last packet counts as discarded, by its index: a packet without records is not seen by its events.
fn discarded(stream: &Path) -> Result<u64, Failure> {
    /// Nine big-endian numbers of eight bytes.
    const ENTRY_BYTES: usize = 72;
    const DISCARDED_AT: usize = 40;
    let name = stream.file_name().unwrap_or_default().to_string_lossy();
    let path = stream.with_file_name("index").join(format!("{name}.idx"));
    let index = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let last = index.last_chunk::<ENTRY_BYTES>().filter(|_| index.len() > ENTRY_BYTES);
    let last = last.ok_or_else(|| format!("{} has no entry", path.display()))?;
    let word = &last[DISCARDED_AT..DISCARDED_AT + 8];
    Ok(u64::from_be_bytes(word.try_into().unwrap_or_default()))
}
