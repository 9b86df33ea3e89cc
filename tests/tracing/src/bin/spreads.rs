//! `spreads threads|tasks WORKERS EVENTS`: workers at once, each a span, with so many events in it.
//!
//! With `tasks` a worker is a task of tokio, which is polled again after each event, by any of four threads.

use std::thread;
use tracing::{Instrument, info, info_span};

fn main() {
    tracing::subscriber::set_global_default(ust_tracing::subscriber()).expect("it is the first");
    let argument = |at| std::env::args().nth(at).expect("threads|tasks WORKERS EVENTS");
    let number = |at| argument(at).parse::<u64>().expect("a number");
    let (workers, events) = (number(2), number(3));
    match argument(1).as_str() {
        "threads" => in_threads(workers, events),
        _ => in_tasks(workers, events),
    }
}

fn in_threads(workers: u64, events: u64) {
    thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                let span = info_span!(target: "spreads", "work", worker);
                for sequence in 0..events {
                    span.in_scope(|| info!(target: "spreads", worker, sequence, "step"));
                }
            });
        }
    });
}

fn in_tasks(workers: u64, events: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build();
    runtime.expect("there are threads").block_on(async {
        let work = |worker| async move {
            for sequence in 0..events {
                info!(target: "spreads", worker, sequence, "step");
                tokio::task::yield_now().await;
            }
        };
        let start = |worker| {
            tokio::spawn(work(worker).instrument(info_span!(target: "spreads", "work", worker)))
        };
        for task in (0..workers).map(start).collect::<Vec<_>>() {
            task.await.expect("it does not panic");
        }
    });
}
