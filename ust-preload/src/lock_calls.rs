//! How the functions of locks and threads are declared: as in [`calls`](crate::calls), and each event has its call site.
//!
//! ```text
//!   lock_calls! {
//!       provider = "pthread", begin = "pthread_begin";
//!       takes fn pthread_mutex_lock(mutex: Mutex) -> Code, 1;
//!       releases fn pthread_mutex_unlock(mutex: Mutex) -> Code, 1;
//!       ...
//!   }
//! ```
//!
//! The number behind the result is that of the arguments. A row's first word says what is recorded behind the call:
//!
//! | kind | fields |
//! | --- | --- |
//! | `takes` | the lock, `result`, `duration` of the wait, `held_by`: the owner's thread id before the wait, `call_site` |
//! | `tries` | the same without a duration |
//! | `releases` | the lock, `result`, `held`: for how long, `call_site` |
//! | `suspends` | the condition, the mutex, `result`, `duration`, `held`: for how long the mutex was held until then, `call_site` |
//! | `waits` | all arguments, `result`, `duration`, `call_site` |
//! | `does` | all arguments, `result`, `call_site` |
//!
//! `result` is 0 or an error number, whatever way a function has to say so. Of locks, only the first argument is recorded.
//! Kinds that may wait have an event before the call, too. A row's `as` names the event of another row; its `also` what else
//! is recorded ([`Also`](crate::lock::Also)).
//!
//! A thread that is cancelled in one of these functions unwinds through them: no event is written, and nothing is left behind.

