//! What a record costs from the ring into the file: instructions, which are the same on every run, and time.
//!
//! ```text
//!   write records into a ring --> drain it --> ...        rounds
//!                                 '-- counted: walk, copy, check, packet, checksum, clear; not what the kernel does
//! ```
//!
//! Callgrind counts them in this very program, which starts itself once more: a few rounds, and twice as many. The
//! difference has no start-up in it.
//!
//! The program that is started says how long a record took. Alone, where nothing counts, that is the time to look at:
//!
//!     cargo test --release -p consumerd a_record_takes -- --nocapture
//!     TMPDIR=/dev/shm UST_COST_STREAM=mixed UST_COST_ROUNDS=200 \
//!         cargo test --release -p consumerd a_record_takes -- --nocapture
#![cfg(test)]

use super::{StreamDrain, Trace};
use crate::engine::played::number;
use crate::engine::played_stream::{self, PlayedStream};
use crate::output::Output;
use std::process::{Command, Stdio};
use std::time::Instant;
use ust_core::abi::{Geometry, Mode};
use ust_core::wire::FieldType;

/// Records of a round: they fill most of a ring of this geometry.
const RECORDS: usize = 30_000;
const GEOMETRY: (u64, u64) = (128 << 10, 8);

/// Rounds of the shorter of the two counted runs.
const ROUNDS: usize = 2;

/// How the program that is counted is told what to do.
const STREAM: &str = "UST_COST_STREAM";
const COUNTED_ROUNDS: &str = "UST_COST_ROUNDS";

/// The test below, by its name.
const THIS_TEST: &str = "engine::drain::cost::a_record_takes_no_more_instructions_than_it_did";

/// A stream's classes, by the bytes of their payloads, and how many instructions a record of it may take. Counted with
/// rustc 1.95: if another compiler needs more, that is a reason. Up to eight instructions of each record come and go with code of the crate
/// that is not called here: the compiler then keeps one or two values less in registers.
const STREAMS: [(&str, &[usize], u64); 3] = [
    ("one class of 4 bytes", &[4], 92),
    ("one class of 16 bytes", &[16], 106),
    // malloc, free, lock, unlock, read, calloc
    ("mixed", &[16, 8, 12, 8, 28, 24], 112),
];

/// The function that is counted, by its name.
#[inline(never)]
fn drain_counted(stream: &mut StreamDrain, trace: &mut Trace<'_>) {
    stream.flush(trace).unwrap();
}

/// Drains full rings; returns the nanoseconds a record in each of the rounds.
fn drain_rounds(payloads_bytes: &[usize], rounds: usize) -> Vec<f64> {
    let output = tempfile::tempdir().unwrap();
    let geometry = Geometry::new(GEOMETRY.0, GEOMETRY.1).unwrap();
    let player = PlayedStream::new(1, [b'p'; 16], geometry, Mode::Discard);
    for (id, bytes) in payloads_bytes.iter().enumerate() {
        let fields = vec![("value", FieldType::U32); bytes / 4];
        let class = player.process.describe(&format!("class_{id}"), 6, fields);
        number(&player.process.map, class, id as u32);
    }
    let (mut folder, mut process) = (None, player.process.process_file());
    let output = Output::at(output.path());
    let mut trace = played_stream::trace(&mut folder, &mut process, &output);
    let mut stream = StreamDrain::new(player.words(), 0);
    let mut random = fastrand::Rng::with_seed(1);
    let mut took = Vec::new();
    for round in 1..=rounds {
        for _ in 0..RECORDS {
            let id = random.usize(..payloads_bytes.len());
            player.write(id as u32, &[7; 32][..payloads_bytes[id]]);
        }
        let start = Instant::now();
        drain_counted(&mut stream, &mut trace);
        took.push(start.elapsed().as_nanos() as f64 / RECORDS as f64);
        assert_eq!(stream.recorded(), (round * RECORDS) as u64, "the ring has no room for all");
    }
    took
}

/// What the program does that is counted.
fn be_counted(stream: &str) {
    let rounds = std::env::var(COUNTED_ROUNDS).unwrap().parse().unwrap();
    let (_, payloads_bytes, _) = STREAMS.iter().find(|(name, ..)| *name == stream).unwrap();
    let mut took = drain_rounds(payloads_bytes, rounds);
    took.sort_by(f64::total_cmp);
    println!("{stream}: {:.1} ns a record", took[took.len() / 2]);
}

/// Instructions of so many rounds.
fn counted(stream: &str, rounds: usize) -> u64 {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind", "--toggle-collect=*drain_counted*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", THIS_TEST])
        .env(STREAM, stream)
        .env(COUNTED_ROUNDS, rounds.to_string())
        // Callgrind counts `rep stosb`, which clears memory, as an instruction for each byte.
        .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_stosb_threshold=0x40000000")
        .stdout(Stdio::null());
    assert!(valgrind.status().unwrap().success());
    let text = std::fs::read_to_string(&out).unwrap();
    let total = text.lines().find_map(|line| line.strip_prefix("totals:")).unwrap();
    total.trim().parse().unwrap()
}

#[test]
fn a_record_takes_no_more_instructions_than_it_did() {
    if let Ok(stream) = std::env::var(STREAM) {
        return be_counted(&stream);
    }
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: valgrind is not installed: no instructions counted");
        return;
    }
    if cfg!(debug_assertions) || cfg!(not(target_arch = "x86_64")) {
        eprintln!("SKIPPED: the bounds are those of x86-64's optimised code: cargo test --release");
        return;
    }
    for (name, _, bound) in STREAMS {
        let [once, twice] = [1, 2].map(|times| counted(name, times * ROUNDS));
        let records = (ROUNDS * RECORDS) as f64;
        let each = (twice - once) as f64 / records;
        println!("{name}: {each:.1} instructions a record");
        assert!(each >= 1.0, "{name}: the test that is counted has another name");
        assert!(each <= bound as f64, "{name}: {each:.1} instructions a record, more than {bound}");
    }
}
