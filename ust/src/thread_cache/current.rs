//! The calling thread's cache: one thread-local pointer.
//!
//! ```text
//!   executable        mov r, fs:[constant]
//!   shared object     mov r, [rip + offset's place] ; mov r, fs:[r]       and no call of __tls_get_addr
//! ```
//!
//! Compilers make a shared object find its thread-locals by a call, because it may have more of them than the loader
//! has room for in every thread. Ours lies at a fixed distance from the thread pointer (the *initial-exec* model of
//! Drepper's "ELF Handling For Thread-Local Storage"). The stable compiler has no option for that model; the assembler
//! can use it.
//!
//! This costs room: an object with one such variable has all its thread-locals there, including std's and the
//! program's. Objects that are loaded at program start may have any amount. For all objects loaded by `dlopen` together
//! glibc reserves some 1600 bytes; an object that needs more is not loaded ("cannot allocate memory in static TLS
//! block"). Also, the variable is hidden from other objects, so a crate of type `dylib` cannot share its copy of this
//! crate with a program. The feature `dynamic-tls` solves both: it makes the pointer an ordinary thread-local, found by
//! a call where the compiler decides so. A thread's first such call may allocate, so an event in a signal handler
//! before it is no longer safe.
#![allow(unsafe_code)]

use super::cache::{EMPTY, ThreadCache};

#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri), not(feature = "dynamic-tls")))]
mod pointer {
    use super::{EMPTY, ThreadCache};
    use core::arch::{asm, global_asm};

    // The version is part of the name, so two versions in one program have a pointer each.
    macro_rules! name {
        () => {
            concat!(
                "ust_core_thread_cache_",
                env!("CARGO_PKG_VERSION_MAJOR"),
                "_",
                env!("CARGO_PKG_VERSION_MINOR"),
                "_",
                env!("CARGO_PKG_VERSION_PATCH")
            )
        };
    }

    global_asm!(
        ".pushsection .tdata.ust_core,\"awT\",@progbits",
        ".p2align 3",
        concat!(".globl ", name!()),
        concat!(".hidden ", name!()),
        concat!(".type ", name!(), ", @object"),
        concat!(".size ", name!(), ", 8"),
        concat!(name!(), ":"),
        ".quad {empty}",
        ".popsection",
        empty = sym EMPTY,
    );

    #[inline(always)]
    fn offset() -> usize {
        let offset;
        // SAFETY: the linker puts the variable's offset from the thread pointer there, or makes it a constant.
        unsafe {
            asm!(
                concat!("mov {offset}, qword ptr [rip + ", name!(), "@GOTTPOFF]"),
                offset = out(reg) offset,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        offset
    }

    #[inline(always)]
    pub(crate) fn get() -> &'static ThreadCache {
        let cache: *const ThreadCache;
        // SAFETY: since the thread began, the variable holds the address of `EMPTY` or what `set` stored.
        unsafe {
            asm!(
                "mov {cache}, qword ptr fs:[{offset}]",
                cache = lateout(reg) cache,
                offset = in(reg) offset(),
                options(readonly, nostack, preserves_flags),
            );
            &*cache
        }
    }

    pub(crate) fn set(cache: &'static ThreadCache) {
        // SAFETY: writes the calling thread's own variable.
        unsafe {
            asm!(
                "mov qword ptr fs:[{offset}], {cache}",
                cache = in(reg) cache,
                offset = in(reg) offset(),
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(
    target_arch = "x86_64",
    target_os = "linux",
    not(miri),
    not(feature = "dynamic-tls")
)))]
mod pointer {
    use super::{EMPTY, ThreadCache};
    use core::cell::Cell;

    thread_local! {
        // Const and without a destructor, so it can be read at any time of the thread's life.
        static CACHE: Cell<&'static ThreadCache> = const { Cell::new(&EMPTY) };
    }

    #[inline(always)]
    pub(crate) fn get() -> &'static ThreadCache {
        CACHE.with(Cell::get)
    }

    pub(crate) fn set(cache: &'static ThreadCache) {
        CACHE.with(|current| current.set(cache));
    }
}

/// The calling thread's cache. Async-signal-safe, at any time of the thread's life.
#[inline(always)]
pub(crate) fn current() -> &'static ThreadCache {
    pointer::get()
}

/// Makes `cache` the calling thread's.
pub(crate) fn set(cache: &'static ThreadCache) {
    pointer::set(cache);
}

/// Leaves the calling thread without a cache of its own.
pub(super) fn forget() {
    set(&EMPTY);
}
