//! The interposed functions, in files by what they are about.
//!
//! | provider | file | what it records |
//! | --- | --- | --- |
//! | `libc_mem` | `mem` | `malloc` and its family |
//! | | `durations` | how long calls of that family took |
//! | | `pages` | `mmap` and its family |
//! | `libc_io` | `io` | descriptors, paths, sockets, waits, streams |
//! | `pthread` | `locks` | mutexes, rwlocks, spin locks |
//! | | `waits` | condition variables, barriers, semaphores |
//! | | `threads` | threads |
//! | `proc` | `proc` | processes, and signals that are sent and delivered |
//! | `dl` | `dl` | libraries |
//! | `func` | `func` | functions of programs built to tell of them |
//! | none | `conversions` | functions that are not recorded, and unload something |
//! | `lttng_ust_*` | `lttng` | events of LTTng-UST's own wrappers, recorded by the functions of the others |

mod conversions;
pub mod dl;
mod durations;
pub mod func;
mod io;
pub mod locks;
pub mod lttng;
pub mod mem;
pub mod pages;
pub mod proc;
pub mod threads;
pub mod waits;
