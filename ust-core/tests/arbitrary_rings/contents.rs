//! Contents for a ring: noise, frames that nearly make sense, and damage to a good ring.

use crate::guarded::Guarded;
use proptest::prelude::*;
use ust_core::abi::{Frame, FrameKind, Geometry, MAX_SUBBUFS, PAGE_BYTES};
use ust_core::sync::Ordering::Relaxed;
use ust_test_support::random::Random;

/// Words of the control page, up to the end of the table.
const CONTROL_WORDS: usize = 128 + 2 * MAX_SUBBUFS;

/// The index of the table's first word.
const TABLE_AT: usize = 128;

/// A frame word that a writer might have stored, `left` bytes before the end; sometimes a wrong one.
fn frame_word(random: &mut Random, left: usize) -> u32 {
    let short = 4 + random.index(left.clamp(1, 300));
    match random.index(16) {
        0 => random.word() as u32,
        1 => 0,
        2 => Frame::in_flight(FrameKind::Event, short),
        3 => Frame::pad(left),
        4 => Frame::pad(short),
        5 => Frame::committed(FrameKind::Event, left + 1),
        6 => Frame::committed(FrameKind::Note, random.index(9)),
        7 => Frame::committed(FrameKind::Event, left),
        8 => Frame::committed(FrameKind::Note, 8),
        _ => Frame::committed(FrameKind::Event, short),
    }
}

/// Noise for a whole ring.
#[derive(Debug, Clone)]
pub enum Noise {
    /// Every word at random.
    All(u64),
    /// A plausible control page, and frames one after the other, some of them wrong.
    Frames(u64),
    /// The same, but every bit of the control page at random.
    FramesAndWildControl(u64),
}

impl Noise {
    /// Any of them.
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            1 => any::<u64>().prop_map(Noise::All),
            4 => any::<u64>().prop_map(Noise::Frames),
            1 => any::<u64>().prop_map(Noise::FramesAndWildControl),
        ]
    }

    /// Fills the ring.
    pub fn fill(&self, ring: &Guarded, geometry: Geometry) {
        let (Noise::All(seed) | Noise::Frames(seed) | Noise::FramesAndWildControl(seed)) = *self;
        let mut random = Random::new(seed);
        match self {
            Noise::All(_) => wild(ring, 0..ring.word_count(), &mut random),
            Noise::Frames(_) => plausible_control(ring, geometry, &mut random),
            Noise::FramesAndWildControl(_) => wild(ring, 0..CONTROL_WORDS, &mut random),
        }
        if !matches!(self, Noise::All(_)) {
            for memory in 0..geometry.memory_count() {
                frames(ring, geometry, memory, &mut random);
            }
        }
    }
}

fn wild(ring: &Guarded, range: std::ops::Range<usize>, random: &mut Random) {
    for index in range {
        ring.word(index).store(random.word() as u32, Relaxed);
    }
}

fn set_u64(ring: &Guarded, index: usize, value: u64) {
    ring.word(index).store(value as u32, Relaxed);
    ring.word(index + 1).store((value >> 32) as u32, Relaxed);
}

fn plausible_control(ring: &Guarded, geometry: Geometry, random: &mut Random) {
    // A position in words, and the last record's length; mostly within reach.
    let reach_words = geometry.capacity_bytes() as usize / 4 + random.index(4096);
    set_u64(ring, 0, (random.index(reach_words) as u64) << 16 | random.index(80) as u64);
    for place in 0..geometry.subbuf_count() {
        // Sometimes two places name one memory, or a memory that does not exist, or another lap.
        let memory = if random.index(8) == 0 { random.index(12) } else { place };
        let lap = if random.index(8) == 0 { random.word() >> 48 } else { 0 };
        set_u64(ring, TABLE_AT + 2 * place, lap << 16 | memory as u64);
    }
}

