//! Whatever a process writes and describes, its folder can be read: hundreds of processes that are wrong in some way,
//! each from a seed, beside one that is honest.
//!
//! ```text
//!   seed --> classes (odd names, odd types) + records (some wrong) + changed words of the ring
//!              |
//!              v   one of: full sub-buffers, flush, death, snapshot, ring files left behind
//!            OUT/name-PID/ --> our reader: as many events as were recorded, no error
//!            OUT            --> babeltrace2, once: as many as all together
//! ```
#![cfg(test)]

use super::any_type::{NAMES, any_type, payload};
use super::drain::StreamDrain;
use super::played::{body, number};
use super::played_stream::{self, PlayedStream};
use ctf::read::Reader;
use std::path::Path;
use std::process::Command;
use ust_core::abi::{Geometry, Mode};
use ust_core::wire::FieldType;
use ust_core::wire::bounds::{MAX_DEPTH, MAX_TYPES, check};

/// Processes that are tested.
const CASES: u64 = 400;

/// The first process id; each case has its own.
const FIRST_PID: u32 = 1000;

/// How a stream's records get into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Full,
    Flush,
    Death,
    Snapshot,
    LeftBehind,
}

const WAYS: [Way; 5] = [Way::Full, Way::Flush, Way::Death, Way::Snapshot, Way::LeftBehind];

/// What became of one process's records.
#[derive(Debug, Default)]
struct Outcome {
    recorded: u64,
    /// Lost or overwritten.
    missing: u64,
    errors: Vec<String>,
}

#[test]
fn every_folder_reads_whatever_its_process_did() {
    let output = tempfile::tempdir().unwrap();
    let output = output.path();
    let (mut recorded, mut closed) = (honest(output), 0);
    for seed in 0..CASES {
        let outcome = any(seed, output);
        recorded += outcome.recorded;
        closed += u64::from(!outcome.errors.is_empty());
    }
    // Otherwise this would not test wrong processes, or would test only such.
    assert!((CASES / 4..CASES).contains(&closed), "{closed} streams were closed");
    judge(output, recorded);
}

/// A process that does nothing wrong, with thousands of records.
fn honest(output: &Path) -> u64 {
    let geometry = Geometry::new(1 << 20, 2).unwrap();
    let player = PlayedStream::new(1, *b"honest\0\0\0\0\0\0\0\0\0\0", geometry, Mode::Discard);
    let text = player.process.describe("text", 6, vec![("text", FieldType::TEXT)]);
    number(&player.process.map, text, 0);
    (0..5000).for_each(|_| player.write(0, b"a text\0"));
    let outcome = drain(&player, Way::Flush, output);
    assert_eq!((outcome.recorded, outcome.missing), (5000, 0), "{outcome:?}");
    assert_eq!(events(&output.join("honest-1")), Ok(5000));
    5000
}

/// A process that does what the seed says; checks its folder.
fn any(seed: u64, output: &Path) -> Outcome {
    let mut random = fastrand::Rng::with_seed(seed);
    let mode = if random.bool() { Mode::Discard } else { Mode::Overwrite };
    let geometry = Geometry::new(4096 << random.u32(0..3), 2 << random.u32(0..2)).unwrap();
    let pid = FIRST_PID + seed as u32;
    let mut procname = *b"any\0\0\0\0\0\0\0\0\0\0\0\0\0";
    if random.u8(..4) == 0 {
        procname = std::array::from_fn(|_| random.u8(..));
    }
    let player = PlayedStream::new(pid, procname, geometry, mode);
    let classes: Vec<_> = (0..random.u32(1..6)).map(|id| class(&player, id, &mut random)).collect();
    let records = random.u32(1..300);
    for _ in 0..records {
        let (id, types) = random.choice(&classes).unwrap();
        let mut payload = payload(types, &mut random);
        if random.u32(..records) == 0 {
            spoil(&mut payload, &mut random);
        }
        player.write(*id, &payload);
    }
    let is_ring_whole = random.bool();
    if !is_ring_whole {
        for _ in 0..random.u32(1..5) {
            change_ring(&player, &mut random);
        }
    }
    let way = *random.choice(&WAYS).unwrap();
    let outcome = drain(&player, way, output);
    if is_ring_whole {
        let all = outcome.recorded + outcome.missing;
        assert_eq!(all, u64::from(records), "seed {seed}, {way:?}, {mode:?}: {outcome:?}");
    }
    let folders = std::fs::read_dir(output).unwrap().map(|entry| entry.unwrap().path());
    let suffix = format!("-{pid}");
    for folder in folders.filter(|path| path.to_string_lossy().ends_with(&suffix)) {
        let found = events(&folder);
        assert_eq!(found, Ok(outcome.recorded), "seed {seed}, {way:?}: {outcome:?}");
    }
    outcome
}

