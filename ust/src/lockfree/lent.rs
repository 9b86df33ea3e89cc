//! What a thread was lent.

use super::orderings as order;
use core::ptr;
use ust_core::sync::{AtomicPtr, const_unless_loom};

/// Something that the thread finds at once; it was lent by the thread itself, and may be taken away by others, who
/// [reclaim](super::reclaim) it. Zeroes are nothing.
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

    /// What the calling thread was lent, for as long as it is marked.
    #[inline(always)]
    pub fn get(&self) -> Option<&T> {
        as_lent(self.0.load(order::lent_load()))
    }

    /// Lends the calling thread `value`.
    pub fn set(&self, value: &'static T) {
        self.0.store(ptr::from_ref(value).cast_mut(), order::lent_store());
    }

    /// Takes it away. Where nothing is, that is only read: most caches are nobody's, and have no memory yet.
    pub fn clear(&self) {
        if !self.0.load(order::lent_load()).is_null() {
            self.0.store(ptr::null_mut(), order::lent_clear());
        }
    }

    /// Takes it away, and says what it was. The thread is the calling one, or has ended; the calling one is marked.
    pub fn take(&self) -> Option<&'static T> {
        as_lent(self.0.swap(ptr::null_mut(), order::lent_take()))
    }
}

#[inline(always)]
#[allow(unsafe_code)]
fn as_lent<T>(pointer: *mut T) -> Option<&'static T> {
    // SAFETY: only references for good are lent, and nothing is freed that a marked thread may have found here.
    unsafe { pointer.as_ref() }
}
