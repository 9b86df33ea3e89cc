//! Words without a rule about who writes them: the plain atomics, wrapped, so that no code names the
//! raw ones by mistake.

use super::{OrdersLoads, OrdersRmws, OrdersStores, raw};

macro_rules! plain_word {
    ($(#[$doc:meta])* $name:ident($raw:ty) of $value:ty $(, numeric $numeric:ident)?) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name($raw);

        impl $name {
            plain_word!(@new $raw, $value);

            /// The present value.
            #[inline(always)]
            pub fn load(&self, order: impl OrdersLoads) -> $value {
                self.0.load(order.of_load())
            }

            /// Stores a value.
            #[inline(always)]
            pub fn store(&self, value: $value, order: impl OrdersStores) {
                self.0.store(value, order.of_store());
            }

            /// Stores a value and returns the old one.
            pub fn swap(&self, value: $value, order: impl OrdersRmws) -> $value {
                self.0.swap(value, order.of_rmw())
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
        /// Adds, wrapping, and returns the old value.
        pub fn fetch_add(&self, value: $value, order: impl OrdersRmws) -> $value {
            self.0.fetch_add(value, order.of_rmw())
        }

        /// Sets bits and returns the old value.
        pub fn fetch_or(&self, value: $value, order: impl OrdersRmws) -> $value {
            self.0.fetch_or(value, order.of_rmw())
        }

        /// Keeps only these bits and returns the old value.
        pub fn fetch_and(&self, value: $value, order: impl OrdersRmws) -> $value {
            self.0.fetch_and(value, order.of_rmw())
        }

        /// Raises the word to at least `value` and returns the old value.
        pub fn fetch_max(&self, value: $value, order: impl OrdersRmws) -> $value {
            self.0.fetch_max(value, order.of_rmw())
        }

        /// Stores `new` if the word is `current`.
        ///
        /// # Errors
        /// The word's value, which is another one.
        pub fn compare_exchange(
            &self,
            current: $value,
            new: $value,
            success: impl OrdersRmws,
            failure: impl OrdersLoads,
        ) -> Result<$value, $value> {
            self.0.compare_exchange(current, new, success.of_rmw(), failure.of_load())
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
    /// The word, for futex calls.
    pub fn futex(&self) -> &raw::AtomicU32 {
        &self.0
    }
}

/// A pointer.
#[derive(Debug)]
#[repr(transparent)]
pub struct AtomicPtr<T>(raw::AtomicPtr<T>);

impl<T> AtomicPtr<T> {
    plain_word!(@new raw::AtomicPtr<T>, *mut T);

    /// The present value.
    #[inline(always)]
    pub fn load(&self, order: impl OrdersLoads) -> *mut T {
        self.0.load(order.of_load())
    }

    /// Stores a value.
    pub fn store(&self, value: *mut T, order: impl OrdersStores) {
        self.0.store(value, order.of_store());
    }

    /// Stores a value and returns the old one.
    pub fn swap(&self, value: *mut T, order: impl OrdersRmws) -> *mut T {
        self.0.swap(value, order.of_rmw())
    }

    /// Stores `new` if the word is `current`.
    ///
    /// # Errors
    /// The word's value, which is another one.
    pub fn compare_exchange(
        &self,
        current: *mut T,
        new: *mut T,
        success: impl OrdersRmws,
        failure: impl OrdersLoads,
    ) -> Result<*mut T, *mut T> {
        self.0.compare_exchange(current, new, success.of_rmw(), failure.of_load())
    }
}
