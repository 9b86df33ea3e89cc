//! Which cache is the calling thread's: one thread-local pointer.
//!
//! ```text
//!   executable        mov r, fs:[constant]
//!   shared object     mov r, [rip + offset's place] ; mov r, fs:[r]       and no call of __tls_get_addr
//! ```
//!
//! Compilers let a shared object find its thread-locals by a call, because there may be more of them than the
//! loader has room for in every thread. Ours is found at a fixed distance from the thread pointer (the *initial-exec*
//! model of Drepper's "ELF Handling For Thread-Local Storage"). A compiler cannot be told so on the stable toolchain;
//! the assembler can.
//!
//! That costs room: an object with one such variable has all its thread-locals there, std's and the program's too.
//! In objects that are there when the program starts they may be as large as they like. For those that `dlopen` loads
//! glibc sets some 1600 bytes aside, for all together; an object that finds no more is not loaded ("cannot allocate
//! memory in static TLS block"). And the variable is no symbol that other objects could name, so that a crate of type
//! `dylib` cannot lend its copy of this one to a program. The feature `dynamic-tls` is for both: then it is an ordinary
//! thread-local, found by a call where the compiler thinks so. The first such call of a thread may allocate: an event in
//! a signal handler that comes before is no longer safe.
#![allow(unsafe_code)]

use super::cache::{EMPTY, ThreadCache};

#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri), not(feature = "dynamic-tls")))]
mod pointer {
    use super::{EMPTY, ThreadCache};
    use core::arch::{asm, global_asm};

    // The version is part of the name: two of them in one program have a pointer each.
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
        // SAFETY: the linker puts the offset from the thread pointer there, or makes it a constant.
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
        // SAFETY: the variable has been what `set` made it, or the address of `EMPTY`, since the thread began.
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
        // SAFETY: the calling thread's variable, and nobody else's.
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
        // Const and without a destructor: it can be read at any time of the thread's life.
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

/// Leaves the calling thread without one.
pub(super) fn forget() {
    set(&EMPTY);
}
