//! R5: the threads of a forked child give it files of its own, one thread at a time. If one could not, the next one tries.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use loom_tests::check;
use loom_tests::lockfree::turn::State;
use loom_tests::lockfree::{Place, Turn};

/// What a process has.
struct Child {
    turn: Turn,
    /// How many tries were made, and failed; whether what it has is its own.
    had: UnsafeCell<(u32, bool)>,
}

// SAFETY: loom checks who accesses the cell.
unsafe impl Sync for Child {}
// SAFETY: as above.
unsafe impl Send for Child {}

impl Child {
    fn forked() -> Arc<Self> {
        Arc::new(Self { turn: Turn::forked(), had: UnsafeCell::new((0, false)) })
    }

    /// As an event does it, where so many tries fail.
    fn ensure_current(&self, tries_that_fail: u32) -> bool {
        let found = self.turn.state();
        match found {
            State::Current => {
                // SAFETY: loom checks that nobody changes it.
                self.had.with(|had| assert!(unsafe { (*had).1 }));
                return true;
            }
            State::Becoming => return false,
            State::Forked | State::Untraced => {}
        }
        if !self.turn.enter(found) {
            return false;
        }
        // SAFETY: loom checks that nobody else accesses it.
        let is_own = self.had.with_mut(|had| unsafe {
            assert!(!(*had).1, "made its own twice");
            *had = ((*had).0 + 1, (*had).0 >= tries_that_fail);
            (*had).1
        });
        self.turn.leave(is_own);
        is_own
    }
}

#[test]
fn one_thread_makes_it_its_own_and_the_others_find_that() {
    check(4, || {
        let child = Child::forked();
        let other = child.clone();
        let thread = thread::spawn(move || other.ensure_current(0) || other.ensure_current(0));
        let is_current = child.ensure_current(0);
        let found = thread.join().unwrap();
        assert!(is_current || found);
        assert!(child.ensure_current(0));
    });
}

/// Each try that fails leaves the same state behind. So a thread that saw the state after one try may be let in after the
/// next.
#[test]
fn where_one_thread_fails_the_next_one_tries() {
    check(4, || {
        let child = Child::forked();
        let other = child.clone();
        let thread = thread::spawn(move || other.ensure_current(3));
        for _ in 0..3 {
            child.ensure_current(3);
        }
        thread.join().unwrap();
        assert!((0..4).any(|_| child.ensure_current(3)));
    });
}

/// When a program starts, another thread's module may have joined. That thread must not take the process for a child.
#[test]
fn a_process_that_starts_is_nobodys_child() {
    check(4, || {
        let place = Arc::new(Place::empty());
        let there = place.clone();
        let thread = thread::spawn(move || {
            // A page of zeroes.
            Turn::begin(&there, Box::leak(Box::new(Turn::forked())));
        });
        let found = place.get().map(|turn: &Turn| turn.state());
        assert!(found.is_none_or(|state| state == State::Current), "{found:?}");
        thread.join().unwrap();
    });
}
