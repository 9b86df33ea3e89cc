//! Functions that must be called by the program itself: the shim records the call, and then jumps to the function.
//!
//! `vfork` returns twice, on the stack that it was called on. `dlopen` looks at who called it. `printf` has arguments that
//! nobody else knows. So the jump finds all registers and the stack as the program left them. What such a function returns is
//! not seen.

/// Defines an exported function `NAME` that calls `BEHIND` with the program's arguments, and jumps to the address which that
/// returns.
macro_rules! pass_on {
    ($(#[$attribute:meta])* $name:ident => $behind:path) => {
        /// In place of the C library's, to which it jumps.
        ///
        /// # Safety
        /// As the C library says.
        $(#[$attribute])*
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            $crate::pass_on::call_and_jump!($behind)
        }
    };
}

/// Keeps all registers that may hold arguments. (`rax` has the number of vectors among variable arguments.)
#[cfg(target_arch = "x86_64")]
macro_rules! call_and_jump {
    ($behind:path) => {
        core::arch::naked_asm!(
            ".cfi_startproc",
            "sub rsp, 200",
            ".cfi_adjust_cfa_offset 200",
            "mov [rsp], rdi",
            "mov [rsp + 8], rsi",
            "mov [rsp + 16], rdx",
            "mov [rsp + 24], rcx",
            "mov [rsp + 32], r8",
            "mov [rsp + 40], r9",
            "mov [rsp + 48], rax",
            "movaps [rsp + 64], xmm0",
            "movaps [rsp + 80], xmm1",
            "movaps [rsp + 96], xmm2",
            "movaps [rsp + 112], xmm3",
            "movaps [rsp + 128], xmm4",
            "movaps [rsp + 144], xmm5",
            "movaps [rsp + 160], xmm6",
            "movaps [rsp + 176], xmm7",
            "call {behind}",
            "mov r11, rax",
            "mov rdi, [rsp]",
            "mov rsi, [rsp + 8]",
            "mov rdx, [rsp + 16]",
            "mov rcx, [rsp + 24]",
            "mov r8, [rsp + 32]",
            "mov r9, [rsp + 40]",
            "mov rax, [rsp + 48]",
            "movaps xmm0, [rsp + 64]",
            "movaps xmm1, [rsp + 80]",
            "movaps xmm2, [rsp + 96]",
            "movaps xmm3, [rsp + 112]",
            "movaps xmm4, [rsp + 128]",
            "movaps xmm5, [rsp + 144]",
            "movaps xmm6, [rsp + 160]",
            "movaps xmm7, [rsp + 176]",
            "add rsp, 200",
            ".cfi_adjust_cfa_offset -200",
            "jmp r11",
            ".cfi_endproc",
            behind = sym $behind,
        )
    };
}

#[cfg(target_arch = "aarch64")]
macro_rules! call_and_jump {
    ($behind:path) => {
        core::arch::naked_asm!(
            ".cfi_startproc",
            "sub sp, sp, 224",
            ".cfi_adjust_cfa_offset 224",
            "stp x0, x1, [sp]",
            "stp x2, x3, [sp, 16]",
            "stp x4, x5, [sp, 32]",
            "stp x6, x7, [sp, 48]",
            "stp x8, x30, [sp, 64]",
            ".cfi_offset 30, -152",
            "stp q0, q1, [sp, 80]",
            "stp q2, q3, [sp, 112]",
            "stp q4, q5, [sp, 144]",
            "stp q6, q7, [sp, 176]",
            "bl {behind}",
            "mov x16, x0",
            "ldp x0, x1, [sp]",
            "ldp x2, x3, [sp, 16]",
            "ldp x4, x5, [sp, 32]",
            "ldp x6, x7, [sp, 48]",
            "ldp x8, x30, [sp, 64]",
            ".cfi_restore 30",
            "ldp q0, q1, [sp, 80]",
            "ldp q2, q3, [sp, 112]",
            "ldp q4, q5, [sp, 144]",
            "ldp q6, q7, [sp, 176]",
            "add sp, sp, 224",
            ".cfi_adjust_cfa_offset -224",
            "br x16",
            ".cfi_endproc",
            behind = sym $behind,
        )
    };
}
pub(crate) use {call_and_jump, pass_on};
