//! `siglongjmp` out of a signal handler, by a few lines of C that are compiled when a test wants them.
#![allow(unsafe_code)]

use crate::skip;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// In the test: compiles it into `dir`. `None`, with a line that says why, if there is no C compiler.
pub fn compile(dir: &Path) -> Option<PathBuf> {
    if !skip::has("cc", &["--version"]) {
        return None;
    }
    let library = dir.join("jump.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/jump.c");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library).arg(source);
    let finished = ust_test_support::command::run(&mut cc);
    assert!(finished.status.success(), "{}", finished.stderr);
    Some(library)
}

/// In the program: the compiled functions.
#[derive(Debug, Clone, Copy)]
pub struct Jump {
    run_until_jump: RunUntilJump,
    jump_out: usize,
}

#[allow(unsafe_code)]
/// `run_until_jump` of the C file.
type RunUntilJump = unsafe extern "C" fn(extern "C" fn());

impl Jump {
    /// Loads what [`compile`] has made.
    pub fn load(library: &Path) -> Self {
        let path = CString::new(library.to_str().expect("temporary paths are text"));
        let path = path.expect("a path holds no zero byte");
        // SAFETY: a library whose constructors do nothing, and the type that the function has in C.
        unsafe {
            let handle = libc::dlopen(path.as_ptr(), libc::RTLD_NOW);
            assert!(!handle.is_null(), "{} cannot be loaded", library.display());
            let run_until_jump = libc::dlsym(handle, c"run_until_jump".as_ptr());
            let jump_out = libc::dlsym(handle, c"jump_out".as_ptr());
            assert!(!run_until_jump.is_null() && !jump_out.is_null());
            Self {
                run_until_jump: core::mem::transmute::<*mut libc::c_void, RunUntilJump>(
                    run_until_jump,
                ),
                jump_out: jump_out as usize,
            }
        }
    }

    /// From now on this signal ends the job.
    pub fn on(self, signal: i32) {
        // SAFETY: POSIX allows the handler to jump out of code that is no library function. The caller's job is such code.
        unsafe {
            let mut action: libc::sigaction = core::mem::zeroed();
            action.sa_sigaction = self.jump_out;
            let set = libc::sigaction(signal, &action, core::ptr::null_mut());
            assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
        }
    }

    /// Runs `job` until the signal comes.
    ///
    /// # Safety
    /// The job never returns, and nothing that the jump skips has anything to drop or holds any lock.
    pub unsafe fn run(self, job: extern "C" fn()) {
        // SAFETY: the caller's promise.
        unsafe { (self.run_until_jump)(job) };
    }
}
