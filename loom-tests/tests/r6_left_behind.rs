//! R6: what one thread leaves is taken once, with what it belongs to.
#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use loom_tests::check;
use loom_tests::lockfree::Left;

/// The number of a descriptor comes again, for another file.
#[test]
fn what_is_left_is_taken_once_and_with_what_it_belongs_to() {
    check(4, || {
        let place = Arc::new(Left::nothing());
        let other = place.clone();
        let leaving = thread::spawn(move || {
            let first = other.leave(3, 10).then_some(10);
            // A turn for the other thread. Loom reorders an access only against the last access to the word, and that would
            // be this thread's own read.
            thread::yield_now();
            first.into_iter().chain(other.leave(3, 11).then_some(11)).collect::<Vec<_>>()
        });
        thread::yield_now();
        let taken = [place.take(), place.take()];
        let left = leaving.join().unwrap();
        let taken = taken.into_iter().chain([place.take()]);
        let taken: Vec<_> = taken.flatten().collect();
        assert!(taken.iter().all(|(number, _)| *number == 3));
        assert_eq!(taken.iter().map(|(_, file)| *file).collect::<Vec<_>>(), left);
    });
}

#[test]
fn of_two_that_take_one_has_it() {
    check(4, || {
        let place = Arc::new(Left::nothing());
        let threads = [(); 2].map(|()| {
            let place = place.clone();
            thread::spawn(move || place.take().is_some())
        });
        assert!(place.leave(3, 10));
        let taken = threads.into_iter().map(|thread| thread.join().unwrap());
        let taken = taken.chain([place.take().is_some()]).filter(|is_taken| *is_taken).count();
        assert_eq!(taken, 1);
    });
}
