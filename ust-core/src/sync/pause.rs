//! Waiting for another thread where no futex will do.

use core::time::Duration;

/// Sleeps. Not a yield: the thread that is waited for may be of a lower priority.
#[cfg(not(loom))]
pub fn pause(interval: Duration) {
    std::thread::sleep(interval);
}

/// Lets another thread go on.
#[cfg(loom)]
pub fn pause(_interval: Duration) {
    loom::thread::yield_now();
}
