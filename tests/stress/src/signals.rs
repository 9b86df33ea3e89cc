//! Signals: handlers, a timer, and a thread that sends signals to others.

use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};
use std::time::Duration;
use ust_core::sync::{AtomicBool, AtomicU32, Ordering};
use ust_test_support::random::Random;

/// The signals, by the depth of their handlers' sources: 1, 2 and 3. None of them is blocked in another's.
pub const SIGNALS: [i32; 3] = [libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM];

/// The depth at which a signal's handler emits.
pub fn depth_of(signal: i32) -> u32 {
    1 + SIGNALS.iter().position(|known| *known == signal).unwrap_or(0) as u32
}

/// Installs one handler for all of them. It is to be async-signal-safe.
pub fn handle_all(handler: extern "C" fn(libc::c_int)) {
    for signal in SIGNALS {
        // SAFETY: valid pointers; what the handler does is what is tested.
        unsafe {
            let mut action: libc::sigaction = core::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_RESTART;
            libc::sigaction(signal, &action, core::ptr::null_mut());
        }
    }
}

/// Sends this process one SIGALRM after so long. Code that makes progress arms it again, never the handler: on a slow
/// machine a periodic timer can leave no time for anything else.
pub fn arm_timer(after_us: u64) {
    let none = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let value = libc::timeval { tv_sec: 0, tv_usec: after_us as libc::suseconds_t };
    let timer = libc::itimerval { it_interval: none, it_value: value };
    // SAFETY: valid pointers.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, core::ptr::null_mut()) };
}

/// Blocks all of them in this thread, so that others get them.
pub fn block_all() {
    mask(libc::SIG_BLOCK);
}

/// Unblocks all of them in this thread.
pub fn unblock_all() {
    mask(libc::SIG_UNBLOCK);
}

fn mask(how: i32) {
    // SAFETY: valid pointers to this frame.
    unsafe {
        let mut set: libc::sigset_t = core::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in SIGNALS {
            libc::sigaddset(&mut set, signal);
        }
        libc::pthread_sigmask(how, &set, core::ptr::null_mut());
    }
}

/// A thread that may be sent signals.
#[derive(Debug, Default)]
pub struct Target {
    /// Its number in the kernel, 0 while there is none.
    thread: AtomicU32,
    /// How much progress it has made.
    progress: AtomicU32,
}

impl Target {
    /// No thread yet.
    pub const fn none() -> Self {
        Self { thread: AtomicU32::new(0), progress: AtomicU32::new(0) }
    }

    /// It is this thread from here on.
    pub fn enter(&self) {
        let thread = rustix::thread::gettid().as_raw_nonzero().get();
        self.thread.store(thread as u32, Ordering::Relaxed);
    }

    /// It is no thread any more.
    pub fn leave(&self) {
        self.thread.store(0, Ordering::Relaxed);
    }

    /// The thread has made some progress of its own.
    pub fn step(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }
}

/// How to bother threads.
#[derive(Debug, Clone, Copy)]
pub struct Ways<'a> {
    /// By these signals.
    pub signals: &'a [i32],
    /// By moving them to another CPU.
    pub is_moving: bool,
}

/// Bothers threads at random moments until told to stop. A thread that has made no progress since its last signal
/// gets none: on a slow machine it would be in handlers for ever.
pub fn bother(targets: &[Target], ways: Ways<'_>, seed: u64, is_over: &AtomicBool) {
    block_all();
    let Ways { signals, is_moving } = ways;
    let cpus: Vec<usize> = sched_getaffinity(None)
        .map(|all| (0..CpuSet::MAX_CPU).filter(|cpu| all.is_set(*cpu)).collect())
        .unwrap_or_default();
    let mut random = Random::new(seed);
    let mut seen = vec![0; targets.len()];
    while !is_over.load(Ordering::Relaxed) {
        let chosen = random.index(targets.len());
        let (target, seen) = (&targets[chosen], &mut seen[chosen]);
        let signal = signals[random.index(signals.len())];
        let (thread, progress) =
            (target.thread.load(Ordering::Relaxed), target.progress.load(Ordering::Relaxed));
        if thread != 0 && progress != *seen {
            *seen = progress;
            // SAFETY: a system call on plain numbers; a thread that has ended makes it fail.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal) };
        }
        if is_moving && thread != 0 && !cpus.is_empty() {
            let mut set = CpuSet::new();
            set.set(cpus[random.index(cpus.len())]);
            // A thread that has ended makes it fail.
            let _ = sched_setaffinity(Pid::from_raw(thread as i32), &set);
        }
        match random.below(8) {
            0 => random.sleep_below(Duration::from_micros(200)),
            turns => (0..turns * 200).for_each(|_| core::hint::spin_loop()),
        }
    }
}
