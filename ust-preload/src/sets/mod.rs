//! The interposed functions, in files by what they are about.
//!
//! | provider | file | what it records |
//! | --- | --- | --- |
//! | `libc_mem` | `mem` | `malloc` and its family |
//! | | `pages` | `mmap` and its family |
//! | `libc_io` | `io` | descriptors, paths, sockets, waits, streams |
//! | `pthread` | `pthread` | threads, and what they wait for: locks, conditions, barriers, semaphores |
//! | `proc` | `proc` | processes, and signals that are sent |
//! | `dl` | `dl` | libraries that are loaded and unloaded |
//! | `func` | `func` | functions of programs built with `-finstrument-functions` |

pub mod dl;
mod func;
mod io;
pub mod mem;
mod pages;
mod proc;
mod pthread;
