//! R8: a consumer that sleeps is woken for what it did not see before.
#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use loom_tests::check;
use ust_core::abi::Doorbell;

/// Two writers fill a sub-buffer each and ring; the consumer falls asleep meanwhile.
#[test]
fn a_consumer_that_sleeps_is_rung_for() {
    check(4, || {
        let scene = Arc::new((Doorbell::default(), [(); 2].map(|()| AtomicU32::new(0))));
        let writers = [0, 1].map(|number| {
            let scene = scene.clone();
            thread::spawn(move || {
                let (doorbell, positions) = &*scene;
                positions[number].store(1, Ordering::Relaxed);
                doorbell.ring();
            })
        });
        let (doorbell, positions) = &*scene;
        let filled =
            || positions.iter().filter(|position| position.load(Ordering::Relaxed) == 1).count();
        let seen = doorbell.rings();
        doorbell.fall_asleep();
        let found = filled();
        if doorbell.rings() != seen {
            // Woken at once, for one of them at least.
            assert!(filled() > 0);
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        assert!(found == 2 || doorbell.rings() != seen, "it sleeps, and nobody has rung");
    });
}

/// A consumer that was awake in between misses nothing either.
#[test]
fn a_consumer_that_falls_asleep_again_is_rung_for() {
    check(4, || {
        let scene = Arc::new((Doorbell::default(), AtomicU32::new(0)));
        let writer = scene.clone();
        let writer = thread::spawn(move || {
            writer.1.store(1, Ordering::Relaxed);
            writer.0.ring();
        });
        let (doorbell, position) = &*scene;
        doorbell.fall_asleep();
        doorbell.wake_up();
        let seen = doorbell.rings();
        doorbell.fall_asleep();
        let found = position.load(Ordering::Relaxed) == 1;
        writer.join().unwrap();
        assert!(found || doorbell.rings() != seen, "it sleeps, and nobody has rung");
    });
}
