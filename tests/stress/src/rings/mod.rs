//! One round in this process: writers with signal handlers, and a reader, over one and the same mapping.
//!
//! ```text
//!   thread 0  --writes-->  ring 0  <--reads--.
//!      ^ SIGUSR1, SIGUSR2                     reader: exchanges, copies, checks at once; late at random
//!   thread 1  --writes-->  ring 1  <--reads--'
//! ```
//!
//! ThreadSanitizer finds races by address, so it sees none between two mappings of one file, such as those of a process and
//! its consumer. Here writer and reader share one mapping.

mod adapter;
mod writer;

use crate::Failure;
use crate::config::Config;
use crate::judge::Tally;
use crate::ledger::DEPTHS;
use crate::{payload, signals};
use adapter::{Record, Ring, records};
use std::time::Duration;
use ust_core::sync::{AtomicBool, AtomicU32, Ordering};
use ust_test_support::random::Random;
use writer::Emitted;

/// Rounds in this process end by themselves.
const EVENTS_MAX: u64 = 4000;

/// Runs one round.
///
/// # Errors
/// A record is torn, duplicated, out of order, or missing without having been counted.
pub fn round(seed: u64, round: u64) -> Result<Tally, Failure> {
    let config = Config::draw(seed, round);
    let config = Config { events: config.events.min(EVENTS_MAX), ..config };
    let rings: Result<Vec<_>, _> = (0..config.threads)
        .map(|_| Ring::new(config.geometry, config.mode, config.clock))
        .collect();
    let rings = rings?;
    writer::prepare();
    let running = AtomicU32::new(config.threads);
    let is_over = AtomicBool::new(false);
    let targets: Vec<_> = (0..config.threads).map(|_| signals::Target::none()).collect();
    let ways = signals::Ways { signals: &signals::SIGNALS, is_moving: config.is_moved };
    let tally = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..config.threads)
            .map(|thread| {
                let (config, ring) = (&config, &rings[thread as usize]);
                let (running, target) = (&running, &targets[thread as usize]);
                scope.spawn(move || {
                    let emitted = writer::run(config, thread, ring, target);
                    // Release: a reader that sees that no writer runs sees everything that was written.
                    running.fetch_add(u32::MAX, Ordering::Release);
                    emitted
                })
            })
            .collect();
        let bother = || signals::bother(&targets, ways, config.seed, &is_over);
        let bothering = config.is_bothered.then(|| scope.spawn(bother));
        let read = read_all(&config, &rings, &running);
        is_over.store(true, Ordering::Relaxed);
        // Joined by hand: ThreadSanitizer does not see how a scope waits.
        if bothering.is_some_and(|thread| thread.join().is_err()) {
            return Err("who was to bother panicked".into());
        }
        let emitted: Vec<_> = writers
            .into_iter()
            .map(|writer| writer.join().map_err(|_| Failure::from("a writer panicked")))
            .collect();
        let mut tally = Tally::default();
        for ((checker, ring), emitted) in read?.into_iter().zip(&rings).zip(emitted) {
            tally += checker.add_up(&emitted?, ring.lost())?;
        }
        Ok(tally)
    });
    tally.map_err(|failure: Failure| format!("{failure}\n  {config:?}"))
}

/// Reads until no writer runs any more, and then what is left.
fn read_all(config: &Config, rings: &[Ring], running: &AtomicU32) -> Result<Vec<Checker>, Failure> {
    let mut random = Random::new(config.seed ^ 0xde1a);
    // SAFETY: the rings are borrowed for as long as the readers live.
    let mut readers: Vec<_> = rings.iter().map(|ring| unsafe { ring.reader() }).collect();
    let mut checkers: Vec<_> = rings.iter().map(|_| Checker::new(config.text_bytes)).collect();
    loop {
        // Acquire: pairs with each writer's release at its end.
        let is_last = running.load(Ordering::Acquire) == 0;
        for (reader, checker) in readers.iter_mut().zip(&mut checkers) {
            let mut take = |record: Record<'_>| checker.take(record);
            reader.drain_full(&mut records(&mut take))?;
            if is_last || random.below(3) == 0 {
                reader.drain_prefix(&mut records(&mut take))?;
            }
        }
        if is_last {
            for (reader, checker) in readers.iter_mut().zip(&mut checkers) {
                reader.drain_rest(&mut records(&mut |record| checker.take(record)))?;
                checker.overwritten = reader.overwritten();
            }
            return Ok(checkers);
        }
        if !config.delay.is_zero() && random.below(4) == 0 {
            random.sleep_below(config.delay.min(Duration::from_millis(2)));
        }
    }
}

/// Looks at one ring's records as they come.
struct Checker {
    text_bytes: u64,
    clock: u64,
    /// By depth: the next number at least, and how many were seen.
    next: [u64; DEPTHS as usize],
    seen: u64,
    missing: u64,
    /// As the reader computes it.
    overwritten: u64,
}

impl Checker {
    fn new(text_bytes: u64) -> Self {
        Self { text_bytes, clock: 0, next: Default::default(), seen: 0, missing: 0, overwritten: 0 }
    }

    fn take(&mut self, record: Record<'_>) -> Result<(), Failure> {
        let Record { stamp, source, sequence, check, text } = record;
        let at = || format!("record {sequence} of source {source}");
        if !payload::is_intact(source, sequence, check, text, self.text_bytes) {
            return Err(format!(
                "{} is torn: {check:#x} {:?}",
                at(),
                String::from_utf8_lossy(text)
            ));
        }
        let clock = stamp.resolve(self.clock);
        if clock < self.clock {
            return Err(format!("{}: time goes back from {} to {clock}", at(), self.clock));
        }
        self.clock = clock;
        let depth = (source % DEPTHS) as usize;
        let next = self.next[depth];
        if sequence < next {
            return Err(format!("{} comes after record {}", at(), next - 1));
        }
        self.missing += sequence - next;
        self.next[depth] = sequence + 1;
        self.seen += 1;
        Ok(())
    }

    /// Compares with what the writer and the ring's own counters say.
    fn add_up(&self, emitted: &Emitted, lost: u64) -> Result<Tally, Failure> {
        let behind_the_last = emitted.iter().zip(&self.next).map(|(emitted, next)| emitted - next);
        let missing = self.missing + behind_the_last.sum::<u64>();
        let counted = lost + self.overwritten;
        if missing != counted {
            return Err(format!(
                "{missing} are missing, but {lost} are counted as lost and {} as overwritten",
                self.overwritten
            ));
        }
        Ok(Tally { recorded: self.seen, lost: counted, interrupted: 0 })
    }
}
