//! R2: a channel is taken from all threads while they are in tracepoints, or have their first event in it. No thread uses
//! it once it is freed. The letters are those of `lockfree/reclaim.rs`.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use loom_tests::check;
use loom_tests::lockfree::mark;
use loom_tests::lockfree::reclaim::{Marked, may_keep, may_keep_on, reclaim};
use loom_tests::lockfree::{Lent, Mark, Place, Tenant};

/// What is used, and freed: a channel, say, with its rings.
struct Channel(UnsafeCell<u32>);

// SAFETY: loom checks who accesses the cell.
unsafe impl Sync for Channel {}

impl Channel {
    fn leak() -> &'static Self {
        Box::leak(Box::new(Self(UnsafeCell::new(0))))
    }

    /// A thread writes to a ring of its own, so two threads may use a channel at once.
    fn touch(&self) {
        // SAFETY: loom checks that nobody frees it.
        self.0.with(|cell| assert_eq!(unsafe { *cell }, 0, "used after it was freed"));
    }

    fn free(&self) {
        // SAFETY: loom checks that nobody uses it.
        self.0.with_mut(|cell| unsafe { *cell = 1 });
    }
}

/// What a thread has at hand.
struct Cache {
    mark: Mark,
    lent: Lent<Channel>,
    /// What that led to: a CPU's stream, say.
    part: Lent<Channel>,
    tenant: Tenant,
}

impl Marked for Cache {
    fn mark(&self) -> &Mark {
        &self.mark
    }

    fn clear(&self, _: usize) {
        self.lent.clear();
        self.part.clear();
    }
}

impl Cache {
    fn leak() -> &'static Self {
        let (mark, tenant) = (Mark::unset(), Tenant::nobody());
        Box::leak(Box::new(Self { mark, lent: Lent::nothing(), part: Lent::nothing(), tenant }))
    }

    fn enter(&self) {
        // SAFETY: the mark is this thread's, at the start of itself.
        unsafe { mark::enter::<0, _>(&self.mark) };
    }

    fn leave(&self) {
        // SAFETY: as in `enter`.
        unsafe { mark::leave::<0, _>(&self.mark) };
    }

    /// A tracepoint. Whether it found what it wanted.
    fn emit(&self) -> bool {
        self.enter();
        let lent = self.lent.get();
        lent.inspect(|channel| channel.touch());
        let is_done = lent.is_some();
        self.leave();
        is_done
    }

    /// A tracepoint that uses what it finds to lend its thread a part of it.
    fn emit_and_lend_on(&self) {
        self.enter();
        if let Some(channel) = self.lent.get() {
            channel.touch();
            self.part.lend_on(Some(channel));
            if !may_keep_on(&self.lent) {
                self.part.clear();
            }
        }
        self.leave();
    }

    /// A tracepoint that uses such a part. Whether it found one.
    fn emit_into_part(&self) -> bool {
        self.enter();
        let part = self.part.get();
        part.inspect(|channel| channel.touch());
        let is_done = part.is_some();
        self.leave();
        is_done
    }

    /// A first event.
    fn first_event(&self, slot: &Place<Channel>) {
        self.enter();
        if let Some(channel) = slot.get() {
            channel.touch();
            self.lent.set(channel);
            if !may_keep(slot, channel) {
                self.lent.clear();
            }
        }
        self.leave();
    }

    /// What becomes of the cache when its thread ends, or has ended.
    fn give_back(&self, slot: &Place<Channel>) {
        self.enter();
        if let Some(lent) = self.lent.take()
            && let Some(channel) = slot.get().filter(|channel| core::ptr::eq(*channel, lent))
        {
            channel.touch();
        }
        self.mark.clear();
    }
}

/// Where a channel stands, and the cache of a thread.
fn scene() -> (Arc<Place<Channel>>, &'static Channel, &'static Cache) {
    let (slot, channel) = (Arc::new(Place::empty()), Channel::leak());
    slot.set(Some(channel));
    (slot, channel, Cache::leak())
}

