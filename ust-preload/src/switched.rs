//! How the functions of `malloc`'s family begin: while nobody records them, they are a test and a jump.
//!
//! ```text
//!   NAME:  is the event on? -- yes --> traced(arguments, call site)
//!            |                            |
//!            no --> jump to [ORDINARY] <--' call       the C library's function, or what must come before it is known
//! ```
//!
//! These functions are called so often that a call of Rust's in between would be most of what the shim costs. So the program's
//! registers and stack are passed on as they are.
#![allow(unsafe_code)]

use crate::early;
use crate::real::Real;
use core::ffi::c_void;
use core::mem;
use ust_core::sync::{AtomicPtr, Ordering};

/// Every function that [`switched!`] declares.
#[linkme::distributed_slice]
pub static SWITCHED: [(&'static Ordinary, fn() -> &'static Real)];

/// Looks these functions up, and makes them the ordinary ones. Not so if memory has been served otherwise by then: only the first
/// functions can tell such memory from the C library's.
///
/// They are the first to be looked up: to look for what is not there takes memory.
pub fn look_up_all() {
    SWITCHED.iter().for_each(|(_, real)| _ = real().address());
    if early::close_unused() {
        SWITCHED.iter().for_each(|(ordinary, real)| ordinary.settle(real().known()));
    }
}

/// What does what the program asks for.
#[repr(transparent)]
pub struct Ordinary(AtomicPtr<c_void>);

impl Ordinary {
    /// Until it is settled.
    pub const fn at_first(function: *const c_void) -> Self {
        Self(AtomicPtr::new(function.cast_mut()))
    }

    /// The function.
    ///
    /// # Safety
    /// `F` is the type of a pointer to it.
    // Relaxed, here and below: code, which is there for as long as this object is.
    #[inline(always)]
    pub unsafe fn function<F: Copy>(&self) -> F {
        const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
        // SAFETY: the caller's promise; it is a pointer.
        unsafe { mem::transmute_copy(&self.0.load(Ordering::Relaxed)) }
    }

    fn settle(&self, function: *mut c_void) {
        if !function.is_null() {
            self.0.store(function, Ordering::Relaxed);
        }
    }
}

/// Defines an exported function `NAME`, and `ORDINARY`, to which it passes on; or, if either callsite is on, to `TRACED`, with the
/// call site as one argument more.
macro_rules! switched {
    ($name:ident => $first:ident, or $traced:ident, arguments: $count:tt, if $one:path, $other:path) => {
        static ORDINARY: $crate::switched::Ordinary =
            $crate::switched::Ordinary::at_first($first as *const c_void);

        #[linkme::distributed_slice($crate::switched::SWITCHED)]
        static SETTLED: (&$crate::switched::Ordinary, fn() -> &'static $crate::real::Real) =
            (&ORDINARY, || real::$name::REAL);

        /// In place of the C library's.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                ".cfi_startproc",
                $crate::switched::branch_if_on!("one"),
                $crate::switched::branch_if_on!("other"),
                $crate::switched::jump_to_ordinary!(),
                "2:",
                $crate::entry::load_return_address!($count),
                $crate::entry::jump!(),
                ".cfi_endproc",
                one = sym $one,
                other = sym $other,
                byte = const ust::__private::Callsite::SWITCH_BYTE,
                bit = const ust::__private::Callsite::IS_ON_BIT,
                ordinary = sym ORDINARY,
                behind = sym $traced,
            )
        }
    };
}

/// The instructions that go to `2` if a callsite is on.
#[cfg(target_arch = "x86_64")]
macro_rules! branch_if_on {
    ($callsite:literal) => {
        concat!("test byte ptr [rip + {", $callsite, "} + {byte}], 1 << {bit}", "\n", "jne 2f")
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! branch_if_on {
    ($callsite:literal) => {
        concat!(
            "adrp x16, {",
            $callsite,
            "} + {byte}",
            "\n",
            "ldrb w16, [x16, :lo12:{",
            $callsite,
            "} + {byte}]",
            "\n",
            "tbnz w16, {bit}, 2f"
        )
    };
}

/// The instructions that go on in the ordinary function.
#[cfg(target_arch = "x86_64")]
macro_rules! jump_to_ordinary {
    () => {
        "jmp qword ptr [rip + {ordinary}]"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump_to_ordinary {
    () => {
        "adrp x16, {ordinary}\nldr x16, [x16, :lo12:{ordinary}]\nbr x16"
    };
}
pub(crate) use {branch_if_on, jump_to_ordinary, switched};
