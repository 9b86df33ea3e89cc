//! R3: several threads have their first event at once. One file is made for all. A thread that writes to it has sent it, or
//! knows that it was sent. Each stream of it has one owner at a time, and was made ready for that owner.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering::Relaxed};
use loom::thread;
use loom_tests::check;
use loom_tests::lockfree::{Claims, Installed, Place};

/// A file of one stream.
struct File {
    claims: Claims,
    /// What its owner writes.
    stream: UnsafeCell<u32>,
    /// Whether it is freed.
    memory: UnsafeCell<bool>,
}

// SAFETY: loom checks who accesses the cells.
unsafe impl Sync for File {}

const UNREADY: u32 = 77;

impl File {
    fn leak() -> &'static Self {
        let (stream, memory) = (UnsafeCell::new(UNREADY), UnsafeCell::new(true));
        let file = Box::leak(Box::new(Self { claims: Claims::default(), stream, memory }));
        // Written after the file is made and before it is installed: loom finds no race with the making.
        // SAFETY: loom checks that nobody else accesses it.
        file.memory.with_mut(|is_freed| unsafe { *is_freed = false });
        file
    }

    fn touch(&self) {
        // SAFETY: as above.
        self.memory.with(|is_freed| assert!(!unsafe { *is_freed }, "it was thrown away"));
    }

    fn free(&self) {
        // SAFETY: as above.
        self.memory.with_mut(|is_freed| unsafe { *is_freed = true });
    }

    fn make_ready(&self) {
        // SAFETY: as above.
        self.stream.with_mut(|stream| unsafe {
            assert_eq!(*stream, UNREADY, "made ready under its owner's hands");
            *stream = 0;
        });
    }

    /// Claims its stream, writes a record, and gives the stream back. Whether it got the stream.
    fn record(&self) -> bool {
        let ready = || -> Result<(), ()> {
            self.make_ready();
            Ok(())
        };
        let is_claimed = self.claims.claim(0, ready).unwrap();
        if is_claimed {
            // SAFETY: as above.
            self.stream.with_mut(|stream| unsafe { *stream += 1 });
            self.claims.release(0);
        }
        is_claimed
    }

    fn recorded(&self) -> u32 {
        // SAFETY: as above.
        self.stream.with(|stream| unsafe { *stream })
    }
}

/// A channel with room for one file, and the socket to the consumer.
struct Scene {
    ring: Installed<File>,
    sent: AtomicU32,
}

impl Scene {
    fn new() -> Arc<Self> {
        Arc::new(Self { ring: Installed::nothing(), sent: AtomicU32::new(0) })
    }

    /// A first event, as `channel::claim` has it.
    fn first_event(&self) -> &'static File {
        let file = self.ring.file_or_make(|| Ok::<_, ()>(File::leak()), File::free).unwrap();
        file.touch();
        let send = || {
            // The kernel's queue: once a thread knows that the file was sent, the consumer can find it there.
            self.sent.store(1, Relaxed);
            Ok::<_, ()>(())
        };
        self.ring.ensure_sent(send).unwrap();
        assert_eq!(self.sent.load(Relaxed), 1, "written to, and not sent");
        file
    }
}

#[test]
fn one_file_is_made_and_it_is_sent_before_anybody_writes() {
    check(4, || {
        let scene = Scene::new();
        let other = scene.clone();
        let thread = thread::spawn(move || core::ptr::from_ref(other.first_event()).addr());
        let file = scene.first_event();
        assert_eq!(thread.join().unwrap(), core::ptr::from_ref(file).addr(), "two files");
        file.touch();
    });
}

/// Three at once: two come too late.
#[test]
fn those_that_come_too_late_use_the_file_of_the_first() {
    check(2, || {
        let scene = Scene::new();
        let threads = [(); 2].map(|()| {
            let scene = scene.clone();
            thread::spawn(move || scene.first_event().touch())
        });
        scene.first_event().touch();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_stream_is_made_ready_once_and_has_one_owner_at_a_time() {
    check(4, || {
        let file = File::leak();
        let threads = [(); 2].map(|()| thread::spawn(move || file.record()));
        let mut records = u32::from(file.record());
        records += threads.into_iter().map(|thread| u32::from(thread.join().unwrap())).sum::<u32>();
        assert!(records > 0);
        assert_eq!(file.recorded(), records);
    });
}

/// There is no memory for the stream at first: the next thread tries again.
#[test]
fn a_stream_that_could_not_be_made_ready_is_nobodys() {
    check(4, || {
        let file = File::leak();
        let thread = thread::spawn(move || file.claims.claim(0, || Err(())).is_ok());
        file.record();
        let found_it_ready_or_claimed = thread.join().unwrap();
        // Still claimed, if it was found ready.
        let is_left = !found_it_ready_or_claimed;
        assert!(!is_left || file.record());
    });
}

/// Streams of CPUs: one thread gives the CPU a stream, and another one finds it closed and takes it away.
#[test]
fn a_cpu_has_the_stream_that_was_first_and_loses_none_but_that() {
    check(4, || {
        let place = Arc::new(Place::empty());
        let (own, others) = (File::leak(), thread::spawn(File::leak).join().unwrap());
        let there = place.clone();
        let thread = thread::spawn(move || {
            let is_set = there.install(others).is_ok();
            there.get().inspect(|file| file.touch());
            there.clear_if(others);
            is_set
        });
        match place.install(own) {
            Ok(()) => assert!(place.get().is_some_and(|file| core::ptr::eq(file, own))),
            Err(winner) => {
                winner.touch();
                assert!(core::ptr::eq(winner, others));
            }
        }
        let is_others = thread.join().unwrap();
        let stays = place.get().is_some_and(|file| core::ptr::eq(file, own));
        assert!(stays || is_others);
    });
}
