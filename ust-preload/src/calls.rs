//! How most functions are declared: a row says what a function is called with, and so what is recorded of it.
//!
//! ```text
//!   calls! {
//!       provider = "libc_io", begin = "libc_io_begin";
//!       waiting fn read(fd: c_int, buf: Address, count: usize) -> isize, also __read, data read(fd, Buffer(buf, count));
//!       quick fn lseek(fd: c_int, offset: i64, whence: c_int) -> i64;
//!   }
//!   forms! {
//!       waiting fn __read_chk(fd: c_int, buf: Address, count: usize, size: usize) -> isize as read(fd, buf, count);
//!   }
//!
//!   program --read(3, p, 512)--> read --(both events off)-----------------------> the C library's read
//!                                  '---> traced: libc_io_begin:read { fd, buf, count }     off unless asked for
//!                                                the C library's read
//!                                                libc_io:read { fd, buf, count, result, errno, duration }
//! ```
//!
//! - `waiting`: the call may wait for something, so its event has a duration in nanoseconds, and an event at its begin can be
//!   had. `quick`: it has neither.
//! - `also`: other names of the very same function.
//! - `version`: that of the C library's function which programs are linked with today, where it has several.
//! - `data`: what the call reads or writes, whose first bytes can be had ([`data`](crate::data)).
//! - `then`: what the shim does behind the call, recorded or not.
//! - `forms!`: functions that are recorded by an event of another one, or of which something else than the arguments is recorded.
//!   `events!` declares such events alone. A name that `where` gives to a value stands for what it was before the call.
//!
//! `errno` is 0 for a call that succeeded. The program's `errno` is what the C library left there.

/// Declares functions of the shim. See the module page.
macro_rules! calls {
    (
        provider = $provider:literal, begin = $begin:literal;
        $(
            $(#[$attribute:meta])*
            $kind:ident fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty
                $(, version $version:literal)? $(, also $alias:ident)*
                $(, data $direction:ident($fd:expr, $memory:expr))? $(, then $then:path)?;
        )*
    ) => {
        /// Behind the shim's.
        #[allow(missing_docs)]
        pub mod real {
            use super::*;

            $crate::real::real! {
                $(pub fn $name($($argument: $type),*) -> $result $(, version $version)?;)*
            }
        }

        $crate::calls::events! {
            provider = $provider, begin = $begin;
            $($kind $name($($argument: $type),*) -> $result;)*
        }

        $(
            $crate::calls::function!(
                real $kind $(#[$attribute])* $name($($argument: $type),*) -> $result, $name($($argument),*),
                where [], data [$($direction($fd, $memory))?], then [$($then)?]
            );
            $crate::calls::aliases!($name($($argument: $type),*) -> $result, $($alias)*);
        )*
    };
}

/// Declares the events alone: for functions of which something else than the arguments is recorded. See the module page.
macro_rules! events {
    (
        provider = $provider:literal, begin = $begin:literal;
        $($kind:ident $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty;)*
    ) => {
        /// The tracepoints behind each call.
        #[allow(dead_code)]
        mod event {
            use super::*;
            use $crate::argument::Argument;

            $($crate::calls::behind!(
                $kind $provider $name($($argument: <$type as Argument>::Field),*) <$result as Argument>::Field
            );)*
        }

        /// The tracepoints before each call that may wait.
        #[allow(dead_code, unused_imports)]
        mod begin {
            use super::*;
            use $crate::argument::Argument;

            $($crate::calls::before!($kind $begin $name($($argument: <$type as Argument>::Field),*));)*
        }
    };
}

/// Declares other functions, which are recorded by the events of a `calls!` in the same file. See the module page.
macro_rules! forms {
    ($(
        $kind:ident fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty
            as $event:ident($($recorded:expr),* $(,)?) $(where $seen:ident = $value:expr)? $(, also $alias:ident)*
            $(, data $direction:ident($fd:expr, $memory:expr))?;
    )*) => {
        /// Behind the shim's.
        #[allow(missing_docs)]
        pub mod real_forms {
            use super::*;

            $crate::real::real! {
                $(pub fn $name($($argument: $type),*) -> $result;)*
            }
        }

        $(
            $crate::calls::function!(
                real_forms $kind $name($($argument: $type),*) -> $result, $event($($recorded),*),
                where [$($seen = $value)?], data [$($direction($fd, $memory))?], then []
            );
            $crate::calls::aliases!($name($($argument: $type),*) -> $result, $($alias)*);
        )*
    };
}

/// The tracepoint behind the call.
macro_rules! behind {
    (waiting $provider:literal $name:ident($($argument:ident: $field:ty),*) $result:ty) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($($argument: $field,)* result: $result, errno: c_int, duration: u64);
    };
    (quick $provider:literal $name:ident($($argument:ident: $field:ty),*) $result:ty) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($($argument: $field,)* result: $result, errno: c_int);
    };
}

