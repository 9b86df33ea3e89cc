//! The only file that names atomics: three kinds of shared word, and loom's stand-ins for them.
//!
//! ```text
//!   word               who writes it                          read-modify-write
//!   -----------------  -------------------------------------  ------------------------------------------
//!   WriterWord<Local>  one thread, and the signal handlers     unprefixed instruction: atomic against
//!                      that interrupt it                       interruption, not against other CPUs
//!   WriterWord<Shared> any thread of the traced process        locked instruction
//!   ReaderWritten      the reader, and writers in slow paths   locked on both sides, always
//! ```
//!
//! An owner-only and a locked read-modify-write on the same word do not synchronise with each other,
//! which is why these are three types: the reader holds a `WriterWord<ReadOnly>` and has no way to
//! write it, and a `ReaderWritten` offers no owner-only operation at all.
//!
//! On x86-64 the owner-only operations are single instructions without a `lock` prefix, by inline
//! assembly; an interrupt falls before or after an instruction, never into it. Everywhere else, and
//! with `--cfg portable_rmw` (sanitizers), they are the ordinary atomics. Under loom they are a load
//! followed by a store, so that a model sees the mistake when two threads share such a word.
#![allow(unsafe_code)]
#![allow(clippy::disallowed_types)]

use core::marker::PhantomData;

#[cfg(not(loom))]
use core::sync::atomic as raw;
#[cfg(loom)]
use loom::sync::atomic as raw;

pub use core::sync::atomic::Ordering;

/// A fence against the compiler alone. Loom needs none: its threads never see program order broken.
#[inline(always)]
pub fn compiler_fence(order: Ordering) {
    if cfg!(not(loom)) {
        core::sync::atomic::compiler_fence(order);
    }
}

/// Words without a rule of their own about who writes them: the plain atomics, wrapped, so that nobody
/// names the raw ones by mistake.
macro_rules! plain_word {
    ($(#[$doc:meta])* $name:ident($raw:ty) of $value:ty $(, numeric $numeric:ident)?) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name($raw);

        impl $name {
            plain_word!(@new $raw, $value);

            /// The value now.
            #[inline(always)]
            pub fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }

            /// Stores a value.
            #[inline(always)]
            pub fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, order);
            }

            /// Stores a value and returns what was there.
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.0.swap(value, order)
            }
            $(plain_word!(@$numeric $value);)?
        }
    };
    (@new $raw:ty, $value:ty) => {
        /// A word with this value.
        #[cfg(not(loom))]
        pub const fn new(value: $value) -> Self {
            Self(<$raw>::new(value))
        }

        /// A word with this value.
        #[cfg(loom)]
        pub fn new(value: $value) -> Self {
            Self(<$raw>::new(value))
        }
    };
    (@integer $value:ty) => {
        /// Adds, wrapping, and returns what was there.
        pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
            self.0.fetch_add(value, order)
        }

        /// Sets bits and returns what was there.
        pub fn fetch_or(&self, value: $value, order: Ordering) -> $value {
            self.0.fetch_or(value, order)
        }

        /// Keeps bits and returns what was there.
        pub fn fetch_and(&self, value: $value, order: Ordering) -> $value {
            self.0.fetch_and(value, order)
        }

        /// Raises to at least `value` and returns what was there.
        pub fn fetch_max(&self, value: $value, order: Ordering) -> $value {
            self.0.fetch_max(value, order)
        }

        /// Stores `new` if the word is `current`.
        ///
        /// # Errors
        /// It is not; what it is.
        pub fn compare_exchange(
            &self,
            current: $value,
            new: $value,
            success: Ordering,
            failure: Ordering,
        ) -> Result<$value, $value> {
            self.0.compare_exchange(current, new, success, failure)
        }
    };
}

plain_word!(
    /// A flag.
    AtomicBool(raw::AtomicBool) of bool
);
plain_word!(
    /// A word of 32 bits.
    AtomicU32(raw::AtomicU32) of u32, numeric integer
);
plain_word!(
    /// A word of 64 bits.
    AtomicU64(raw::AtomicU64) of u64, numeric integer
);

#[cfg(not(loom))]
impl AtomicU32 {
    /// The word as futex calls want it.
    pub fn futex(&self) -> &raw::AtomicU32 {
        &self.0
    }
}

/// A pointer.
#[cfg(not(loom))]
#[derive(Debug)]
#[repr(transparent)]
pub struct AtomicPtr<T>(raw::AtomicPtr<T>);

#[cfg(not(loom))]
impl<T> AtomicPtr<T> {
    /// A word with this value.
    pub const fn new(value: *mut T) -> Self {
        Self(raw::AtomicPtr::new(value))
    }

    /// The value now.
    #[inline(always)]
    pub fn load(&self, order: Ordering) -> *mut T {
        self.0.load(order)
    }

    /// Stores a value.
    pub fn store(&self, value: *mut T, order: Ordering) {
        self.0.store(value, order);
    }

    /// Stores a value and returns what was there.
    pub fn swap(&self, value: *mut T, order: Ordering) -> *mut T {
        self.0.swap(value, order)
    }

    /// Stores `new` if the word is `current`.
    ///
    /// # Errors
    /// It is not; what it is.
    pub fn compare_exchange(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.0.compare_exchange(current, new, success, failure)
    }
}

