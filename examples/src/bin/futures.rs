//! Futures of tokio: how often each was polled, how long it worked, how long it waited. Needs no `tokio_unstable`.
//!
//! ```text
//! cargo build --release
//! target/release/ust record -o /tmp/futures -e 'futures:*.close' -- target/release/futures
//! target/release/ust view /tmp/futures                  (or: babeltrace2 /tmp/futures)
//!
//! futures:crunches.close: { span_id = 2, total_ns = 9035676, busy_ns = 9001425, idle_ns = 34251, entered = 2 }
//! futures:yields.close: { span_id = 3, total_ns = 9317066, busy_ns = 8070, idle_ns = 9308996, entered = 101 }
//! futures:sleeps.close: { span_id = 1, total_ns = 31453763, busy_ns = 5348, idle_ns = 31448415, entered = 3 }
//! ```
//!
//! `tracing` enters an instrumented future's span at each poll, and once more when the future is dropped. So a future was
//! polled `entered - 1` times. `busy_ns` is the time within polls. `crunches` was polled once, and kept its thread busy for 9 ms.
//! `yields` was polled 100 times, and waited for `crunches` nearly all of its time. With the rule `futures:*` the trace has each
//! single poll, with its thread (`.enter`, `.exit`).

use std::time::{Duration, Instant};
use tracing::{Instrument, info_span};

async fn sleeps() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

async fn crunches() {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(9) {
        std::hint::spin_loop();
    }
}

async fn yields() {
    for _ in 0..99 {
        tokio::task::yield_now().await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // The only line that is about `ust`.
    tracing::subscriber::set_global_default(ust_tracing::subscriber()).expect("it is the first");

    let tasks = [
        tokio::spawn(sleeps().instrument(info_span!("sleeps"))),
        tokio::spawn(crunches().instrument(info_span!("crunches"))),
        tokio::spawn(yields().instrument(info_span!("yields"))),
    ];
    for task in tasks {
        task.await.expect("it does not panic");
    }
}
