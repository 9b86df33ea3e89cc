//! `alarms MODE EVENTS`: a signal handler emits, often in the middle of the tracepoint that it interrupts.
//!
//! MODE `nested`: a timer interrupts a flooding `main`. MODE `first`: the first event of each of EVENTS threads
//! comes from a handler. Every record has a check of its own content.

use serde::Serialize;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::{check, report};
use ust_core::sync::{AtomicU64, Ordering};

#[tracepoint(provider = "alarms", level = Info)]
fn flooded(sequence: u64, text: &str, check: u64);

#[tracepoint(provider = "alarms", level = Info)]
fn rang(sequence: u64, check: u64, text: &str);

/// What happened.
#[derive(Debug, Default, Serialize)]
struct Account {
    flooded: u64,
    rang: u64,
}

static RANG: AtomicU64 = AtomicU64::new(0);

/// Never empty: babeltrace2 2.0.4 prints an empty string as the text of an earlier record.
const TEXT: &str = "abcdefghijklmnopqrstuvwxyz";

fn text(sequence: u64) -> &'static str {
    &TEXT[..1 + sequence as usize % TEXT.len()]
}

extern "C" fn handler(_: libc::c_int) {
    let sequence = RANG.fetch_add(1, Ordering::Relaxed);
    rang(sequence, check::of(sequence), text(sequence));
}

#[allow(unsafe_code)]
fn on_signal(signal: i32) {
    // SAFETY: the handler calls only async-signal-safe functions, tracepoints among them. That is what is tested.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal, &action, core::ptr::null_mut());
    }
}

#[allow(unsafe_code)]
fn set_timer(period: Duration) {
    let time = libc::timeval { tv_sec: 0, tv_usec: period.as_micros() as libc::suseconds_t };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: valid pointers.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, core::ptr::null_mut()) };
}

#[allow(unsafe_code)]
fn raise_in_this_thread() {
    // SAFETY: the handler is set.
    unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGUSR1) };
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, mode, events] = &arguments[..] else { panic!("MODE EVENTS") };
    let events: u64 = events.parse().expect("a number");
    let mut account = Account::default();
    if mode == "nested" {
        on_signal(libc::SIGALRM);
        set_timer(Duration::from_micros(50));
        while account.flooded < events {
            flooded(account.flooded, text(account.flooded), check::of(account.flooded));
            account.flooded += 1;
        }
        set_timer(Duration::ZERO);
    } else {
        on_signal(libc::SIGUSR1);
        for sequence in 0..events {
            let thread = std::thread::spawn(move || {
                raise_in_this_thread();
                flooded(sequence, text(sequence), check::of(sequence));
            });
            thread.join().expect("it does not panic");
            account.flooded += 1;
        }
    }
    account.rang = RANG.load(Ordering::Relaxed);
    report::write(&account);
}