/// As the agent does it.
fn take_away(slot: &Place<Channel>, channel: &Channel, caches: &[&'static Cache]) {
    slot.set(None);
    assert!(reclaim(|| caches.iter().copied(), 0, || false));
    channel.free();
}

/// A to D against E to H.
#[test]
fn a_tracepoint_under_way_is_waited_for() {
    check(4, || {
        let (slot, channel, cache) = scene();
        cache.lent.set(channel);
        let thread = thread::spawn(move || {
            cache.emit();
            cache.emit();
        });
        take_away(&slot, channel, &[cache]);
        thread.join().unwrap();
        assert!(!cache.emit());
    });
}

/// Neither does a thread keep what a tracepoint under way has lent it.
#[test]
fn what_a_tracepoint_lends_on_is_taken_away_too() {
    check(4, || {
        let (slot, channel, cache) = scene();
        cache.lent.set(channel);
        let thread = thread::spawn(move || {
            cache.emit_and_lend_on();
            cache.emit_into_part();
        });
        take_away(&slot, channel, &[cache]);
        thread.join().unwrap();
        assert!(!cache.emit_into_part());
    });
}

/// C1 and C2 against E and F: a first event does not keep what it was lent meanwhile.
#[test]
fn what_a_first_event_was_lent_is_taken_away_too() {
    check(4, || {
        let (slot, channel, cache) = scene();
        let there = slot.clone();
        let thread = thread::spawn(move || {
            cache.first_event(&there);
            cache.emit();
        });
        take_away(&slot, channel, &[cache]);
        thread.join().unwrap();
        assert!(!cache.emit());
    });
}

/// Two threads, of which one has what the other is about to be lent.
#[test]
fn it_is_taken_from_each_thread() {
    check(2, || {
        let (slot, channel, cache) = scene();
        let other = Cache::leak();
        other.lent.set(channel);
        let there = slot.clone();
        let threads = [
            thread::spawn(move || cache.first_event(&there)),
            thread::spawn(move || {
                other.emit();
            }),
        ];
        take_away(&slot, channel, &[cache, other]);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(!cache.emit() && !other.emit());
    });
}

/// A cache is made while another thread walks all caches. A cache that the walk does not see sees that the slot is empty.
#[test]
fn a_cache_that_is_not_seen_leads_nowhere() {
    check(3, || {
        let (slot, channel, cache) = scene();
        let (block, there) = (Arc::new(Place::empty()), slot.clone());
        let seen = block.clone();
        let thread = thread::spawn(move || {
            assert!(block.install(cache).is_ok());
            cache.first_event(&there);
            cache.emit();
        });
        slot.set(None);
        assert!(reclaim(|| seen.get().into_iter(), 0, || false));
        channel.free();
        thread.join().unwrap();
        assert!(!cache.emit());
    });
}

/// When a thread ends, its marks are taken back, also those of tracepoints that it left by siglongjmp.
#[test]
fn a_thread_that_ends_is_waited_for() {
    check(4, || {
        let (slot, channel, cache) = scene();
        cache.lent.set(channel);
        let there = slot.clone();
        let thread = thread::spawn(move || {
            cache.enter();
            cache.give_back(&there);
        });
        take_away(&slot, channel, &[cache]);
        thread.join().unwrap();
    });
}

/// A channel is not freed if a thread stays in a tracepoint.
#[test]
fn a_thread_that_stays_in_a_tracepoint_is_left_what_it_has() {
    check(4, || {
        let (slot, channel, cache) = scene();
        cache.lent.set(channel);
        let thread = thread::spawn(move || cache.emit());
        slot.set(None);
        if reclaim(|| core::iter::once(cache), 0, || true) {
            channel.free();
        }
        thread.join().unwrap();
        assert!(!cache.emit());
    });
}

/// A cache passes to another thread after its own has ended without a word. Two threads ask whether it has ended, and a
/// third one wants a cache.
#[test]
fn a_cache_passes_on_empty() {
    check(3, || {
        let (slot, channel, cache) = scene();
        let gone = Arc::new(AtomicBool::new(false));
        let ended = gone.clone();
        assert!(cache.tenant.claim());
        let first = thread::spawn(move || {
            cache.tenant.note(7);
            cache.lent.set(channel);
            assert!(cache.emit());
            // The kernel's answer that a thread is gone: the kernel's locks order it behind the thread's last store.
            ended.store(true, Ordering::Release);
        });
        let next = move |tid: u32| {
            let has_ended = |asked: u32| asked == 7 && gone.load(Ordering::Acquire);
            let freed = cache.tenant.free_if(has_ended, || cache.give_back(&slot));
            let claimed = cache.tenant.claim();
            if claimed {
                cache.tenant.note(tid);
                // Not in a tracepoint: the barrier there is one for loom, but none for the processor.
                assert!(cache.lent.get().is_none(), "of another thread");
            }
            freed
        };
        let other = next.clone();
        let second = thread::spawn(move || other(8));
        let freed = [next(9), second.join().unwrap()];
        first.join().unwrap();
        assert!(!(freed[0] && freed[1]), "freed twice");
    });
}