/// The tracepoint before the call, if there is one.
macro_rules! before {
    (waiting $provider:literal $name:ident($($argument:ident: $field:ty),*)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($($argument: $field),*);
    };
    (quick $($rest:tt)*) => {};
}

/// Other names of a function.
macro_rules! aliases {
    ($name:ident($($argument:ident: $type:ty),*) -> $result:ty,) => {};
    ($name:ident($($argument:ident: $type:ty),*) -> $result:ty, $alias:ident $($others:ident)*) => {
        #[doc = concat!("As `", stringify!($name), "`.")]
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $alias($($argument: $type),*) -> $result {
            // SAFETY: the caller's promise.
            unsafe { $name($($argument),*) }
        }

        $crate::calls::aliases!($name($($argument: $type),*) -> $result, $($others)*);
    };
}

/// The function that the program calls, and the event with what is recorded of its arguments.
macro_rules! function {
    (
        $real:ident waiting $(#[$attribute:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty,
        $event:ident($($recorded:expr),*),
        where [$($seen:ident = $value:expr)?], data [$($direction:ident($fd:expr, $memory:expr))?], then [$($then:path)?]
    ) => {
        /// In place of the C library's.
        ///
        /// # Safety
        /// As the C library says.
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
            #[cold]
            #[inline(never)]
            unsafe extern "C-unwind" fn traced($($argument: $type),*) -> $result {
                use $crate::argument::{Argument, Outcome};

                if ust::inside::is_inside() {
                    // SAFETY: the caller's promise.
                    return unsafe { $real::$name($($argument),*) };
                }
                $crate::objects::tell();
                $(Argument::tell($argument);)*
                $(let $seen = $value;)?
                if begin::$event::enabled() {
                    // Nobody has looked at the texts yet: a call that fails by them must fail, and not crash.
                    begin::$event($(Argument::field($recorded, libc::EFAULT)),*);
                }
                let watch = $crate::stopwatch::Stopwatch::start();
                // SAFETY: the caller's promise.
                let result = unsafe { $real::$name($($argument),*) };
                let duration = watch.elapsed_ns();
                let errno = $crate::errno::Errno::keep();
                let error = Outcome::error(result, errno.number());
                event::$event($(Argument::field($recorded, error),)* Argument::field(result, error), error, duration);
                $(if $crate::data::$direction::is_on() {
                    $crate::data::$direction::record($fd, $memory, result);
                })?
                $crate::context_switches::tell();
                result
            }

            let is_on = event::$event::enabled() || begin::$event::enabled() $(|| $crate::data::$direction::is_on())?;
            // SAFETY: the caller's promise.
            let result = unsafe {
                if is_on { traced($($argument),*) } else { $real::$name($($argument),*) }
            };
            $($then();)?
            result
        }
    };
    (
        $real:ident quick $(#[$attribute:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty,
        $event:ident($($recorded:expr),*),
        where [$($seen:ident = $value:expr)?], data [], then []
    ) => {
        /// In place of the C library's.
        ///
        /// # Safety
        /// As the C library says.
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
            #[cold]
            #[inline(never)]
            unsafe extern "C-unwind" fn traced($($argument: $type),*) -> $result {
                use $crate::argument::{Argument, Outcome};

                if ust::inside::is_inside() {
                    // SAFETY: the caller's promise.
                    return unsafe { $real::$name($($argument),*) };
                }
                $(Argument::tell($argument);)*
                $(let $seen = $value;)?
                // SAFETY: the caller's promise.
                let result = unsafe { $real::$name($($argument),*) };
                let errno = $crate::errno::Errno::keep();
                let error = Outcome::error(result, errno.number());
                event::$event($(Argument::field($recorded, error),)* Argument::field(result, error), error);
                $crate::objects::tell();
                result
            }

            if event::$event::enabled() {
                // SAFETY: the caller's promise.
                return unsafe { traced($($argument),*) };
            }
            // SAFETY: the caller's promise.
            unsafe { $real::$name($($argument),*) }
        }
    };
}
pub(crate) use {aliases, before, behind, calls, events, forms, function};
