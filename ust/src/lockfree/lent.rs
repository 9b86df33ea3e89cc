//! A pointer that is lent to a thread.

use super::orderings as order;
use core::ptr;
use ust_core::sync::{AtomicPtr, const_unless_loom};

/// A pointer that the thread finds without a search. The thread itself stores it; other threads may clear it in
/// order to [reclaim](super::reclaim) what it points to. All zeroes: nothing.
#[derive(Debug)]
#[repr(transparent)]
pub struct Lent<T: 'static>(AtomicPtr<T>);

impl<T> Lent<T> {
    const_unless_loom! {
        /// Nothing.
        pub fn nothing() -> Self {
            Self(AtomicPtr::new(ptr::null_mut()))
        }
    }

    /// The value lent to the calling thread, valid while the thread is marked.
    #[inline(always)]
    pub fn get(&self) -> Option<&T> {
        as_lent(self.0.load(order::lent_load()))
    }

    /// Lends the calling thread `value`.
    pub fn set(&self, value: &'static T) {
        self.0.store(ptr::from_ref(value).cast_mut(), order::lent_store());
    }

    /// Lends the calling thread, which is marked, what something else that it was lent leads to. Or nothing.
    pub fn lend_on(&self, value: Option<&T>) {
        let pointer = value.map_or(ptr::null_mut(), |value| ptr::from_ref(value).cast_mut());
        self.0.store(pointer, order::lent_store());
    }

    /// Clears it. An empty place is only read: most caches have no owner, and their pages no memory yet.
    pub fn clear(&self) {
        if !self.0.load(order::lent_load()).is_null() {
            self.0.store(ptr::null_mut(), order::lent_clear());
        }
    }

    /// Clears it, and returns what was lent. The cache's thread is the calling one or has ended. The calling thread
    /// is marked.
    pub fn take(&self) -> Option<&'static T> {
        as_lent(self.0.swap(ptr::null_mut(), order::lent_take()))
    }
}

#[inline(always)]
#[allow(unsafe_code)]
fn as_lent<T>(pointer: *mut T) -> Option<&'static T> {
    // SAFETY: only `'static` references are lent, and nothing that a marked thread may have found here is freed.
    unsafe { pointer.as_ref() }
}
