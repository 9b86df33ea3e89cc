//! A timer whose signal handler emits an event.
//!
//! The signal interrupts a thread that the kernel picks, anywhere: also in the middle of another event. A tracepoint may be
//! called from a handler. Everything else that the handler does must be async-signal-safe by itself.

use crate::emitted::{self, emit};
use std::io;
use std::ptr;
use std::time::Duration;

/// Ticks until it is stopped.
#[derive(Debug)]
#[must_use]
pub struct Ticker(());

impl Ticker {
    /// Starts to tick.
    pub fn start(interval: Duration) -> io::Result<Self> {
        handle(on_tick as extern "C" fn(libc::c_int) as libc::sighandler_t)?;
        set_timer(interval)?;
        Ok(Self(()))
    }

    /// Stops. Unless another thread is still in the handler, there is no tick after this.
    pub fn stop(self) {
        let _ = set_timer(Duration::ZERO);
        // The kernel drops a pending signal when the signal is ignored.
        let _ = handle(libc::SIG_IGN);
    }
}

extern "C" fn on_tick(_signal: libc::c_int) {
    emit!(tick(emitted::ticks(), emitted::files()));
}

fn handle(handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: `sigaction` is plain data, for which zeroes are valid. The handler is a function of the right
    // signature that only counts and emits, both async-signal-safe. SA_RESTART: calls that it interrupts go on.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGALRM, &action, ptr::null_mut())
    };
    checked(result)
}

fn set_timer(interval: Duration) -> io::Result<()> {
    let interval = libc::timeval {
        tv_sec: interval.as_secs() as libc::time_t,
        tv_usec: interval.subsec_micros() as libc::suseconds_t,
    };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: a valid pointer to plain data; the old value is not asked for.
    checked(unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, ptr::null_mut()) })
}

fn checked(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
