//! Whether the calling thread is at work for this library: what it calls then is not the program's.
//!
//! A shim that stands between a program and the C library is called by this library as well. It asks here first, and passes
//! such calls on unseen.

use core::ptr;

static OUTSIDE: u8 = 0;
static INSIDE: u8 = 1;

ust_core::thread_word!(mod word "ust_inside" crate::inside::OUTSIDE);

/// Whether the calling thread is at work for this library. Async-signal-safe.
#[inline(always)]
pub fn is_inside() -> bool {
    !ptr::eq(word::get(), (&raw const OUTSIDE).cast())
}

/// While it lives, the thread that made it is at work for this library.
#[derive(Debug)]
pub struct Inside {
    before: *const (),
}

impl Inside {
    /// From here on.
    #[allow(clippy::new_without_default)] // It does something.
    pub fn new() -> Self {
        let before = word::get();
        word::set((&raw const INSIDE).cast());
        Self { before }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        word::set(self.before);
    }
}

/// From here on all calls of the calling thread pass unseen. Async-signal-safe.
pub fn stay() {
    word::set((&raw const INSIDE).cast());
}

/// The end of [`stay`]. Async-signal-safe.
pub fn leave() {
    word::set((&raw const OUTSIDE).cast());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_inside_until_the_outermost_ends() {
        assert!(!is_inside());
        let outer = Inside::new();
        drop(Inside::new());
        assert!(is_inside());
        assert!(!std::thread::spawn(is_inside).join().unwrap(), "of one thread");
        drop(outer);
        assert!(!is_inside());
        stay();
        drop(Inside::new());
        assert!(is_inside());
        leave();
        assert!(!is_inside());
    }
}
