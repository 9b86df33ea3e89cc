//! `waits PROGRESS EVENTS`: floods a ring while a timer's handler emits too, and notes how far both have come.
//!
//! Word 0 is the test's: the flood begins once it is set. Word 1 is what `main` has emitted, word 2 the handler.
//! The report is both numbers. Everything happens on one CPU, because another CPU's ring would have room.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::progress::{Lease, Progress};
use ust_acceptance::report;
use ust_core::sync::{AtomicU64, Ordering};

#[tracepoint(provider = "waits", level = Info)]
fn flooded(sequence: u64);

#[tracepoint(provider = "waits", level = Info)]
fn rang(sequence: u64);

static PROGRESS: OnceLock<Progress> = OnceLock::new();
static RANG: AtomicU64 = AtomicU64::new(0);

extern "C" fn handler(_: libc::c_int) {
    let sequence = RANG.fetch_add(1, Ordering::Relaxed);
    rang(sequence);
    if let Some(progress) = PROGRESS.get() {
        progress.note(2, sequence + 1);
    }
}

#[allow(unsafe_code)]
fn set_alarms(period: Duration) {
    let time = libc::timeval { tv_sec: 0, tv_usec: period.as_micros() as libc::suseconds_t };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: valid pointers, and a handler that is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGALRM, &action, core::ptr::null_mut());
        libc::setitimer(libc::ITIMER_REAL, &timer, core::ptr::null_mut());
    }
}

#[allow(unsafe_code)]
fn stay_on_this_cpu() {
    // SAFETY: plain data and a valid pointer.
    unsafe {
        let mut cpus: libc::cpu_set_t = core::mem::zeroed();
        libc::CPU_SET(libc::sched_getcpu() as usize, &mut cpus);
        assert_eq!(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &cpus), 0);
    }
}

fn main() {
    stay_on_this_cpu();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, events] = &arguments[..] else { panic!("PROGRESS EVENTS") };
    let events: u64 = events.parse().expect("a number");
    let progress = *PROGRESS.get_or_init(|| Progress::create(Path::new(path)));
    flooded(0);
    progress.note(1, 1);
    let lease = Lease::begin(Path::new(path));
    while progress.word(0) == 0 {
        assert!(!lease.is_over(), "the test is gone");
        std::thread::sleep(Duration::from_millis(1));
    }
    set_alarms(Duration::from_millis(1));
    for sequence in 1..events {
        flooded(sequence);
        progress.note(1, sequence + 1);
    }
    set_alarms(Duration::ZERO);
    report::write(&[events, RANG.load(Ordering::Relaxed)]);
}
