//! How long calls of `malloc`'s family took, where that is asked for.
//!
//! ```text
//!   malloc(17)                                        --durations
//!
//!   libc_mem:malloc           { size = 17, ptr = 0x5581d0, call_site = 0x401136 }
//!   libc_mem_duration:malloc  { ptr = 0x5581d0, duration = 23, call_site = 0x401136 }
//! ```
//!
//! In an event of its own, with or without call stacks in the call's: so a call whose duration nobody asked for has a record as
//! before, and nobody looks at the clock.

use crate::argument::Address;
use crate::options::options;
use crate::stopwatch::Stopwatch;
use ust_core::hint::unlikely;

/// Functions whose calls may be timed.
macro_rules! durations {
    ($($name:ident)*) => {
        #[allow(dead_code)]
        mod event {
            use super::Address;

            $(
                #[ust::tracepoint(provider = "libc_mem_duration", level = Debug)]
                pub fn $name(ptr: Address, duration: u64, call_site: Address);
            )*
        }

        $(
            #[doc = concat!("Calls of `", stringify!($name), "`.")]
            pub mod $name {
                use super::{Address, event};

                /// Makes the call, and says how long it took if somebody wants to know.
                #[inline(always)]
                pub fn timed<R>(call: impl FnOnce() -> R) -> (R, Option<u64>) {
                    if !event::$name::enabled() {
                        return (call(), None);
                    }
                    super::timed(call)
                }

                /// Tells of it.
                #[inline(always)]
                pub fn tell(ptr: Address, duration: Option<u64>, call_site: Address) {
                    if let Some(duration) = duration {
                        event::$name(ptr, duration, call_site);
                    }
                }
            }
        )*
    };
}

durations! { malloc calloc realloc reallocarray memalign aligned_alloc posix_memalign valloc pvalloc free }

#[inline(always)]
fn timed<R>(call: impl FnOnce() -> R) -> (R, Option<u64>) {
    unlikely();
    if !options().durations {
        return (call(), None);
    }
    let watch = Stopwatch::start();
    let result = call();
    (result, Some(watch.elapsed_ns()))
}
