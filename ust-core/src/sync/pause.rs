//! Waiting for another thread where a futex cannot be used.

use core::time::Duration;

/// Sleeps. It does not yield, because the other thread may have a lower priority.
#[cfg(not(loom))]
pub fn pause(interval: Duration) {
    std::thread::sleep(interval);
}

/// Lets another thread go on.
#[cfg(loom)]
pub fn pause(_interval: Duration) {
    loom::thread::yield_now();
}
