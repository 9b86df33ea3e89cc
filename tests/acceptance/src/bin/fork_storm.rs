//! `fork_storm CHILDREN EVENTS`: threads that emit all the time, while `main` forks.
//!
//! Every record says which process wrote it. Children are made in turn by `fork`, by `fork` with threads of their own, and
//! by a raw `clone`.

use serde::Serialize;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::report;
use ust_core::sync::{AtomicBool, Ordering};

/// What a process did.
#[derive(Debug, Serialize)]
struct Account {
    pid: u32,
    emitted: u64,
}

#[tracepoint(provider = "storm", level = Info)]
fn told(process: u32, thread: u32, sequence: u64);

/// Threads of the parent that emit, and threads of every other forked child.
const THREADS: u32 = 3;

/// Children alive at once.
const ALIVE: usize = 16;

fn emit(thread: u32, events: u64) {
    for sequence in 0..events {
        told(std::process::id(), thread, sequence);
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let mut next = || arguments.next().expect("CHILDREN EVENTS");
    let (children, events) = (next(), next());
    let is_over = AtomicBool::new(false);
    let mut accounts = Vec::new();
    std::thread::scope(|scope| {
        let is_over = &is_over;
        let spawn = |thread| scope.spawn(move || flood(thread, is_over));
        let emitters: Vec<_> = (1..=THREADS).map(spawn).collect();
        let mut alive = Vec::new();
        for number in 0..children {
            let (pid, emits) = make_child(number, events);
            accounts.push(Account { pid, emitted: emits });
            alive.push(pid);
            told(std::process::id(), 0, number);
            if alive.len() == ALIVE {
                alive.drain(..).for_each(reap);
            }
        }
        alive.into_iter().for_each(reap);
        is_over.store(true, Ordering::Release);
        let of_threads: u64 =
            emitters.into_iter().map(|t| t.join().expect("it does not panic")).sum();
        accounts.push(Account { pid: std::process::id(), emitted: children + of_threads });
    });
    report::write(&accounts);
}

fn flood(thread: u32, is_over: &AtomicBool) -> u64 {
    let mut sequence = 0;
    while !is_over.load(Ordering::Acquire) {
        for _ in 0..50 {
            told(std::process::id(), thread, sequence);
            sequence += 1;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
    sequence
}

/// Its process id, and how many events it emits.
#[allow(unsafe_code)]
fn make_child(number: u64, events: u64) -> (u32, u64) {
    let is_raw = number % 5 == 4;
    let has_threads = !is_raw && number % 2 == 1;
    // SAFETY: the child does what the children of threaded programs can do with glibc, and ends by `_exit`.
    unsafe {
        let pid = if is_raw {
            libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as libc::pid_t
        } else {
            libc::fork()
        };
        assert!(pid >= 0, "no child: {}", std::io::Error::last_os_error());
        if pid == 0 {
            emit(0, events);
            if has_threads {
                let spawn = |thread| std::thread::spawn(move || emit(thread, events));
                let threads: Vec<_> = (1..=THREADS).map(spawn).collect();
                let is_well = threads.into_iter().all(|thread| thread.join().is_ok());
                libc::_exit(i32::from(!is_well));
            }
            libc::_exit(0);
        }
        (pid as u32, if has_threads { events * (1 + u64::from(THREADS)) } else { events })
    }
}

#[allow(unsafe_code)]
fn reap(pid: u32) {
    let mut status = 0;
    // SAFETY: our own child, and a valid pointer.
    let reaped = unsafe { libc::waitpid(pid as libc::pid_t, &mut status, 0) };
    assert_eq!(reaped as u32, pid);
    assert_eq!(status, 0, "child {pid} ended badly");
}
