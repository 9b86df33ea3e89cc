//! R4: modules come, are recorded, and go, while other threads emit and the agent switches what is recorded.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use loom_tests::check;
use loom_tests::lockfree::{Announced32, Announced64, Holder, Place};

/// Memory that is filled before another thread may read it. Loom finds no race with a cell's first value, so it is filled
/// later.
struct Filled(UnsafeCell<bool>);

// SAFETY: loom checks who accesses the cell.
unsafe impl Sync for Filled {}

impl Filled {
    fn leak() -> &'static Self {
        Box::leak(Box::new(Self(UnsafeCell::new(false))))
    }

    fn set(&self, is_filled: bool) {
        // SAFETY: loom checks that nobody else accesses it.
        self.0.with_mut(|cell| unsafe { *cell = is_filled });
    }

    fn look(&self) {
        // SAFETY: loom checks that no thread changes it.
        self.0.with(|cell| assert!(unsafe { *cell }));
    }
}

/// The in-process table of a copy of the library.
struct Table {
    is_elected: Announced32,
    functions: &'static Filled,
}

impl Table {
    fn leak() -> &'static Self {
        let (is_elected, functions) = (Announced32::nothing(), Filled::leak());
        Box::leak(Box::new(Self { is_elected, functions }))
    }

    /// The loader relocates it, and its module's constructor elects it.
    fn elect(&self) {
        self.functions.set(true);
        self.is_elected.set(1);
    }
}

/// A module's callsite, and its memory.
struct Callsite {
    word: Announced64,
    memory: &'static Filled,
}

impl Callsite {
    fn leak() -> &'static Self {
        let (word, memory) = (Announced64::nothing(), Filled::leak());
        memory.set(true);
        Box::leak(Box::new(Self { word, memory }))
    }

    fn switch(&self, on: u64) {
        self.memory.look();
        self.word.set(on);
    }
}

#[derive(Default)]
struct Registry(Vec<&'static Callsite>);

/// A constructor finds the elected copy and joins it; another thread of its module calls what it finds.
#[test]
fn what_is_joined_can_be_called() {
    check(4, || {
        let (table, joined) = (Table::leak(), Arc::new(Place::empty()));
        let electing = thread::spawn(|| table.elect());
        let place = joined.clone();
        let constructor = thread::spawn(move || {
            if table.is_elected.get() != 0 {
                table.functions.look();
                place.set(Some(table));
            }
        });
        joined.get().inspect(|table: &&Table| table.functions.look());
        electing.join().unwrap();
        constructor.join().unwrap();
    });
}

/// A thread that finds an event on finds the runtime that its module has joined. The consumer that reads its record finds
/// its class.
#[test]
fn an_event_that_is_on_has_a_runtime_and_a_class() {
    check(4, || {
        let (joined, class, site) = (Arc::new(Place::empty()), Filled::leak(), Callsite::leak());
        let record = Arc::new(AtomicU32::new(0));
        let (place, frame) = (joined.clone(), record.clone());
        let constructor = thread::spawn(move || {
            let registry = Holder::of(Registry::default());
            place.set(Some(Table::leak()));
            registry.with(|registry| {
                registry.0.push(site);
                class.set(true);
                registry.0.iter().for_each(|site| site.switch(1));
            });
        });
        let emitting = thread::spawn(move || {
            if site.word.get() != 0 {
                assert!(joined.get().is_some(), "its own runtime, which nobody has started");
                // As the ring commits it.
                frame.store(1, Ordering::Release);
            }
        });
        // The consumer.
        if record.load(Ordering::Acquire) != 0 {
            class.look();
        }
        constructor.join().unwrap();
        emitting.join().unwrap();
    });
}

/// One module goes and is unmapped, and another one comes, while the agent switches events.
#[test]
fn nobody_follows_the_callsites_of_a_module_that_is_gone() {
    check(3, || {
        let (stays, goes) = (Callsite::leak(), Callsite::leak());
        let registry = Arc::new(Holder::of(Registry(vec![goes])));
        let changing = registry.clone();
        let thread = thread::spawn(move || {
            changing.with(|registry| registry.0.clear()).unwrap();
            goes.memory.set(false);
            changing.with(|registry| registry.0.push(stays)).unwrap();
        });
        let switch = |on| registry.with(|registry| registry.0.iter().for_each(|it| it.switch(on)));
        switch(1).unwrap();
        thread.join().unwrap();
        switch(2).unwrap();
        assert_eq!(stays.word.get(), 2);
    });
}
