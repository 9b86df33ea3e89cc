//! `counts_interrupts READY`: waits for a SIGINT, and then a while for more; exits with how many came.
//!
//! Each of them is an event, too. READY is made once the handler is set.

use std::time::Duration;
use ust::tracepoint;
use ust_core::sync::{AtomicU64, Ordering};

#[tracepoint(provider = "interrupts", level = Info)]
fn came(number: u64);

static COUNT: AtomicU64 = AtomicU64::new(0);

extern "C" fn handler(_: libc::c_int) {
    came(COUNT.fetch_add(1, Ordering::Relaxed));
}

#[allow(unsafe_code)]
fn main() {
    let ready = std::env::args().nth(1).expect("READY");
    // SAFETY: a handler that is async-signal-safe.
    unsafe { libc::signal(libc::SIGINT, handler as *const () as libc::sighandler_t) };
    std::fs::write(ready, "").expect("it can be made");
    for _ in 0..60_000 {
        if COUNT.load(Ordering::Relaxed) > 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    std::process::exit(COUNT.load(Ordering::Relaxed) as i32);
}
