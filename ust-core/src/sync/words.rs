//! The words of a stream, by which side writes them.

use super::Ordering::Relaxed;
use super::{OrdersLoads, OrdersRmws, OrdersStores, Rmw, raw};
use core::marker::PhantomData;

/// A word that only writers change, by the read-modify-writes of `K`.
#[derive(Debug)]
#[repr(transparent)]
pub struct WriterWord<K>(raw::AtomicU64, PhantomData<K>);

impl<K> WriterWord<K> {
    /// A word in private memory. Shared words are overlaid on mapped bytes.
    #[cfg(not(loom))]
    pub const fn new(value: u64) -> Self {
        Self(raw::AtomicU64::new(value), PhantomData)
    }

    /// The same, for loom's fixture.
    #[cfg(loom)]
    pub fn new(value: u64) -> Self {
        Self(raw::AtomicU64::new(value), PhantomData)
    }

    /// The present value.
    #[inline(always)]
    pub fn load(&self, order: impl OrdersLoads) -> u64 {
        self.0.load(order.of_load())
    }
}

impl<K: Rmw> WriterWord<K> {
    /// Stores `new` if the word still is `current`; returns whether it did.
    #[inline(always)]
    pub fn compare_exchange(&self, current: u64, new: u64, success: impl OrdersRmws) -> bool {
        K::compare_exchange(&self.0, current, new, success.of_rmw())
    }

    /// The same for the position, by one of the stream's writers.
    #[inline(always)]
    pub fn advance(&self, by: K, current: u64, new: u64, success: impl OrdersRmws) -> bool {
        by.advance(&self.0, current, new, success.of_rmw())
    }

    /// Adds `amount`, wrapping.
    #[inline(always)]
    pub fn add(&self, amount: u64) {
        K::add(&self.0, amount);
    }

    /// A plain store, for words in which the last of several writers may win.
    #[inline(always)]
    pub fn store(&self, value: u64, order: impl OrdersStores) {
        self.0.store(value, order.of_store());
    }
}

/// A word that the reader writes: every read-modify-write on it is locked, on both sides.
#[repr(transparent)]
pub struct ReaderWritten(raw::AtomicU64);

impl ReaderWritten {
    /// A word in private memory (tests, loom's fixture).
    pub fn new(value: u64) -> Self {
        Self(raw::AtomicU64::new(value))
    }

    /// The present value.
    #[inline(always)]
    pub fn load(&self, order: impl OrdersLoads) -> u64 {
        self.0.load(order.of_load())
    }

    /// A plain store.
    pub fn store(&self, value: u64, order: impl OrdersStores) {
        self.0.store(value, order.of_store());
    }

    /// Stores `new` if the word still is `current`; returns whether it did.
    pub fn compare_exchange(&self, current: u64, new: u64, success: impl OrdersRmws) -> bool {
        self.0.compare_exchange(current, new, success.of_rmw(), Relaxed).is_ok()
    }

    /// Adds `amount`, wrapping.
    pub fn add(&self, amount: u64, order: impl OrdersRmws) {
        self.0.fetch_add(amount, order.of_rmw());
    }

    /// Stores `value` and returns the old value.
    pub fn swap(&self, value: u64, order: impl OrdersRmws) -> u64 {
        self.0.swap(value, order.of_rmw())
    }
}
