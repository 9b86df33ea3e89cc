//! `jumps LIBRARY PROGRESS JUMPS`: a signal handler that leaves by siglongjmp, most often out of the middle of a
//! tracepoint, so often; then single events of another name, until word 0 of the progress is set.
//!
//! The report is how many calls were begun and how many returned.

use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::jump::Jump;
use ust_acceptance::progress::{Lease, Progress};
use ust_acceptance::{check, report};
use ust_core::sync::{AtomicU64, Ordering};

#[tracepoint(provider = "jumps", level = Info)]
fn flooded(sequence: u64, text: &str, check: u64);

#[tracepoint(provider = "jumps", level = Info)]
fn later(sequence: u64, text: &str, check: u64);

#[derive(Debug, Default, Serialize)]
struct Account {
    begun: u64,
    returned: u64,
    later: u64,
}

static BEGUN: AtomicU64 = AtomicU64::new(0);
static RETURNED: AtomicU64 = AtomicU64::new(0);

/// Long, so that the handler often comes while it is copied.
const TEXT: &str = match core::str::from_utf8(&[b'x'; 1024]) {
    Ok(text) => text,
    Err(_) => panic!("x is text"),
};

fn text(sequence: u64) -> &'static str {
    &TEXT[..1 + sequence as usize % TEXT.len()]
}

extern "C" fn flood() {
    loop {
        let sequence = BEGUN.fetch_add(1, Ordering::Relaxed);
        flooded(sequence, text(sequence), check::of(sequence));
        RETURNED.fetch_add(1, Ordering::Relaxed);
    }
}

/// The period of the alarm. It repeats, because an alarm before the flood has begun does nothing.
#[allow(unsafe_code)]
fn set_alarm(every: Duration) {
    let every = libc::timeval { tv_sec: 0, tv_usec: every.as_micros() as libc::suseconds_t };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: valid pointers.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, core::ptr::null_mut()) };
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, library, path, jumps] = &arguments[..] else { panic!("LIBRARY PROGRESS JUMPS") };
    let progress = Progress::create(Path::new(path));
    let lease = Lease::begin(Path::new(path));
    let jump = Jump::load(Path::new(library));
    jump.on(libc::SIGALRM);
    for number in 0..jumps.parse().expect("a number") {
        set_alarm(Duration::from_micros(300 + number % 61));
        // SAFETY: it never returns, has nothing to drop, and calls tracepoints: that they may be left so is what is
        // tested.
        #[allow(unsafe_code)]
        unsafe {
            jump.run(flood)
        };
        set_alarm(Duration::ZERO);
        // Time for the reader: the flood is short.
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut account = Account {
        begun: BEGUN.load(Ordering::Relaxed),
        returned: RETURNED.load(Ordering::Relaxed),
        later: 0,
    };
    while progress.word(0) == 0 && !lease.is_over() {
        later(account.later, text(account.later), check::of(account.later));
        account.later += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    report::write(&account);
}
