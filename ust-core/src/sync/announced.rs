//! Numbers that announce that something has been done.

use super::orderings as order;
use super::{AtomicU32, AtomicU64, const_unless_loom};

macro_rules! announced {
    ($(#[$doc:meta])* $name:ident($word:ident) of $value:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[repr(transparent)]
        pub struct $name($word);

        impl $name {
            const_unless_loom! {
                /// Nothing is announced yet: 0.
                pub fn nothing() -> Self {
                    Self($word::new(0))
                }
            }

            /// The number. Everything done before it was announced is visible.
            #[inline(always)]
            pub fn get(&self) -> $value {
                self.0.load(order::announced_load())
            }

            /// Announces everything done until now.
            pub fn set(&self, value: $value) {
                self.0.store(value, order::announced_store());
            }
        }
    };
}

announced!(
    /// A number of 32 bits.
    Announced32(AtomicU32) of u32
);
announced!(
    /// A number of 64 bits.
    Announced64(AtomicU64) of u64
);