/// Describes a class of any kind. Returns its number and types.
fn class(player: &PlayedStream, id: u32, random: &mut fastrand::Rng) -> (u32, Vec<FieldType>) {
    let mut types: Vec<_> = (0..random.usize(..6)).map(|_| any_type(MAX_DEPTH, random)).collect();
    if random.u8(..20) == 0 {
        types = vec![FieldType::TEXT; MAX_TYPES];
    }
    if check(&types).is_err() {
        types.clear();
    }
    let fields = types.iter().map(|ty| (*random.choice(&NAMES).unwrap(), ty.clone())).collect();
    let long = "n".repeat(random.usize(..20_000));
    let name = if random.u8(..20) == 0 { &*long } else { random.choice(NAMES).unwrap() };
    // Among them are numbers that need the long header, numbers of another class, and numbers that no process gives.
    let id = match random.u8(..10) {
        0 => 30 + id,
        1 => id.saturating_sub(1),
        2 => random.u32(..),
        _ => id,
    };
    let mut body = body(name, random.u8(..), fields).encode().unwrap();
    if random.u8(..10) == 0 {
        spoil(&mut body, random);
    }
    let logged = player.process.add(&body);
    number(&player.process.map, logged, id);
    (id, types)
}

/// Makes a payload wrong, or perhaps another one that is right.
fn spoil(payload: &mut Vec<u8>, random: &mut fastrand::Rng) {
    let at = random.usize(..=payload.len());
    match random.u8(..4) {
        0 => payload.truncate(at),
        1 => payload.extend(std::iter::repeat_n(0xEE, random.usize(1..9))),
        2 => payload.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xFF),
        _ => payload.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.u8(..)),
    }
}

/// Changes a word of the ring. Words of records, and words with a meaning, are chosen more often.
fn change_ring(player: &PlayedStream, random: &mut fastrand::Rng) {
    let words = player.ring_bytes() / 4;
    let offset = 4 * random.usize(..words);
    let (bit, any) = (random.u32(..32), random.u32(..));
    let way = random.u8(..4);
    player.change(offset, |word| match way {
        0 => word ^ 1 << bit,
        1 => any,
        2 => u32::MAX,
        // The tag of a long header.
        _ => word | 31,
    });
}

/// Takes what a player has written, in one of the ways.
fn drain(player: &PlayedStream, way: Way, output: &Path) -> Outcome {
    let (mut folder, mut process) = (None, player.process.process_file());
    let output = crate::output::Output::at(output);
    let mut trace = played_stream::trace(&mut folder, &mut process, &output);
    let mut errors = Vec::new();
    let mut note = |error: Option<super::drain::StreamError>| {
        errors.extend(error.map(|error| error.to_string()));
    };
    let mut stream = match way {
        Way::LeftBehind => StreamDrain::resume(player.words(), 0),
        _ => StreamDrain::new(player.words(), 0),
    };
    if way == Way::Snapshot {
        let (counts, error) = stream.snapshot(&mut trace);
        note(error);
        let lost: u64 = stream.lost().map(|(_, count)| count).fold(0, u64::saturating_add);
        let missing = lost.saturating_add(counts.overwritten).saturating_add(counts.malformed);
        return Outcome { recorded: counts.recorded, missing, errors };
    }
    match way {
        Way::Full => {
            while stream.drain_full(&mut trace).unwrap_or_else(|error| {
                note(Some(error));
                false
            }) {}
        }
        Way::Flush => note(stream.flush(&mut trace).err()),
        _ => {}
    }
    note(stream.recover(&mut trace).err());
    note(stream.finish(&mut trace).err());
    let lost = stream.lost().map(|(_, count)| count).fold(0, u64::saturating_add);
    let missing = lost.saturating_add(stream.overwritten());
    Outcome { recorded: stream.recorded(), missing, errors }
}

/// How many events our own reader finds, or its error.
fn events(folder: &Path) -> Result<u64, String> {
    let mut count = 0;
    for event in Reader::open(folder).map_err(|error| error.to_string())? {
        event.map_err(|error| error.to_string())?;
        count += 1;
    }
    Ok(count)
}

/// Has babeltrace2 read all of the output at once.
fn judge(output: &Path, recorded: u64) {
    let mut command = Command::new("babeltrace2");
    let outcome = match command.arg(output).args(["--component", "c:sink.utils.counter"]).output() {
        Ok(outcome) => outcome,
        Err(error) => return println!("SKIPPED: babeltrace2: {error}"),
    };
    let said = String::from_utf8_lossy(&outcome.stdout);
    let complaints = String::from_utf8_lossy(&outcome.stderr);
    let is_count =
        |line: &&str| line.contains(" Event messages") || line.contains(" Event message");
    let count = said.lines().rfind(is_count).and_then(|line| line.split_whitespace().next());
    let count = count.map(|count| count.replace(',', ""));
    assert_eq!(count, Some(recorded.to_string()), "{:?}: {said}{complaints}", outcome.status);
}
