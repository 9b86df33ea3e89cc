//! One stream cannot hold up the engine: a writer that always has more is served in turns, with honest streams in
//! between.
//!
//! The liar claims a position that it cannot have reached, and refills each memory as soon as the engine has emptied
//! it. The test counts what it gets done in one round of the event loop by the memories that it refills. Without a
//! bound the first round would not end before the liar does.
#![allow(unsafe_code)]

mod common;

use common::{Recording, say};
use consumerd::limits::MAX_ROUND_BYTES;
use rustix::fd::OwnedFd;
use std::mem::offset_of;
use std::time::{Duration, Instant};
use ust_core::abi::{
    Buffers, CLASS_LOG_OFFSET, ClassEntry, Frame, Geometry, Mode, PROCESS_FILE_BYTES, Position,
    ProcessHeader, RingFileHeader, RingFileShape, StreamControl,
};
use ust_core::clock::ClockKind;
use ust_core::protocol::{ClassBody, ToDaemon};
use ust_core::ring::RingMemory;
use ust_core::shm::{Mapping, memfd};
use ust_core::stream::Stream;
use ust_core::sync::{AtomicU32, AtomicU64, Local, Ordering};

/// As large as a user would make it to lose nothing.
fn geometry() -> Geometry {
    Geometry::new(8 << 20, 16).unwrap()
}

/// After this time the liar gives up, and a round that waits for its end fails.
const LIES_FOR: Duration = Duration::from_secs(300);

/// A process with one stream, which is honest until a test writes something false into it.
struct Played {
    ring: Mapping,
    shape: RingFileShape,
}

impl Played {
    fn introduce(recording: &Recording, number: u8, mode: Mode) -> Self {
        let process_uid = [number; 16];
        let connection = recording.connect();
        let process = common::process_file(process_uid);
        add_class(&process);
        say(&connection, &ToDaemon::Introduction { process_uid }, &[&process]);
        let shape = RingFileShape::of(geometry()).unwrap();
        let fd = memfd::create(c"ring", shape.file_bytes()).unwrap();
        let ring = Mapping::new(&fd, shape.file_bytes()).unwrap();
        let channel_uid = recording.channel.0;
        let header =
            RingFileHeader::new(geometry(), Buffers::PerThread, mode, process_uid, channel_uid, 0);
        ring.initialise(0, header).unwrap();
        let played = Self { ring, shape };
        played.stream(mode).words().control().initialise(geometry());
        let header = played.ring.at::<RingFileHeader>(0).unwrap();
        header.streams_claimed.store(1, Ordering::Release);
        let message = ToDaemon::Handover { process_uid, channel_uid, file_index: 0 };
        say(&connection, &message, &[&fd]);
        played
    }

    fn stream(&self, mode: Mode) -> Stream<Local> {
        let base = self.ring.base().wrapping_add(self.shape.stream_offset(0));
        // SAFETY: the file has room for the stream, and the mapping outlives what the tests do with it.
        unsafe { Stream::new(base, geometry(), mode, ClockKind::Monotonic) }
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        self.ring.at(self.shape.stream_offset(0) + offset).unwrap()
    }

    fn set_long(&self, offset: usize, value: u64) {
        self.word(offset).store(value as u32, Ordering::Relaxed);
        self.word(offset + 4).store((value >> 32) as u32, Ordering::Release);
    }

    /// Claims a position far beyond the ring.
    fn claim_far(&self) {
        self.set_long(offset_of!(StreamControl<Local>, position), Position::at(1 << 49).word());
    }

    /// Stores a pad at the beginning of each memory that has none, and counts each first.
    fn refill(&self, refilled: &AtomicU64) {
        let pad = Frame::pad(geometry().subbuf_size_bytes());
        for word in self.empty() {
            refilled.fetch_add(1, Ordering::Relaxed);
            word.store(pad, Ordering::Release);
        }
    }

    /// The first words of the memories that are empty.
    fn empty(&self) -> impl Iterator<Item = &AtomicU32> {
        let memories = 0..geometry().memory_count();
        let first_words = memories.map(|memory| self.word(geometry().memory_offset(memory)));
        first_words.filter(|word| word.load(Ordering::Acquire) == 0)
    }
}

/// Describes class 0: one number.
fn add_class(process: &OwnedFd) {
    let file = Mapping::new(process, PROCESS_FILE_BYTES).unwrap();
    let body: ClassBody<'_> = ClassBody {
        provider: "fair",
        name: "tick",
        level: 6,
        file: "fair.rs",
        line: 1,
        module_path: "fair",
        fields: vec![("number", ust_core::wire::FieldType::U64)],
        docs: vec![],
    };
    let bytes = body.encode().unwrap();
    let entry = ClassEntry { body_bytes: bytes.len() as u32, class_id: AtomicU32::new(1) };
    file.initialise(CLASS_LOG_OFFSET, entry).unwrap();
    for (index, chunk) in bytes.chunks(4).enumerate() {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        let at = CLASS_LOG_OFFSET + size_of::<ClassEntry>() + 4 * index;
        file.initialise(at, AtomicU32::new(u32::from_ne_bytes(word))).unwrap();
    }
    let end = (size_of::<ClassEntry>() + bytes.len()).next_multiple_of(4) as u64;
    file.at::<ProcessHeader>(0).unwrap().log_bytes.store(end, Ordering::Release);
}

