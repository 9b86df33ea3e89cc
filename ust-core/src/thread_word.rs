//! One pointer a thread, found without a call.
//!
//! ```text
//!   executable        mov r, fs:[constant]
//!   shared object     mov r, [rip + offset's place] ; mov r, fs:[r]       and no call of __tls_get_addr
//! ```
//!
//! Compilers make a shared object find its thread-locals by a call, because it may have more of them than the loader
//! has room for in every thread. A word that [`thread_word!`](crate::thread_word!) declares lies at a fixed distance from
//! the thread pointer (the *initial-exec* model of Drepper's "ELF Handling For Thread-Local Storage"). The stable
//! compiler has no option for that model; the assembler can use it.
//!
//! This costs room: an object with one such word has all its thread-locals there, including std's and the program's.
//! Objects that are loaded at program start may have any amount. For all objects loaded by `dlopen` together glibc
//! reserves some 1600 bytes; an object that needs more is not loaded ("cannot allocate memory in static TLS block").
//! Also, the word is hidden from other objects, so a crate of type `dylib` cannot share its copy of the declaring crate
//! with a program.
//!
//! The feature `dynamic-tls` of the declaring crate solves both: it makes the word an ordinary thread-local, found by a
//! call where the compiler decides so. A thread's first such call may allocate, so an event in a signal handler before
//! it is no longer safe. On other platforms than x86-64 Linux the word is always an ordinary thread-local.

/// Declares a thread-local pointer as a module with `get` and `set`: `thread_word!(mod NAME "symbol" ADDRESS)`. It begins as
/// the address of the static `ADDRESS`. The symbol gets the version of the declaring crate, because a program may hold several
/// versions. With that it must be the only one of its name in a linked object.
#[macro_export]
macro_rules! thread_word {
    (@symbol $symbol:literal) => {
        concat!(
            $symbol,
            "_",
            env!("CARGO_PKG_VERSION_MAJOR"),
            "_",
            env!("CARGO_PKG_VERSION_MINOR"),
            "_",
            env!("CARGO_PKG_VERSION_PATCH")
        )
    };
    ($(#[$attribute:meta])* mod $word:ident $symbol:literal $initial:path) => {
        $(#[$attribute])*
        #[cfg(all(
            target_arch = "x86_64",
            target_os = "linux",
            not(miri),
            not(feature = "dynamic-tls")
        ))]
        #[allow(unsafe_code)]
        mod $word {
            use core::arch::{asm, global_asm};

            global_asm!(
                ".pushsection .tdata.ust,\"awT\",@progbits",
                ".p2align 3",
                concat!(".globl ", $crate::thread_word!(@symbol $symbol)),
                concat!(".hidden ", $crate::thread_word!(@symbol $symbol)),
                concat!(".type ", $crate::thread_word!(@symbol $symbol), ", @object"),
                concat!(".size ", $crate::thread_word!(@symbol $symbol), ", 8"),
                concat!($crate::thread_word!(@symbol $symbol), ":"),
                ".quad {initial}",
                ".popsection",
                initial = sym $initial,
            );

            #[inline(always)]
            fn offset() -> usize {
                let offset;
                // SAFETY: the linker puts the offset from the thread pointer there, or makes it a constant.
                unsafe {
                    asm!(
                        concat!("mov {offset}, qword ptr [rip + ", $crate::thread_word!(@symbol $symbol), "@GOTTPOFF]"),
                        offset = out(reg) offset,
                        options(pure, nomem, nostack, preserves_flags),
                    );
                }
                offset
            }

            /// The calling thread's word.
            #[inline(always)]
            pub(crate) fn get() -> *const () {
                let word;
                // SAFETY: the variable of this thread.
                unsafe {
                    asm!(
                        "mov {word}, qword ptr fs:[{offset}]",
                        word = lateout(reg) word,
                        offset = in(reg) offset(),
                        options(readonly, nostack, preserves_flags),
                    );
                }
                word
            }

            /// Changes the calling thread's word.
            pub(crate) fn set(word: *const ()) {
                // SAFETY: the variable of this thread, and of no other.
                unsafe {
                    asm!(
                        "mov qword ptr fs:[{offset}], {word}",
                        word = in(reg) word,
                        offset = in(reg) offset(),
                        options(nostack, preserves_flags),
                    );
                }
            }
        }

        $(#[$attribute])*
        #[cfg(not(all(
            target_arch = "x86_64",
            target_os = "linux",
            not(miri),
            not(feature = "dynamic-tls")
        )))]
        mod $word {
            use core::cell::Cell;

            ::std::thread_local! {
                // Const and without a destructor: it can be read at any time of the thread's life.
                static WORD: Cell<*const ()> = const { Cell::new((&raw const $initial).cast()) };
            }

            /// The calling thread's word.
            #[inline(always)]
            pub(crate) fn get() -> *const () {
                WORD.with(Cell::get)
            }

            /// Changes the calling thread's word.
            pub(crate) fn set(word: *const ()) {
                WORD.with(|own| own.set(word));
            }
        }
    };
}
