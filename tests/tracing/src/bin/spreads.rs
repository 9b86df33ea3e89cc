//! `spreads threads|tasks|hands WORKERS EVENTS`: workers at once, each a span, with so many events in it.
//!
//! With `tasks` a worker is a task of tokio, which is polled again after each event, by any of four threads. With `hands` it is a
//! future that two threads poll in turn.

use std::pin::Pin;
use std::sync::{Barrier, Mutex};
use std::task::{Context, Waker};
use std::thread;
use tracing::{Instrument, info, info_span};
use ust_core::sync::{AtomicU64, Ordering};

fn main() {
    tracing::subscriber::set_global_default(ust_tracing::subscriber()).expect("it is the first");
    let argument = |at| std::env::args().nth(at).expect("threads|tasks WORKERS EVENTS");
    let number = |at| argument(at).parse::<u64>().expect("a number");
    let (workers, events) = (number(2), number(3));
    match argument(1).as_str() {
        "threads" => in_threads(workers, events),
        "hands" => in_two_hands(workers, events),
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

/// Emits, and lets others go first after each event.
async fn work(worker: u64, events: u64) {
    for sequence in 0..events {
        info!(target: "spreads", worker, sequence, "step");
        tokio::task::yield_now().await;
    }
}

fn is_ready(future: Pin<&mut impl Future>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn in_two_hands(workers: u64, events: u64) {
    for worker in 0..workers {
        let span = info_span!(target: "spreads", "work", worker);
        let future = Mutex::new(Box::pin(work(worker, events).instrument(span)));
        let (turns, turn) = ([Barrier::new(2), Barrier::new(2)], AtomicU64::new(0));
        let poll = |hand: u64| {
            loop {
                let number = turn.load(Ordering::Relaxed);
                turns[0].wait();
                let is_over = number % 2 == hand && {
                    turn.store(number + 1, Ordering::Relaxed);
                    is_ready(future.lock().expect("nobody panics").as_mut())
                };
                if is_over {
                    turn.store(u64::MAX, Ordering::Relaxed);
                }
                turns[1].wait();
                if turn.load(Ordering::Relaxed) == u64::MAX {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| poll(0));
            scope.spawn(|| poll(1));
        });
    }
}

fn in_tasks(workers: u64, events: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build();
    runtime.expect("there are threads").block_on(async {
        let start = |worker| {
            let span = info_span!(target: "spreads", "work", worker);
            tokio::spawn(work(worker, events).instrument(span))
        };
        for task in (0..workers).map(start).collect::<Vec<_>>() {
            task.await.expect("it does not panic");
        }
    });
}
