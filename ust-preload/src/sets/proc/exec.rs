//! `exec` and its like. One that succeeds does not return: so the event is written before, and another one if it fails.
//!
//! `execl` and its like have a list of arguments in place of an array. The first of them are in registers; they are stored in
//! front of those that are on the stack, and then the list is an array.
#![allow(unsafe_code)]

use super::arguments::Arguments;
use crate::argument::{Argument, Text};
use crate::environment::{Environment, handed_on};
use crate::errno::Errno;
use crate::readable::Reader;
use core::ffi::{c_char, c_int};
use ust::inside::is_inside;

type Path = *const c_char;
type Argv = *const *const c_char;

mod real {
    use super::{Argv, Environment, Path};
    use core::ffi::c_int;

    crate::real::real! {
        pub fn execve(path: Path, argv: Argv, envp: Environment) -> c_int;
        pub fn execvpe(file: Path, argv: Argv, envp: Environment) -> c_int;
        pub fn execveat(dirfd: c_int, path: Path, argv: Argv, envp: Environment, flags: c_int) -> c_int;
        pub fn fexecve(fd: c_int, argv: Argv, envp: Environment) -> c_int;
    }
}

#[allow(dead_code)]
mod event {
    use super::{Argument, Arguments, Text};
    use core::ffi::c_int;
    use ust::tracepoint;

    type Path = <Text as Argument>::Field;
    type Argv = <Arguments as Argument>::Field;

    #[tracepoint(provider = "proc", level = Debug)]
    pub fn exec(dirfd: c_int, path: Path, argv: Argv);
    #[tracepoint(provider = "proc", level = Debug)]
    pub fn exec_failed(dirfd: c_int, path: Path, errno: c_int);
}

unsafe extern "C" {
    static environ: Environment;
}

/// Records the call, and makes it with the environment that the new program gets.
fn recorded(
    dirfd: c_int,
    path: Path,
    argv: Argv,
    envp: Environment,
    call: impl FnOnce(Environment) -> c_int,
) -> c_int {
    if event::exec::enabled() && !is_inside() {
        let path = Text(path).unread(&mut Reader::new());
        event::exec(dirfd, path, Arguments(argv).field(0));
    }
    let result = handed_on(envp, call);
    let errno = Errno::keep();
    if event::exec_failed::enabled() && !is_inside() {
        let path = Text(path).unread(&mut Reader::new());
        event::exec_failed(dirfd, path, errno.number());
    }
    result
}

/// The present environment.
fn own() -> Environment {
    // SAFETY: one word of the C library's.
    unsafe { environ }
}

/// In place of the C library's.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execve(path: Path, argv: Argv, envp: Environment) -> c_int {
    // SAFETY: the caller's promise, here and in all that follow.
    recorded(libc::AT_FDCWD, path, argv, envp, |envp| unsafe { real::execve(path, argv, envp) })
}

/// In place of the C library's.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execv(path: Path, argv: Argv) -> c_int {
    // SAFETY: as above.
    unsafe { execve(path, argv, own()) }
}

/// In place of the C library's.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execvpe(file: Path, argv: Argv, envp: Environment) -> c_int {
    // SAFETY: as above.
    recorded(libc::AT_FDCWD, file, argv, envp, |envp| unsafe { real::execvpe(file, argv, envp) })
}

/// In place of the C library's.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execvp(file: Path, argv: Argv) -> c_int {
    // SAFETY: as above.
    unsafe { execvpe(file, argv, own()) }
}

/// In place of the C library's.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execveat(
    dirfd: c_int,
    path: Path,
    argv: Argv,
    envp: Environment,
    flags: c_int,
) -> c_int {
    let call = |envp| {
        // SAFETY: as above.
        unsafe { real::execveat(dirfd, path, argv, envp, flags) }
    };
    recorded(dirfd, path, argv, envp, call)
}

/// In place of the C library's.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fexecve(fd: c_int, argv: Argv, envp: Environment) -> c_int {
    // SAFETY: as above.
    recorded(fd, c"".as_ptr(), argv, envp, |envp| unsafe { real::fexecve(fd, argv, envp) })
}

/// `execl(path, argument, ..., null)`.
unsafe extern "C" fn with_list(path: Path, list: Argv) -> c_int {
    // SAFETY: as above.
    unsafe { execve(path, list, own()) }
}

/// `execlp(file, argument, ..., null)`.
unsafe extern "C" fn with_list_searched(file: Path, list: Argv) -> c_int {
    // SAFETY: as above.
    unsafe { execvpe(file, list, own()) }
}

/// `execle(path, argument, ..., null, environment)`.
unsafe extern "C" fn with_list_and_environment(path: Path, list: Argv) -> c_int {
    // SAFETY: as above; the environment stands behind the null.
    unsafe {
        let mut end = list;
        while !(*end).is_null() {
            end = end.add(1);
        }
        execve(path, list, *end.add(1).cast::<Environment>())
    }
}

/// Defines an exported function of a first argument and a list as a call of `BEHIND(first, array)`.
macro_rules! list {
    ($($name:ident => $behind:path;)*) => {$(
        /// In place of the C library's.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            list_to_array!($behind)
        }
    )*};
}

/// The return address makes room for the registers, and comes back to its place. (To unwinders, which know it as register 16.)
#[cfg(target_arch = "x86_64")]
macro_rules! list_to_array {
    ($behind:path) => {
        core::arch::naked_asm!(
            ".cfi_startproc",
            "pop rax",
            ".cfi_adjust_cfa_offset -8",
            ".cfi_register 16, 0",
            "push r9",
            ".cfi_adjust_cfa_offset 8",
            "push r8",
            ".cfi_adjust_cfa_offset 8",
            "push rcx",
            ".cfi_adjust_cfa_offset 8",
            "push rdx",
            ".cfi_adjust_cfa_offset 8",
            "push rsi",
            ".cfi_adjust_cfa_offset 8",
            "mov rsi, rsp",
            "push rax",
            ".cfi_adjust_cfa_offset 8",
            ".cfi_offset 16, -48",
            "call {behind}",
            "pop rcx",
            ".cfi_adjust_cfa_offset -8",
            ".cfi_register 16, 2",
            "add rsp, 40",
            ".cfi_adjust_cfa_offset -40",
            "push rcx",
            ".cfi_adjust_cfa_offset 8",
            ".cfi_offset 16, -8",
            "ret",
            ".cfi_endproc",
            behind = sym $behind,
        )
    };
}

#[cfg(target_arch = "aarch64")]
macro_rules! list_to_array {
    ($behind:path) => {
        core::arch::naked_asm!(
            ".cfi_startproc",
            "sub sp, sp, 80",
            ".cfi_adjust_cfa_offset 80",
            "str x30, [sp]",
            ".cfi_offset 30, -80",
            "stp x1, x2, [sp, 24]",
            "stp x3, x4, [sp, 40]",
            "stp x5, x6, [sp, 56]",
            "str x7, [sp, 72]",
            "add x1, sp, 24",
            "bl {behind}",
            "ldr x30, [sp]",
            ".cfi_restore 30",
            "add sp, sp, 80",
            ".cfi_adjust_cfa_offset -80",
            "ret",
            ".cfi_endproc",
            behind = sym $behind,
        )
    };
}

list! {
    execl => with_list;
    execlp => with_list_searched;
    execle => with_list_and_environment;
}
