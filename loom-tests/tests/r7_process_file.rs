//! R7: what a process says of itself in shared memory, beside its rings, as the consumer reads it.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use loom_tests::check;
use ust_core::abi::{Buffers, Geometry, Mode, ProcessHeader, RingFileHeader, SlotLosses};

/// Memory that is written once, before it is announced: loom fails a model that reads it earlier.
#[derive(Default)]
struct Written(UnsafeCell<u32>);

// SAFETY: loom checks who accesses the cell.
unsafe impl Sync for Written {}
// SAFETY: as above.
unsafe impl Send for Written {}

impl Written {
    fn write(&self) {
        // SAFETY: loom checks that nobody else accesses it.
        self.0.with_mut(|cell| unsafe { *cell = 1 });
    }

    fn read(&self) {
        // SAFETY: loom checks that no thread writes it.
        self.0.with(|cell| assert_eq!(unsafe { *cell }, 1));
    }
}

#[test]
fn the_log_is_read_as_far_as_its_entries_are_whole() {
    check(3, || {
        let log = Arc::new((
            ProcessHeader::new(1, [0; 16], 0, [0; 16]),
            [(); 2].map(|()| Written::default()),
        ));
        let written = log.clone();
        let process = thread::spawn(move || {
            let (header, entries) = &*written;
            for (entry, bytes) in entries.iter().zip(1..) {
                entry.write();
                header.raise_log(bytes);
            }
        });
        let (header, entries) = &*log;
        entries.iter().take(header.log_bytes() as usize).for_each(Written::read);
        process.join().unwrap();
        assert_eq!(header.log_bytes(), 2);
    });
}

#[test]
fn a_stream_is_initialised_when_the_consumer_hears_of_it() {
    check(3, || {
        let geometry = Geometry::tiny(64, 2);
        let header =
            RingFileHeader::new(geometry, Buffers::PerThread, Mode::Discard, [0; 16], 1, 0);
        let file = Arc::new((header, [(); 2].map(|()| Written::default())));
        let threads = [0u32, 1].map(|number| {
            let file = file.clone();
            thread::spawn(move || {
                file.1[number as usize].write();
                file.0.add_claimed(number);
            })
        });
        let (header, streams) = &*file;
        header.claimed(2).for_each(|number| streams[number as usize].read());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(header.claimed(2).count(), 2);
    });
}

const OLD: u64 = 7;
const NEW: u64 = 8;

/// A slot passes from one channel to the next, with other losses for other reasons, while the consumer reads.
#[test]
fn no_channel_has_the_losses_of_another() {
    check(3, || {
        let slot = Arc::new(SlotLosses::nobodys());
        slot.begin(OLD);
        slot.count(1);
        slot.count(1);
        let counting = slot.clone();
        let process = thread::spawn(move || {
            counting.begin(NEW);
            counting.count(2);
        });
        let (old, new) = (slot.of(OLD), slot.of(NEW));
        assert!(old.is_none_or(|old| old == (2, 1)), "{old:?}");
        let expected = [(0, 0), (0, 2), (1, 2)];
        assert!(new.is_none_or(|new| expected.contains(&new)), "{new:?}");
        process.join().unwrap();
        assert_eq!((slot.of(OLD), slot.of(NEW)), (None, Some((1, 2))));
    });
}
