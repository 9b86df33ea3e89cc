//! A thread that changes shared memory while the daemon reads it.
//!
//! It is given ring files and process files, and keeps the newest few. What it stores is nearly right most of the time:
//! positions that lead on, table entries of neighbouring laps, frame words that fit. Plain nonsense would never get past
//! the first check.

use super::forge::{Ring, Shared};
use std::collections::VecDeque;
use std::mem::offset_of;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use ust_core::abi::{
    CLASS_LOG_OFFSET, Frame, FrameKind, PROCESS_FILE_BYTES, ProcessHeader, StreamControl,
};
use ust_core::sync::ReadOnly;
use ust_test_support::random::Random;

/// Files that are changed at a time.
const MOST_FILES: usize = 8;

/// Stores between looks for new files.
const STORES: u64 = 10_000;

/// Memory that is to be changed.
#[derive(Debug)]
pub enum Victim {
    /// A ring file.
    Ring(Ring),
    /// A process file.
    Process(Shared),
}

/// The thread, until it is dropped.
#[derive(Debug)]
pub struct Scribbler {
    victims: Option<Sender<Victim>>,
    thread: Option<JoinHandle<u64>>,
}

impl Scribbler {
    /// Starts it.
    pub fn start(seed: u64) -> Self {
        let (victims, given) = channel();
        let thread = std::thread::spawn(move || run(Random::new(seed), &given));
        Self { victims: Some(victims), thread: Some(thread) }
    }

    /// Gives it another file.
    pub fn give(&self, victim: Victim) {
        if let Some(victims) = &self.victims {
            // It ends only when told to.
            let _ = victims.send(victim);
        }
    }

    /// Ends it; how many stores it has made.
    pub fn end(mut self) -> u64 {
        drop(self.victims.take());
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

fn run(mut random: Random, given: &Receiver<Victim>) -> u64 {
    let (mut victims, mut stores) = (VecDeque::new(), 0);
    loop {
        match given.try_recv() {
            Ok(victim) => victims.push_back(victim),
            Err(TryRecvError::Empty) if victims.is_empty() => std::thread::yield_now(),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return stores,
        }
        if victims.len() > MOST_FILES {
            victims.pop_front();
        }
        let Some(victim) = victims.get(random.below(MOST_FILES as u64) as usize) else { continue };
        for _ in 0..STORES {
            match victim {
                Victim::Ring(ring) => scribble_ring(ring, &mut random),
                Victim::Process(file) => scribble_process(file, &mut random),
            }
        }
        stores += STORES;
    }
}

fn scribble_ring(ring: &Ring, random: &mut Random) {
    let geometry = ring.shape.geometry;
    let stream = random.below(2) as u32;
    let (places, memories) = (geometry.subbuf_count() as u64, geometry.memory_count() as u64);
    let subbuf_bytes = geometry.subbuf_size_bytes() as u64;
    match random.below(16) {
        0 => {
            let far = if random.below(4) == 0 { 1 << 50 } else { 3 * geometry.capacity_bytes() };
            ring.set_position(stream, random.below(far) / 4 * 4);
        }
        1 => ring.set_position(stream, random.below(4 * places) * subbuf_bytes),
        2 | 3 => {
            let (place, lap) = (random.below(places) as usize, random.below(4));
            ring.set_entry(stream, place, random.below(memories + 1) as usize, lap);
        }
        4 => {
            // Any word of the page: those of the reader, of recyclers, of the stream's owner.
            let word = random.below(size_of::<StreamControl<ReadOnly>>() as u64 / 4) as usize;
            ring.file.store(ring.stream(stream) + 4 * word, random.below(1 << 32) as u32);
        }
        5 => {
            let at = ring.stream(stream) + offset_of!(StreamControl<ReadOnly>, lost);
            ring.file.store(at + 4 * random.below(16) as usize, random.below(1 << 32) as u32);
        }
        _ => {
            let memory = random.below(memories) as usize;
            // Near the beginning, where the reader is most of the time.
            let reach = if random.below(2) == 0 { 256 } else { subbuf_bytes };
            let offset = random.below(reach) as usize / 4 * 4;
            let left = geometry.subbuf_size_bytes() - offset;
            ring.file.store(ring.word(stream, memory, offset), frame_word(random, left));
        }
    }
}

/// A frame word as a writer might store it so many bytes before the end of a sub-buffer, or nearly so.
fn frame_word(random: &mut Random, left: usize) -> u32 {
    let length = 4 + random.below(64) as usize;
    match random.below(8) {
        0 | 1 => Frame::committed(FrameKind::Event, length),
        2 => Frame::committed(FrameKind::Note, 16),
        3 | 4 => Frame::pad(left),
        5 => Frame::in_flight(FrameKind::Event, length),
        6 => 0,
        _ => random.below(1 << 32) as u32,
    }
}

fn scribble_process(file: &Shared, random: &mut Random) {
    match random.below(8) {
        0 => {
            let at = offset_of!(ProcessHeader, log_bytes);
            file.store_long(at, random.below(2 * PROCESS_FILE_BYTES as u64));
        }
        1 => {
            let word = random.below(size_of::<ProcessHeader>() as u64 / 4) as usize;
            file.store(4 * word, random.below(1 << 32) as u32);
        }
        _ => {
            let at = CLASS_LOG_OFFSET + random.below(16 << 10) as usize / 4 * 4;
            file.store(at, random.below(300) as u32);
        }
    }
}
