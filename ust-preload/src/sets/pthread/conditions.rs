//! Condition variables. A wait gives the mutex up and takes it again, without calling the functions that the shim knows.
#![allow(unsafe_code)]

use super::held;
use super::locks::{event as lock_event, is_held_again};
use crate::argument::Address;
use crate::calls::calls;
use crate::errno::Errno;
use crate::stopwatch::Stopwatch;
use core::ffi::c_int;
use ust::inside::is_inside;

use crate::argument::Code;

calls! {
    provider = "pthread", begin = "pthread_begin";

    quick fn pthread_cond_signal(cond: Address) -> Code;
    quick fn pthread_cond_broadcast(cond: Address) -> Code;
    quick fn cnd_signal(cond: Address) -> Code;
    quick fn cnd_broadcast(cond: Address) -> Code;
}

/// Calls that wait with a mutex.
macro_rules! waits {
    ($($name:ident(cond, mutex $(, $argument:ident: $type:ty)*), unlocked by $unlock:ident;)*) => {
        mod real_waits {
            use super::Address;
            use core::ffi::c_int;

            crate::real::real! {
                $(pub fn $name(cond: Address, mutex: Address $(, $argument: $type)*) -> c_int;)*
            }
        }

        #[allow(dead_code)]
        mod waited {
            use super::Address;
            use core::ffi::c_int;

            $(#[ust::tracepoint(provider = "pthread", level = Debug)]
            pub fn $name(cond: Address, mutex: Address, held: i64, result: c_int, duration: u64);)*
        }

        #[allow(dead_code)]
        mod begin_waits {
            use super::Address;

            $(#[ust::tracepoint(provider = "pthread_begin", level = Debug)]
            pub fn $name(cond: Address, mutex: Address);)*
        }

        $(
            /// In place of the C library's.
            ///
            /// # Safety
            /// As the C library says.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $name(cond: Address, mutex: Address $(, $argument: $type)*) -> c_int {
                #[cold]
                #[inline(never)]
                unsafe extern "C-unwind" fn traced(cond: Address, mutex: Address $(, $argument: $type)*) -> c_int {
                    // SAFETY: what the program asks for. It holds the mutex.
                    unsafe {
                        if is_inside() {
                            return real_waits::$name(cond, mutex $(, $argument)*);
                        }
                        begin_waits::$name(cond, mutex);
                        let is_last = !is_held_again(mutex);
                        let held = if is_last { held::end(mutex.addr()) } else { -1 };
                        let watch = Stopwatch::start();
                        let result = real_waits::$name(cond, mutex $(, $argument)*);
                        let duration = watch.elapsed_ns();
                        let _errno = Errno::keep();
                        if is_last && lock_event::$unlock::enabled() {
                            held::begin(mutex.addr(), Stopwatch::start());
                        }
                        waited::$name(cond, mutex, held, result, duration);
                        result
                    }
                }

                if waited::$name::enabled() || begin_waits::$name::enabled() || lock_event::$unlock::enabled() {
                    // SAFETY: what the program asks for.
                    return unsafe { traced(cond, mutex $(, $argument)*) };
                }
                // SAFETY: what the program asks for.
                unsafe { real_waits::$name(cond, mutex $(, $argument)*) }
            }
        )*
    };
}

waits! {
    pthread_cond_wait(cond, mutex), unlocked by pthread_mutex_unlock;
    pthread_cond_timedwait(cond, mutex, until: Address), unlocked by pthread_mutex_unlock;
    pthread_cond_clockwait(cond, mutex, clock: c_int, until: Address), unlocked by pthread_mutex_unlock;
    cnd_wait(cond, mutex), unlocked by mtx_unlock;
    cnd_timedwait(cond, mutex, until: Address), unlocked by mtx_unlock;
}
