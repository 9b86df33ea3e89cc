//! A place where threads find a value without a lock.

use super::orderings as order;
use super::{AtomicPtr, const_unless_loom};
use core::ptr;

/// A value that stays as long as any thread may have found it, or nothing. All zeroes: nothing.
///
/// `private::free` frees a value that was taken away; its caller knows that no thread uses the value
/// any more.
#[derive(Debug)]
#[repr(transparent)]
pub struct Place<T: 'static>(AtomicPtr<T>);

impl<T: Sync> Place<T> {
    const_unless_loom! {
        /// An empty place.
        pub fn empty() -> Self {
            Self(AtomicPtr::new(ptr::null_mut()))
        }
    }

    /// The value here, as it was made.
    #[inline(always)]
    pub fn get(&self) -> Option<&'static T> {
        as_found(self.0.load(order::place_load()))
    }

    /// Sets or clears the value, whatever was here. Only one thread at a time does this.
    pub fn set(&self, value: Option<&'static T>) {
        match value {
            Some(value) => self.0.store(as_pointer(value), order::place_store()),
            None => self.0.store(ptr::null_mut(), order::place_clear()),
        }
    }

    /// Puts a value here if the place is empty.
    ///
    /// # Errors
    /// The value that is here.
    pub fn install(&self, value: &'static T) -> Result<(), &'static T> {
        let (install, lose) = (order::place_install(), order::place_lost_load());
        match self.0.compare_exchange(ptr::null_mut(), as_pointer(value), install, lose) {
            Ok(_) => Ok(()),
            Err(winner) => as_found(winner).map_or(Ok(()), Err),
        }
    }

    /// Clears the place if it still holds `value`.
    pub fn clear_if(&self, value: &T) {
        let clear = order::place_clear_if();
        // If another thread has cleared it, nothing is left to do.
        let _ = self.0.compare_exchange(
            as_pointer(value),
            ptr::null_mut(),
            clear,
            order::place_unread_load(),
        );
    }
}

fn as_pointer<T>(value: &T) -> *mut T {
    ptr::from_ref(value).cast_mut()
}

#[inline(always)]
#[allow(unsafe_code)]
fn as_found<T: Sync>(pointer: *mut T) -> Option<&'static T> {
    // SAFETY: only `'static` references are put here.
    unsafe { pointer.as_ref() }
}