fn frames(ring: &Guarded, geometry: Geometry, memory: usize, random: &mut Random) {
    let start = geometry.memory_offset(memory) / 4;
    let mut offset = 0;
    while offset < geometry.subbuf_size_bytes() {
        let left = geometry.subbuf_size_bytes() - offset;
        let word = frame_word(random, left);
        ring.word(start + offset / 4).store(word, Relaxed);
        let length_bytes = match Frame::decode(word) {
            Frame::Committed { length_bytes, .. } | Frame::InFlight { length_bytes, .. } => {
                length_bytes
            }
            Frame::Pad { .. } | Frame::Empty => 4 * random.index(20),
        };
        offset += length_bytes.next_multiple_of(4).clamp(4, left);
    }
}

/// The records that a writer writes.
#[derive(Debug, Clone)]
pub struct Filling {
    /// The size of each record's payload.
    pub lengths_bytes: Vec<u16>,
}

impl Filling {
    /// Short and long records, from none to more than fit.
    pub fn any() -> impl Strategy<Value = Self> {
        let length = prop_oneof![8 => 0u16..120, 1 => 0u16..3000, 1 => 4000u16..5000];
        prop::collection::vec(length, 0..600).prop_map(|lengths_bytes| Self { lengths_bytes })
    }
}

/// A change to one word of a good ring.
#[derive(Debug, Clone, Copy)]
pub struct Damage {
    at: u32,
    is_in_control: bool,
    to: Change,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Flip(u32),
    Set(u32),
    Frame(u64),
}

impl Damage {
    /// A change to any word, preferably to one that steers the reader.
    pub fn any() -> impl Strategy<Value = Self> {
        let change = prop_oneof![
            3 => (0u32..32).prop_map(Change::Flip),
            1 => any::<u32>().prop_map(Change::Set),
            2 => any::<u64>().prop_map(Change::Frame),
        ];
        (any::<u32>(), prop::bool::weighted(0.3), change).prop_map(|(at, is_in_control, to)| Self {
            at,
            is_in_control,
            to,
        })
    }

    /// Makes the change. Outside the control page it changes a frame word, if there is one.
    pub fn inflict(self, ring: &Guarded, geometry: Geometry) {
        let candidates = match self.is_in_control {
            true => (0..TABLE_AT + 2 * geometry.subbuf_count()).collect(),
            false => frame_words(ring, geometry),
        };
        let index = candidates[self.at as usize % candidates.len()];
        let word = ring.word(index);
        let left = geometry.subbuf_size_bytes() - geometry.offset(4 * index as u64);
        let value = match self.to {
            Change::Flip(bit) => word.load(Relaxed) ^ 1 << bit,
            Change::Set(value) => value,
            Change::Frame(seed) => frame_word(&mut Random::new(seed), left),
        };
        word.store(value, Relaxed);
    }
}

/// The indices of frame words, including the first zero after them.
fn frame_words(ring: &Guarded, geometry: Geometry) -> Vec<usize> {
    let mut found = Vec::new();
    for memory in 0..geometry.memory_count() {
        let mut offset = 0;
        while offset < geometry.subbuf_size_bytes() {
            let index = (geometry.memory_offset(memory) + offset) / 4;
            found.push(index);
            match Frame::decode(ring.word(index).load(Relaxed)) {
                Frame::Committed { length_bytes, .. } if length_bytes >= 4 => {
                    offset += length_bytes.next_multiple_of(4);
                }
                _ => break,
            }
        }
    }
    found
}

/// A hostile writer that writes anything anywhere, often something plausible.
pub struct Scribbler(Random);

impl Scribbler {
    /// The hostile writer of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// Writes a few words.
    pub fn scribble(&mut self, ring: &Guarded, geometry: Geometry) {
        let random = &mut self.0;
        match random.index(64) {
            0..4 => plausible_control(ring, geometry, random),
            4..12 => frames(ring, geometry, random.index(geometry.memory_count()), random),
            12 => {
                let index = random.index(CONTROL_WORDS);
                ring.word(index).store(random.word() as u32, Relaxed);
            }
            _ => {
                let memory_words = ring.word_count() - PAGE_BYTES / 4;
                let index = PAGE_BYTES / 4 + random.index(memory_words);
                let left = geometry.subbuf_size_bytes() - geometry.offset(4 * index as u64);
                let word = frame_word(random, left);
                ring.word(index).store(word, Relaxed);
            }
        }
    }
}
