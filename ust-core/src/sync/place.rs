//! Where something stands that other threads find without a lock.

use super::orderings as order;
use super::{AtomicPtr, const_unless_loom};
use core::ptr;

/// A value that stays for as long as anybody may have found it, or nothing. Zeroes are nothing.
///
/// What is taken away again is freed by `private::free`, whose caller knows that nobody looks any more.
#[derive(Debug)]
#[repr(transparent)]
pub struct Place<T: 'static>(AtomicPtr<T>);

impl<T: Sync> Place<T> {
    const_unless_loom! {
        /// A place where nothing stands.
        pub fn empty() -> Self {
            Self(AtomicPtr::new(ptr::null_mut()))
        }
    }

    /// What stands here, as it was made.
    #[inline(always)]
    pub fn get(&self) -> Option<&'static T> {
        as_found(self.0.load(order::place_load()))
    }

    /// Puts a value here, or nothing, whatever stood here. One thread at a time does.
    pub fn set(&self, value: Option<&'static T>) {
        match value {
            Some(value) => self.0.store(as_pointer(value), order::place_store()),
            None => self.0.store(ptr::null_mut(), order::place_clear()),
        }
    }

    /// Puts a value here if nothing stands here.
    ///
    /// # Errors
    /// What does.
    pub fn install(&self, value: &'static T) -> Result<(), &'static T> {
        let (install, lose) = (order::place_install(), order::place_lost_load());
        match self.0.compare_exchange(ptr::null_mut(), as_pointer(value), install, lose) {
            Ok(_) => Ok(()),
            Err(winner) => as_found(winner).map_or(Ok(()), Err),
        }
    }

    /// Takes `value` away if it still stands here.
    pub fn clear_if(&self, value: &T) {
        let clear = order::place_clear_if();
        // Another thread that has done so is as good.
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
    // SAFETY: only references for good are put here.
    unsafe { pointer.as_ref() }
}
