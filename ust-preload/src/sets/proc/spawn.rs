//! `posix_spawn`, and the functions of the C library that start a shell.
//!
//! `system` and `popen` hand on the environment of this process.
#![allow(unsafe_code)]

use super::arguments::Arguments;
use crate::argument::{Address, Argument, Code, Outcome, Text};
use crate::calls::calls;
use crate::context_switches;
use crate::environment::{Environment, handed_on};
use crate::errno::Errno;
use crate::stopwatch::Stopwatch;
use core::ffi::{c_char, c_int, c_void};
use ust::inside::is_inside;

calls! {
    provider = "proc", begin = "proc_begin";

    waiting fn system(command: Text) -> c_int;
    waiting fn popen(command: Text, mode: Text) -> *mut c_void, also _IO_popen;
    waiting fn pclose(stream: Address) -> c_int;
}

type Path = *const c_char;
type Argv = *const *const c_char;

mod real_spawn {
    use super::{Address, Argv, Code, Environment, Path};
    use core::ffi::c_int;

    crate::real::real! {
        pub fn posix_spawn(
            pid: *mut c_int, path: Path, actions: Address, attributes: Address, argv: Argv, envp: Environment
        ) -> Code, version "GLIBC_2.15";
        pub fn posix_spawnp(
            pid: *mut c_int, file: Path, actions: Address, attributes: Address, argv: Argv, envp: Environment
        ) -> Code, version "GLIBC_2.15";
    }
}

#[allow(dead_code)]
mod spawned {
    use super::{Argument, Arguments, Text};
    use core::ffi::c_int;
    use ust::tracepoint;

    #[tracepoint(provider = "proc", level = Debug)]
    pub fn posix_spawn(
        path: <Text as Argument>::Field,
        argv: <Arguments as Argument>::Field,
        pid: c_int,
        result: c_int,
        duration: u64,
    );
}

/// # Safety
/// As the C library says of the function that `call` calls.
unsafe fn recorded(
    pid: *mut c_int,
    path: Path,
    argv: Argv,
    envp: Environment,
    call: impl FnOnce(*mut c_int, Environment) -> Code,
) -> Code {
    let mut started = 0;
    // The program may not want to know.
    let pid = if pid.is_null() { &raw mut started } else { pid };
    let watch = Stopwatch::start();
    let result = handed_on(envp, |envp| call(pid, envp));
    if spawned::posix_spawn::enabled() && !is_inside() {
        let _errno = Errno::keep();
        let error = result.error(0);
        // SAFETY: the call succeeded, so it has written the number.
        let pid = if error == 0 { unsafe { *pid } } else { -1 };
        let (path, argv) = (Text(path).field(error), Arguments(argv).field(error));
        spawned::posix_spawn(path, argv, pid, result.0, watch.elapsed_ns());
        context_switches::tell();
    }
    result
}

/// Functions that start a program in a child.
macro_rules! spawns {
    ($($name:ident)*) => {$(
        /// In place of the C library's.
        ///
        /// # Safety
        /// As the C library says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            pid: *mut c_int,
            path: Path,
            actions: Address,
            attributes: Address,
            argv: Argv,
            envp: Environment,
        ) -> Code {
            let call = |pid, envp| {
                // SAFETY: the caller's promise.
                unsafe { real_spawn::$name(pid, path, actions, attributes, argv, envp) }
            };
            // SAFETY: the caller's promise.
            unsafe { recorded(pid, path, argv, envp, call) }
        }
    )*};
}

spawns! { posix_spawn posix_spawnp }