fn recording(mode: Mode) -> Recording {
    Recording::with(|config| {
        config.geometry = geometry();
        config.mode = mode;
    })
}

/// Lets liars refill their memories while `look` runs; `look` gets how many were refilled.
fn beside(liars: &[Played], look: impl FnOnce(&AtomicU64)) {
    let (refilled, is_over) = (AtomicU64::new(0), AtomicU32::new(0));
    liars.iter().for_each(Played::claim_far);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let until = Instant::now() + LIES_FOR;
            while is_over.load(Ordering::Relaxed) == 0 && Instant::now() < until {
                for _ in 0..100 {
                    liars.iter().for_each(|liar| liar.refill(&refilled));
                }
            }
        });
        let _end = SetOnDrop(&is_over);
        look(&refilled);
    });
}

/// Memories that one round may empty: a flush empties each once; and more that are full before and after it.
const MOST_IN_A_ROUND: u64 = 2 * 18;

/// Ends the liar, also if a test fails.
struct SetOnDrop<'a>(&'a AtomicU32);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(1, Ordering::Relaxed);
    }
}

/// Takes one round, and returns how many memories of the liars were emptied in it.
fn round(recording: &mut Recording, liars: &[Played], refilled: &AtomicU64) -> u64 {
    let wait_for_liars = || {
        let until = Instant::now() + LIES_FOR;
        while liars.iter().any(|liar| liar.empty().next().is_some()) {
            assert!(Instant::now() < until, "the liar has given up");
            std::thread::yield_now();
        }
    };
    // A flush is due in the round.
    std::thread::sleep(Duration::from_millis(15));
    wait_for_liars();
    let before = refilled.load(Ordering::Relaxed);
    recording.turns(1);
    wait_for_liars();
    refilled.load(Ordering::Relaxed) - before
}

#[test]
fn a_writer_that_always_has_more_gets_a_turn_and_honest_ones_get_theirs() {
    let mut recording = recording(Mode::Discard);
    let liars = [Played::introduce(&recording, 1, Mode::Discard)];
    let honest = Played::introduce(&recording, 2, Mode::Discard);
    let stream = honest.stream(Mode::Discard);
    let mut emitted = 0_u64;
    beside(&liars, |refilled| {
        for _ in 0..10 {
            for _ in 0..1000 {
                stream.record(Local, 0, &(emitted,), None).unwrap();
                emitted += 1;
            }
            // The liar's turn alone may be a round.
            for _ in 0..2 {
                let served = round(&mut recording, &liars, refilled);
                assert!(served <= MOST_IN_A_ROUND, "{served} memories of the liar in one round");
            }
            let recorded = recording.engine.summary(recording.session).all.recorded;
            assert_eq!(recorded, emitted, "the honest stream has no turn");
        }
        assert!(refilled.load(Ordering::Relaxed) > 18, "the liar was not served");
        // What honest programs committed before the end is delivered, and the end comes although the liar goes on.
        stream.record(Local, 0, &(emitted,), None).unwrap();
        let summary = recording.engine.remove_session(recording.session);
        assert_eq!(summary.all.recorded, emitted + 1, "{:?}", summary.errors);
    });
}

/// A round ends with the turn that reaches its limit: here with the third liar's, at the latest.
const MOST_OF_MANY: u64 = MAX_ROUND_BYTES / (8 << 20) + 2 * 18;

#[test]
fn many_such_writers_share_rounds_and_clients_wait_for_one_round() {
    let mut recording = recording(Mode::Discard);
    let numbers = 1..=5;
    let liars: Vec<_> =
        numbers.map(|number| Played::introduce(&recording, number, Mode::Discard)).collect();
    let honest = Played::introduce(&recording, 9, Mode::Discard);
    let stream = honest.stream(Mode::Discard);
    let mut emitted = 0_u64;
    beside(&liars, |refilled| {
        for _ in 0..4 {
            for _ in 0..1000 {
                stream.record(Local, 0, &(emitted,), None).unwrap();
                emitted += 1;
            }
            // As many rounds as there are streams, if each has a turn as long as it may be.
            let mut rounds = 0;
            while recording.engine.summary(recording.session).all.recorded < emitted {
                assert!(rounds <= 2 * liars.len(), "the honest stream has no turn");
                let served = round(&mut recording, &liars, refilled);
                assert!(served <= MOST_OF_MANY, "{served} memories of liars in one round");
                rounds += 1;
            }
        }
    });
}
