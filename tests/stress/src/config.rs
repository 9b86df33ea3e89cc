//! The parameters of one round, drawn from its seed: the same in the harness and in the traced program.

use std::time::Duration;
use ust_core::abi::{Buffers, Geometry, Mode};
use ust_core::clock::ClockKind;
use ust_test_support::random::Random;

/// The most threads at a time.
pub const MAX_THREADS: u32 = 64;

/// Everything that a round varies.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the round was drawn from.
    pub seed: u64,
    /// Size and number of sub-buffers: small, so that full and empty come often.
    pub geometry: Geometry,
    /// Which threads write to one stream. Rounds in one process have a ring for each thread.
    pub buffers: Buffers,
    /// What a writer does if it finds no room.
    pub mode: Mode,
    /// The clock of the records.
    pub clock: ClockKind,
    /// Threads at a time.
    pub threads: u32,
    /// How many threads follow one another in the place of each thread.
    pub generations: u32,
    /// Records that each thread emits by itself.
    pub events: u64,
    /// A thread pauses once in so many records, on average.
    pub pause_in: u64,
    /// Forked children, each of which emits so many.
    pub forks: u32,
    /// The longest text of a record.
    pub text_bytes: u64,
    /// How long after a record of its own a process has a SIGALRM; none at all if zero.
    pub alarm_us: u64,
    /// A thread sends the others SIGUSR1 and SIGUSR2.
    pub is_bothered: bool,
    /// That thread also moves the others from CPU to CPU.
    pub is_moved: bool,
    /// After this, everything is killed.
    pub kill_after: Option<Duration>,
    /// The reader writes everything out at least so often.
    pub flush_interval: Duration,
    /// The reader looks by a timer; writers do not wake it.
    pub read_timer: Option<Duration>,
    /// How long the reader is away at most, now and then.
    pub delay: Duration,
}

impl Config {
    /// Round `round` of `seed`.
    pub fn draw(seed: u64, round: u64) -> Self {
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(round);
        let mut random = Random::new(seed);
        let size = [4096, 4096, 8192, 65536][random.below(4) as usize];
        let count = [2, 4, 8][random.below(3) as usize];
        let is_killed = random.below(3) == 0;
        // Now and then many more than there are CPUs.
        let is_crowded = random.below(12) == 0;
        let events = if is_crowded { 300 } else { 6000 };
        Self {
            seed,
            geometry: Geometry::new(size, count).expect("powers of two in range"),
            buffers: [Buffers::PerThread, Buffers::PerCpu][random.below(2) as usize],
            mode: [Mode::Discard, Mode::Overwrite, Mode::Block { timeout_ms: 20 }]
                [random.below(3) as usize],
            clock: [ClockKind::best(), ClockKind::Monotonic][random.below(2) as usize],
            threads: if is_crowded { MAX_THREADS } else { 1 + random.below(5) as u32 },
            generations: 1 + random.below(3) as u32,
            events: if is_killed { u64::MAX } else { 1 + random.below(events) },
            pause_in: [16, 64, 1000, 100_000][random.below(4) as usize],
            forks: random.below(4) as u32,
            // Now and then too large for a small sub-buffer.
            text_bytes: [1, 30, 200, 1000, 4200][random.below(5) as usize],
            alarm_us: [0, 20, 200][random.below(3) as usize],
            is_bothered: random.below(3) != 0,
            is_moved: random.below(2) == 0,
            kill_after: is_killed.then(|| Duration::from_micros(random.below(60_000))),
            flush_interval: Duration::from_millis(1 + random.below(40)),
            read_timer: (random.below(3) == 0)
                .then(|| Duration::from_micros(100 + random.below(5000))),
            delay: Duration::from_micros([0, 0, 300, 8000][random.below(4) as usize]),
        }
    }
}