/// How the writers of a stream change the words they share with each other.
///
/// # Safety
/// `compare_exchange` and `add` must be atomic against every writer that [`Rmw`]'s implementor
/// admits: nested signal handlers for [`Local`], all threads for [`Shared`].
pub unsafe trait Rmw: Copy + Default + 'static {
    /// Stores `new` if the word still is `current`; returns whether it did.
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool;
    /// Adds `amount`, wrapping.
    fn add(word: &raw::AtomicU64, amount: u64);
}

/// Owner-only: one thread writes, and the signal handlers that interrupt it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

/// Any thread of the process writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shared;

/// The reader's view of a writer's word: it can be loaded and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnly;

// SAFETY: a single instruction is never split by an interrupt, and `Local` admits no other writer.
#[cfg(all(target_arch = "x86_64", not(loom), not(miri), not(portable_rmw)))]
unsafe impl Rmw for Local {
    #[inline(always)]
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, _: Ordering) -> bool {
        let seen: u64;
        // SAFETY: the pointer comes from a reference; x86-64 gives every load acquire and every store
        // release order, and the asm block, which may touch memory, orders the compiler.
        unsafe {
            core::arch::asm!(
                "cmpxchg qword ptr [{word}], {new}",
                word = in(reg) word.as_ptr(),
                new = in(reg) new,
                inout("rax") current => seen,
                options(nostack),
            );
        }
        seen == current
    }

    #[inline(always)]
    fn add(word: &raw::AtomicU64, amount: u64) {
        // SAFETY: as above.
        unsafe {
            core::arch::asm!(
                "add qword ptr [{word}], {amount}",
                word = in(reg) word.as_ptr(),
                amount = in(reg) amount,
                options(nostack),
            );
        }
    }
}

// SAFETY: the ordinary atomics are atomic against everybody.
#[cfg(all(not(loom), any(not(target_arch = "x86_64"), miri, portable_rmw)))]
unsafe impl Rmw for Local {
    #[inline(always)]
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        Shared::compare_exchange(word, current, new, success)
    }

    #[inline(always)]
    fn add(word: &raw::AtomicU64, amount: u64) {
        Shared::add(word, amount);
    }
}

// SAFETY: loom runs a nested writer at testpoints only, and there is none between this load and store.
#[cfg(loom)]
unsafe impl Rmw for Local {
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        let (load, store) = match success {
            Ordering::AcqRel => (Ordering::Acquire, Ordering::Release),
            Ordering::Acquire => (Ordering::Acquire, Ordering::Relaxed),
            Ordering::Release => (Ordering::Relaxed, Ordering::Release),
            _ => (Ordering::Relaxed, Ordering::Relaxed),
        };
        let same = word.load(load) == current;
        if same {
            word.store(new, store);
        }
        same
    }

    fn add(word: &raw::AtomicU64, amount: u64) {
        let old = word.load(Ordering::Relaxed);
        word.store(old.wrapping_add(amount), Ordering::Relaxed);
    }
}

// SAFETY: locked instructions.
unsafe impl Rmw for Shared {
    #[inline(always)]
    fn compare_exchange(word: &raw::AtomicU64, current: u64, new: u64, success: Ordering) -> bool {
        // Relaxed on failure: the caller starts over with a fresh load.
        word.compare_exchange(current, new, success, Ordering::Relaxed).is_ok()
    }

    #[inline(always)]
    fn add(word: &raw::AtomicU64, amount: u64) {
        // Relaxed: a count; nothing is published by it.
        word.fetch_add(amount, Ordering::Relaxed);
    }
}

/// A word that only writers change, by the read-modify-writes of `K`.
#[repr(transparent)]
pub struct WriterWord<K>(raw::AtomicU64, PhantomData<K>);

impl<K> WriterWord<K> {
    /// A word in private memory (tests, loom's fixture); shared ones are overlaid on mapped bytes.
    pub fn new(value: u64) -> Self {
        Self(raw::AtomicU64::new(value), PhantomData)
    }

    /// The value now.
    #[inline(always)]
    pub fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }
}

impl<K: Rmw> WriterWord<K> {
    /// Stores `new` if the word still is `current`; returns whether it did.
    #[inline(always)]
    pub fn compare_exchange(&self, current: u64, new: u64, success: Ordering) -> bool {
        K::compare_exchange(&self.0, current, new, success)
    }

    /// Adds `amount`, wrapping.
    #[inline(always)]
    pub fn add(&self, amount: u64) {
        K::add(&self.0, amount);
    }

    /// A plain store, for words in which the latest of several writers may win.
    #[inline(always)]
    pub fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
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

    /// The value now.
    #[inline(always)]
    pub fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    /// A plain store.
    pub fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }

    /// Stores `new` if the word still is `current`; returns whether it did.
    pub fn compare_exchange(&self, current: u64, new: u64, success: Ordering) -> bool {
        self.0.compare_exchange(current, new, success, Ordering::Relaxed).is_ok()
    }

    /// Adds `amount`, wrapping.
    pub fn add(&self, amount: u64, order: Ordering) {
        self.0.fetch_add(amount, order);
    }

    /// Stores `value` and returns what was there.
    pub fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.0.swap(value, order)
    }
}
