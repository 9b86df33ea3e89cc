//! `ust-stressed SEED ROUND LEDGER`: the traced program of one round.
//!
//! Events are emitted by threads that come and go, by their signal handlers, anywhere in what these interrupt, and by
//! forked children. Each call is noted in the ledger when it begins and when it has returned.

use std::cell::Cell;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use ust::tracepoint;
use ust_core::sync::{AtomicBool, Ordering};
use ust_stress::config::{Config, MAX_THREADS};
use ust_stress::ledger::{DEPTHS, Ledger};
use ust_stress::signals::Target;
use ust_stress::{payload, signals};
use ust_test_support::random::Random;

#[tracepoint(provider = "stress", level = Info)]
fn emitted(source: u32, sequence: u64, check: u64, text: &str);

/// Set before there is any handler.
static ROUND: OnceLock<(Config, Ledger)> = OnceLock::new();

/// SIGALRM is the timer's.
const BOTHERING: [i32; 2] = [libc::SIGUSR1, libc::SIGUSR2];

/// The threads that emit.
static TARGETS: [Target; MAX_THREADS as usize] = [const { Target::none() }; MAX_THREADS as usize];

/// Records between two alarms at least.
const ALARM_EVERY: u64 = 8;

thread_local! {
    /// The block of sources that this thread emits from. Without one its handlers emit nothing.
    static BLOCK: Cell<Option<u32>> = const { Cell::new(None) };
}

fn emit(depth: u32) {
    let (Some((config, ledger)), Some(block)) = (ROUND.get(), BLOCK.get()) else { return };
    let source = block * DEPTHS + depth;
    let mut text = payload::Text::new();
    let sequence = ledger.begin(source);
    let text = text.of(source, sequence, config.text_bytes);
    emitted(source, sequence, payload::check(source, sequence), text);
    ledger.end(source, sequence);
}

extern "C" fn handler(signal: libc::c_int) {
    emit(signals::depth_of(signal));
}

/// Emits `events` records from `block`; handlers add theirs.
fn emit_many(block: u32, events: u64, target: Option<&Target>) {
    let config = &ROUND.get().expect("it is set before any thread starts").0;
    let mut random = Random::new(config.seed ^ u64::from(block) << 32);
    BLOCK.set(Some(block));
    for event in 0..events {
        emit(0);
        if let Some(target) = target {
            target.step();
            if config.alarm_us > 0 && event.is_multiple_of(ALARM_EVERY) {
                signals::arm_timer(config.alarm_us);
            }
        }
        if random.below(config.pause_in) == 0 {
            // The pauses between bursts let the reader catch up.
            match random.below(4) {
                0 => random.sleep_below(Duration::from_micros(300)),
                _ => std::thread::yield_now(),
            }
        }
    }
    BLOCK.set(None);
}

/// One thread's life.
fn live(stead: u32, block: u32, events: u64) {
    let target = &TARGETS[stead as usize];
    signals::unblock_all();
    target.enter();
    emit_many(block, events, Some(target));
    target.leave();
}

/// Forks a child that emits and ends; waits for it.
fn fork_one(block: u32) {
    let (config, _) = ROUND.get().expect("it is set");
    // SAFETY: the child takes no lock that another thread may hold: it emits, and ends.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        emit_many(block, config.events.min(500), None);
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    // SAFETY: a child of ours.
    while unsafe { libc::waitpid(pid, core::ptr::null_mut(), 0) } == -1 {}
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse().expect("SEED ROUND LEDGER");
    let config = Config::draw(number(0), number(1));
    let ledger = Ledger::open(Path::new(&arguments[2])).expect("the harness made it");
    let (config, _) = ROUND.get_or_init(|| (config, ledger));

    signals::handle_all(handler);
    // The kernel would give the timer's signals to this thread, which emits nothing.
    signals::block_all();
    let is_over = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        if config.is_bothered {
            let targets = &TARGETS[..config.threads as usize];
            let ways = signals::Ways { signals: &BOTHERING, is_moving: config.is_moved };
            scope.spawn(move || signals::bother(targets, ways, config.seed, is_over));
        }
        let in_each_stead = |stead: u32| {
            scope.spawn(move || {
                for generation in 0..config.generations {
                    let block = generation * config.threads + stead;
                    let life = std::thread::spawn(move || live(stead, block, config.events));
                    life.join().expect("it does not panic");
                }
            })
        };
        let steads: Vec<_> = (0..config.threads).map(in_each_stead).collect();
        let mut random = Random::new(config.seed ^ 0xf0);
        for fork in 0..config.forks {
            random.sleep_below(Duration::from_millis(4));
            fork_one(config.generations * config.threads + fork);
        }
        for stead in steads {
            stead.join().expect("it does not panic");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
