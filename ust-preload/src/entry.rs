//! How a function of the shim begins: it learns the address that it will return to, which is the call site's.
//!
//! A few instructions load the return address as one argument more and jump on. So the stack stays the caller's: what
//! unwinds or looks at return addresses (exceptions, `dlopen`'s search for its caller) finds what it would find without us.

/// Defines an exported function `NAME(arguments)` as a jump to `BEHIND(arguments, call_site)`.
macro_rules! entry {
    ($(#[$attribute:meta])* $name:ident => $behind:path, arguments: $count:tt) => {
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                ".cfi_startproc",
                $crate::entry::load_return_address!($count),
                $crate::entry::jump!(),
                ".cfi_endproc",
                behind = sym $behind,
            )
        }
    };
}

/// The instruction that makes the return address the argument behind so many others.
#[cfg(target_arch = "x86_64")]
macro_rules! load_return_address {
    (0) => {
        "mov rdi, [rsp]"
    };
    (1) => {
        "mov rsi, [rsp]"
    };
    (2) => {
        "mov rdx, [rsp]"
    };
    (3) => {
        "mov rcx, [rsp]"
    };
    (4) => {
        "mov r8, [rsp]"
    };
    (5) => {
        "mov r9, [rsp]"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! load_return_address {
    (0) => {
        "mov x0, x30"
    };
    (1) => {
        "mov x1, x30"
    };
    (2) => {
        "mov x2, x30"
    };
    (3) => {
        "mov x3, x30"
    };
    (4) => {
        "mov x4, x30"
    };
    (5) => {
        "mov x5, x30"
    };
}

/// The instruction that goes on in the function behind.
#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp {behind}"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b {behind}"
    };
}
pub(crate) use {entry, jump, load_return_address};
