//! Starts the program: fork and exec, handing on what this process inherited.
//!
//! ```text
//!   parent                          child
//!   blocks every signal
//!   fork ------------------------>  takes over what was inherited: dispositions, descriptors, limits, mask
//!   its own mask again              execve ------------> the program; the pipe closes
//!   reads the pipe <--------------- or the error number
//! ```
//!
//! `std::process::Command` would give the program an empty signal mask, SIGPIPE at its default, and a sorted
//! environment. Here the program's environment is ours as it stands, with a variable or two set.
#![allow(unsafe_code)]

use consumerd::inherited::Inherited;
use rustix::fd::OwnedFd;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Pid;
use std::ffi::{CString, OsStr, OsString, c_char};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::{io, ptr};

unsafe extern "C" {
    /// The environment, as libc has it: a null pointer behind the last entry.
    static environ: *const *const c_char;
}

/// A program image to start: everything that execve(2) is given.
#[derive(Debug)]
pub struct Image {
    file: CString,
    /// What `argv` and `envp` point to, the inherited environment excepted.
    _texts: Vec<CString>,
    argv: Vec<*const c_char>,
    envp: Vec<*const c_char>,
}

impl Image {
    /// `file` with `arguments`, of which the first is the name under which it was called, and these variables set.
    ///
    /// # Errors
    /// One of them contains a zero byte.
    pub fn new<'a>(
        file: &OsStr,
        arguments: impl Iterator<Item = &'a OsStr>,
        variables: &[(&str, OsString)],
    ) -> io::Result<Self> {
        let mut texts = arguments
            .map(|argument| CString::new(argument.as_bytes()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut argv: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
        argv.push(ptr::null());
        let prefixes: Vec<_> = variables.iter().map(|(name, _)| format!("{name}=")).collect();
        let mut envp = inherited_environment(&prefixes);
        for (prefix, (_, value)) in prefixes.iter().zip(variables) {
            let entry = CString::new([prefix.as_bytes(), value.as_bytes()].concat())?;
            envp.push(entry.as_ptr());
            texts.push(entry);
        }
        envp.push(ptr::null());
        Ok(Self { file: CString::new(file.as_bytes())?, _texts: texts, argv, envp })
    }

    /// Starts it as a child of this process, in its process group.
    ///
    /// # Errors
    /// The kernel's error, of the fork or of execve(2).
    pub fn start(&self) -> Result<Pid, StartError> {
        let inherited = Inherited::get();
        let (from_child, to_parent) =
            pipe_with(PipeFlags::CLOEXEC).map_err(|error| StartError::Fork(error.into()))?;
        let own_mask = block_all_signals();
        // SAFETY: the child takes no lock, which another thread might hold: it makes system calls only.
        let forked = unsafe { libc::fork() };
        if forked == 0 {
            let error = match inherited.hand_on() {
                // SAFETY: strings and arrays that end with a null pointer, all of them alive.
                Ok(()) => unsafe {
                    libc::execve(self.file.as_ptr(), self.argv.as_ptr(), self.envp.as_ptr());
                    io::Error::last_os_error()
                },
                Err(error) => error,
            };
            let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
            // If this write fails, the parent sees the exit status.
            let _ = rustix::io::write(&to_parent, &errno.to_ne_bytes());
            // SAFETY: `_exit` runs nothing of the parent's a second time.
            unsafe { libc::_exit(127) };
        }
        let forked = if forked < 0 { Err(io::Error::last_os_error()) } else { Ok(forked) };
        // SAFETY: the mask that was set before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &own_mask, ptr::null_mut()) };
        let pid = forked.map_err(StartError::Fork)?;
        let pid =
            Pid::from_raw(pid).ok_or_else(|| StartError::Fork(io::ErrorKind::Other.into()))?;
        drop(to_parent);
        match read_errno(&from_child) {
            None => Ok(pid),
            Some(errno) => {
                let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
                Err(StartError::Exec(io::Error::from_raw_os_error(errno)))
            }
        }
    }
}

/// Why a program was not started.
#[derive(Debug)]
pub enum StartError {
    /// No further process could be made.
    Fork(io::Error),
    /// The file cannot be executed.
    Exec(io::Error),
}

/// The entries of our own environment that begin with none of these.
fn inherited_environment(prefixes: &[String]) -> Vec<*const c_char> {
    let mut entries = Vec::new();
    // SAFETY: nobody changes the environment, here or in another thread.
    let mut entry = unsafe { environ };
    loop {
        if entry.is_null() {
            return entries;
        }
        // SAFETY: an array of pointers that ends with a null pointer, which is the last that is read.
        let text = unsafe { *entry };
        if text.is_null() {
            return entries;
        }
        // SAFETY: an entry is a string that ends with a zero byte.
        let bytes = unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes();
        if !prefixes.iter().any(|prefix| bytes.starts_with(prefix.as_bytes())) {
            entries.push(text);
        }
        // SAFETY: the entry was not the last.
        entry = unsafe { entry.add(1) };
    }
}

fn block_all_signals() -> libc::sigset_t {
    // SAFETY: any bytes are a signal set.
    let [mut all, mut own] = unsafe { MaybeUninit::<[libc::sigset_t; 2]>::zeroed().assume_init() };
    // SAFETY: valid sets, which may be written to.
    unsafe {
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut own);
    }
    own
}

/// What the child says went wrong; `None` once exec has closed the pipe.
fn read_errno(from_child: &OwnedFd) -> Option<i32> {
    let mut bytes = [0; 4];
    let count = rustix::io::retry_on_intr(|| rustix::io::read(from_child, &mut bytes));
    (count == Ok(4)).then(|| i32::from_ne_bytes(bytes))
}
