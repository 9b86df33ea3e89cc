//! `poor_children EVENTS`: forks where no descriptor is left, and emits in children that can have no process file.
//!
//! Each kind of child emits EVENTS while it is poor, and as many again once it may open files:
//!
//! ```text
//!   fork       the child of `fork`
//!   clone      the child of a raw `clone`, which no handler hears of
//!   threads    a raw clone whose threads emit at once
//!   nested     poor child of a poor child
//!   orphan     poor, and its parent is dead and reaped before it emits
//! ```

use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "poor", level = Info)]
fn told(process: u32, is_rich: bool, sequence: u64);

fn emit(is_rich: bool, events: u64) {
    (0..events).for_each(|sequence| told(std::process::id(), is_rich, sequence));
}

/// Lets this process open no descriptor more, or as many as before.
#[allow(unsafe_code)]
fn set_rich(is_rich: bool) {
    // SAFETY: plain data and valid pointers.
    unsafe {
        let mut limit: libc::rlimit = core::mem::zeroed();
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = if is_rich { limit.rlim_max } else { 0 };
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
}

const THREADS: u64 = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Fork,
    Clone,
}

/// Makes a child that does `job` and ends.
#[allow(unsafe_code)]
fn child(how: How, job: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child does what the children of threaded programs can do with glibc, and ends by `_exit`.
    unsafe {
        let pid = match how {
            How::Fork => libc::fork(),
            How::Clone => libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as libc::pid_t,
        };
        assert!(pid >= 0, "no child: {}", std::io::Error::last_os_error());
        if pid == 0 {
            job();
            libc::_exit(0);
        }
        pid
    }
}

#[allow(unsafe_code)]
fn reap(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: our own child, and a valid pointer.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    assert_eq!(status, 0, "child {pid} ended badly");
}

fn poor_then_rich(events: u64) {
    emit(false, events);
    become_rich(events);
}

fn become_rich(events: u64) {
    set_rich(true);
    // It does not try again with each event: an event a little later must be recorded.
    std::thread::sleep(Duration::from_millis(20));
    emit(true, events);
}

fn main() {
    let events: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).expect("EVENTS");
    emit(true, events);
    // The orphan is to be waited for without descriptors of its own: by a pipe that is open already.
    let (mut orphans_end, orphan_lives) = std::io::pipe().expect("a pipe");
    set_rich(false);
    for how in [How::Fork, How::Clone] {
        reap(child(how, || poor_then_rich(events)));
        reap(child(how, || {
            emit(false, events);
            reap(child(how, || poor_then_rich(events)));
        }));
    }
    reap(child(How::Clone, || {
        // The limit is the whole process's.
        let all_poor = std::sync::Barrier::new(THREADS as usize);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    emit(false, events);
                    all_poor.wait();
                    become_rich(events);
                });
            }
        });
    }));
    set_rich(true);
    // The orphan's parent is a traced process like any other, and is gone when the orphan emits.
    reap(child(How::Fork, || {
        emit(true, events);
        set_rich(false);
        child(How::Fork, || {
            // Long enough for the consumer to notice the parent's end. If not, this run tests less.
            std::thread::sleep(Duration::from_millis(300));
            emit(false, events);
        });
    }));
    drop(orphan_lives);
    let read = std::io::Read::read(&mut orphans_end, &mut [0]).expect("a pipe can be read");
    assert_eq!(read, 0);
    // The orphan and its parent, the threads, and of each kind of child one alone, one with a child of its own;
    // `main`.
    let rich = 1 + THREADS + 2 * 2 + 1;
    let poor = 1 + THREADS + 2 * 3;
    report::write(&[rich * events, poor * events]);
}
