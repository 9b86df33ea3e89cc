//! `churn THREADS ALIVE EVENTS KEYS`: many short threads, few of them alive at once, each with some events.
//!
//! KEYS pthread keys are made before the library's own. Each record says which thread wrote it. The report is how many
//! events were emitted, and what the process had in use after a tenth of the threads, and after all.

use serde::Serialize;
use std::collections::VecDeque;
use ust::tracepoint;
use ust_acceptance::constructor::{self, Constructor};
use ust_acceptance::in_use::InUse;
use ust_acceptance::report;
use ust_core::sync::{AtomicU64, Ordering};

#[tracepoint(provider = "churn", level = Info)]
fn lived(tid: u32, thread: u64, sequence: u64);

/// Makes the keys: runs before the library's constructor.
#[used]
#[allow(unsafe_code)]
// SAFETY: a constructor, which glibc calls with the arguments of `main`.
#[unsafe(link_section = ".init_array.00050")]
static MAKE_KEYS: Constructor = make_keys;

#[allow(unsafe_code)]
extern "C" fn make_keys(count: libc::c_int, arguments: *const *const libc::c_char) {
    // SAFETY: a constructor's.
    let keys = unsafe { constructor::argument(4, count, arguments) };
    let keys = keys.and_then(|keys| keys.to_str().ok()?.parse().ok());
    constructor::make_pthread_keys(keys.unwrap_or(0));
}

static EMITTED: AtomicU64 = AtomicU64::new(0);

#[allow(unsafe_code)]
fn own_tid() -> u32 {
    // SAFETY: a system call without arguments.
    unsafe { libc::gettid() as u32 }
}

#[derive(Debug, Default, Serialize)]
struct Account {
    emitted: u64,
    early: InUse,
    late: InUse,
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let mut next = || arguments.next().expect("THREADS ALIVE EVENTS KEYS");
    let (threads, alive, events) = (next(), next() as usize, next());
    let mut living = VecDeque::new();
    let mut account = Account::default();
    for thread in 0..threads {
        if thread == threads / 10 {
            account.early = InUse::now();
        }
        if living.len() == alive {
            living.pop_front().map(std::thread::JoinHandle::join);
        }
        living.push_back(std::thread::spawn(move || {
            for sequence in 0..events {
                lived(own_tid(), thread, sequence);
                EMITTED.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    living.into_iter().for_each(|thread| drop(thread.join()));
    account.late = InUse::now();
    account.emitted = EMITTED.load(Ordering::Relaxed);
    report::write(&account);
}