/// Declares functions of the shim. See the module page.
macro_rules! lock_calls {
    (
        provider = $provider:literal, begin = $begin:literal;
        $(
            $kind:ident fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty, $count:tt
                $(, version $version:literal)? $(, as $event:ident)? $(, also $also:ty)?;
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

        /// The tracepoints behind each call.
        #[allow(dead_code)]
        pub mod event {
            use super::*;
            use $crate::argument::Argument;

            $($crate::lock_calls::behind!([$($event)?] $kind $provider $name($($argument: $type),*));)*
        }

        /// The tracepoints before each call that may wait.
        #[allow(dead_code, unused_imports)]
        mod begin {
            use super::*;
            use $crate::argument::Argument;

            $($crate::lock_calls::before!([$($event)?] $kind $begin $name($($argument: $type),*));)*
        }

        $(
            $crate::entry::entry!($name => $name::from, arguments: $count);

            #[allow(unused_imports)]
            mod $name {
                use super::*;
                use $crate::argument::Argument;
                use $crate::errno::Errno;
                use $crate::lock::{Also, Lock, Nothing, Status, held_ns, is_taken};
                use $crate::stopwatch::Stopwatch;

                $crate::lock_calls::function!([$($event)?] [$($also)?] $kind $name($($argument: $type),*) -> $result);
            }
        )*
    };
}

/// The tracepoint behind the call. A row that names another's event has none.
macro_rules! behind {
    ([$other:ident] $($rest:tt)*) => {};
    ([] takes $provider:literal $name:ident($lock:ident: $type:ty $(, $($rest:tt)*)?)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($lock: Address, result: c_int, duration: u64, held_by: u32, call_site: Address);
    };
    ([] tries $provider:literal $name:ident($lock:ident: $type:ty)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($lock: Address, result: c_int, held_by: u32, call_site: Address);
    };
    ([] releases $provider:literal $name:ident($lock:ident: $type:ty)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($lock: Address, result: c_int, held: i64, call_site: Address);
    };
    ([] suspends $provider:literal $name:ident($cond:ident: $type:ty, $mutex:ident: $lock:ty $(, $($rest:tt)*)?)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($cond: Address, $mutex: Address, result: c_int, duration: u64, held: i64, call_site: Address);
    };
    ([] waits $provider:literal $name:ident($($argument:ident: $type:ty),*)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($($argument: <$type as Argument>::Field,)* result: c_int, duration: u64, call_site: Address);
    };
    ([] does $provider:literal $name:ident($($argument:ident: $type:ty),*)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($($argument: <$type as Argument>::Field,)* result: c_int, call_site: Address);
    };
}

/// The tracepoint before the call, if there is one.
macro_rules! before {
    ([$other:ident] $($rest:tt)*) => {};
    ([] takes $provider:literal $name:ident($lock:ident: $type:ty $(, $($rest:tt)*)?)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($lock: Address, held_by: u32, call_site: Address);
    };
    ([] suspends $provider:literal $name:ident($cond:ident: $type:ty, $mutex:ident: $lock:ty $(, $($rest:tt)*)?)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($cond: Address, $mutex: Address, call_site: Address);
    };
    ([] waits $provider:literal $name:ident($($argument:ident: $type:ty),*)) => {
        #[ust::tracepoint(provider = $provider, level = Debug)]
        pub fn $name($($argument: <$type as Argument>::Field,)* call_site: Address);
    };
    ([] $($rest:tt)*) => {};
}

/// The function that the program's call jumps to, with the call site.
macro_rules! function {
    ([] [$($also:ty)?] $kind:ident $name:ident $($rest:tt)*) => {
        $crate::lock_calls::function!(@$kind $name [$($also)?] $name $($rest)*);
    };
    ([$event:ident] [$($also:ty)?] $kind:ident $name:ident $($rest:tt)*) => {
        $crate::lock_calls::function!(@$kind $event [$($also)?] $name $($rest)*);
    };

    (@takes $event:ident [$($also:ty)?] $name:ident($lock:ident: $type:ty $(, $argument:ident: $other:ty)*) -> $result:ty) => {
        type AlsoAs = $crate::lock_calls::also!($($also)?);

        $crate::lock_calls::function!(
            @from $name($lock: $type $(, $argument: $other)*) -> $result,
            event::$event::enabled() || begin::$event::enabled() || <$type>::is_told() || AlsoAs::is_on()
        );

        #[cold]
        #[inline(never)]
        unsafe extern "C-unwind" fn traced($lock: $type, $($argument: $other,)* call_site: Address) -> $result {
            if ust::inside::is_inside() {
                // SAFETY: the caller's promise.
                return unsafe { real::$name($lock $(, $argument)*) };
            }
            $crate::objects::tell();
            // SAFETY: the program takes the lock.
            let held_by = unsafe { $lock.holder() };
            begin::$event($lock.field(0), held_by, call_site);
            AlsoAs::before($lock.field(0));
            let watch = Stopwatch::start();
            // SAFETY: the caller's promise.
            let result = unsafe { real::$name($lock $(, $argument)*) };
            let (duration, now) = watch.lap();
            let _errno = Errno::keep();
            let number = result.number();
            if is_taken(number) {
                // SAFETY: it was.
                unsafe { $lock.taken(now) };
            }
            AlsoAs::behind($lock.field(0), number);
            event::$event($lock.field(0), number, duration, held_by, call_site);
            $crate::context_switches::tell();
            result
        }
    };

    (@tries $event:ident [$($also:ty)?] $name:ident($lock:ident: $type:ty) -> $result:ty) => {
        type AlsoAs = $crate::lock_calls::also!($($also)?);

        $crate::lock_calls::function!(
            @from $name($lock: $type) -> $result,
            event::$event::enabled() || <$type>::is_told() || AlsoAs::is_on()
        );

        #[cold]
        #[inline(never)]
        unsafe extern "C-unwind" fn traced($lock: $type, call_site: Address) -> $result {
            if ust::inside::is_inside() {
                // SAFETY: the caller's promise.
                return unsafe { real::$name($lock) };
            }
            $crate::objects::tell();
            // SAFETY: the program takes the lock.
            let held_by = unsafe { $lock.holder() };
            // SAFETY: the caller's promise.
            let result = unsafe { real::$name($lock) };
            let _errno = Errno::keep();
            let number = result.number();
            if is_taken(number) {
                // SAFETY: it was.
                unsafe { $lock.taken(Stopwatch::start()) };
            }
            AlsoAs::behind($lock.field(0), number);
            event::$event($lock.field(0), number, held_by, call_site);
            result
        }
    };

    (@releases $event:ident [$($also:ty)?] $name:ident($lock:ident: $type:ty) -> $result:ty) => {
        type AlsoAs = $crate::lock_calls::also!($($also)?);

        $crate::lock_calls::function!(
            @from $name($lock: $type) -> $result,
            event::$event::enabled() || <$type>::WATCH.is_on() || AlsoAs::is_on()
        );

        #[cold]
        #[inline(never)]
        unsafe extern "C-unwind" fn traced($lock: $type, call_site: Address) -> $result {
            if ust::inside::is_inside() {
                // SAFETY: the caller's promise.
                return unsafe { real::$name($lock) };
            }
            $crate::objects::tell();
            // SAFETY: the program releases the lock.
            let held = held_ns(unsafe { $lock.released() });
            // SAFETY: the caller's promise.
            let result = unsafe { real::$name($lock) };
            let _errno = Errno::keep();
            let number = result.number();
            AlsoAs::behind($lock.field(0), number);
            event::$event($lock.field(0), number, held, call_site);
            result
        }
    };

    (
        @suspends $event:ident []
        $name:ident($cond:ident: $type:ty, $mutex:ident: $lock:ty $(, $argument:ident: $other:ty)*) -> $result:ty
    ) => {
        $crate::lock_calls::function!(
            @from $name($cond: $type, $mutex: $lock $(, $argument: $other)*) -> $result,
            event::$event::enabled() || begin::$event::enabled() || <$lock>::is_told()
        );

        #[cold]
        #[inline(never)]
        unsafe extern "C-unwind" fn traced(
            $cond: $type,
            $mutex: $lock,
            $($argument: $other,)*
            call_site: Address,
        ) -> $result {
            if ust::inside::is_inside() {
                // SAFETY: the caller's promise.
                return unsafe { real::$name($cond, $mutex $(, $argument)*) };
            }
            $crate::objects::tell();
            begin::$event($cond, $mutex.field(0), call_site);
            // SAFETY: the program releases the mutex by this call.
            let since = unsafe { $mutex.released() };
            let held = held_ns(since);
            let watch = Stopwatch::start();
            // SAFETY: the caller's promise.
            let result = unsafe { real::$name($cond, $mutex $(, $argument)*) };
            let (duration, now) = watch.lap();
            let _errno = Errno::keep();
            let number = result.number();
            // Without a wait, the thread has the mutex as before: or has it not (EPERM), which is unknown as well.
            let since = if matches!(number, libc::EINVAL | libc::EPERM) { since } else { Some(now) };
            if let Some(since) = since {
                // SAFETY: the thread has it.
                unsafe { $mutex.taken(since) };
            }
            event::$event($cond, $mutex.field(0), number, duration, held, call_site);
            $crate::context_switches::tell();
            result
        }
    };

    (@waits $event:ident [] $name:ident($($argument:ident: $type:ty),*) -> $result:ty) => {
        $crate::lock_calls::function!(
            @from $name($($argument: $type),*) -> $result,
            event::$event::enabled() || begin::$event::enabled()
        );

        #[cold]
        #[inline(never)]
        unsafe extern "C-unwind" fn traced($($argument: $type,)* call_site: Address) -> $result {
            if ust::inside::is_inside() {
                // SAFETY: the caller's promise.
                return unsafe { real::$name($($argument),*) };
            }
            $crate::objects::tell();
            // Nobody has looked at what the arguments point to yet.
            begin::$event($($argument.field(libc::EFAULT),)* call_site);
            let watch = Stopwatch::start();
            // SAFETY: the caller's promise.
            let result = unsafe { real::$name($($argument),*) };
            let duration = watch.elapsed_ns();
            let _errno = Errno::keep();
            let number = result.number();
            event::$event($($argument.field(number),)* number, duration, call_site);
            $crate::context_switches::tell();
            result
        }
    };

    (@does $event:ident [] $name:ident($($argument:ident: $type:ty),*) -> $result:ty) => {
        $crate::lock_calls::function!(@from $name($($argument: $type),*) -> $result, event::$event::enabled());

        #[cold]
        #[inline(never)]
        unsafe extern "C-unwind" fn traced($($argument: $type,)* call_site: Address) -> $result {
            // SAFETY: the caller's promise.
            let result = unsafe { real::$name($($argument),*) };
            if !ust::inside::is_inside() {
                let _errno = Errno::keep();
                let number = result.number();
                event::$event($($argument.field(number),)* number, call_site);
                $crate::objects::tell();
            }
            result
        }
    };

    (@from $name:ident($($argument:ident: $type:ty),*) -> $result:ty, $is_on:expr) => {
        pub unsafe extern "C-unwind" fn from($($argument: $type,)* call_site: Address) -> $result {
            if $is_on {
                // SAFETY: the caller's promise.
                return unsafe { traced($($argument,)* call_site) };
            }
            // SAFETY: the caller's promise.
            unsafe { real::$name($($argument),*) }
        }
    };
}

/// What else a row is recorded as.
macro_rules! also {
    () => {
        Nothing
    };
    ($also:ty) => {
        $also
    };
}
pub(crate) use {also, before, behind, function, lock_calls};
