//! Plain memory that a protocol of atomics guards.
#![allow(unsafe_code)]

use super::const_unless_loom;
#[cfg(not(loom))]
use core::cell::UnsafeCell;
#[cfg(loom)]
use loom::cell::UnsafeCell;

/// A value that one thread at a time changes, by a protocol that its holder defines. Loom fails a model in which two
/// threads race on it.
#[derive(Debug)]
pub struct Guarded<T>(UnsafeCell<T>);

// SAFETY: the value is reached only by the unsafe `with_mut`, whose caller has exclusive access.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    const_unless_loom! {
        /// Guards a value.
        pub fn new(value: T) -> Self {
            Self(UnsafeCell::new(value))
        }
    }

    /// Runs `job` with the value.
    ///
    /// # Safety
    /// Nobody else reaches the value until `job` has returned.
    #[cfg(not(loom))]
    pub unsafe fn with_mut<R>(&self, job: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the caller's promise.
        job(unsafe { &mut *self.0.get() })
    }

    /// Runs `job` with the value.
    ///
    /// # Safety
    /// Nobody else reaches the value until `job` has returned, which loom checks.
    #[cfg(loom)]
    pub unsafe fn with_mut<R>(&self, job: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the caller's promise.
        self.0.with_mut(|value| job(unsafe { &mut *value }))
    }
}
