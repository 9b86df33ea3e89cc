//! The interposed functions, one file for each part of a provider.
//!
//! | provider | file | what it records |
//! | --- | --- | --- |
//! | `libc_mem` | `mem` | `malloc` and its family |
//! | | `pages` | `mmap` and its family |
//! | `libc_io` | `io` | descriptors and paths |
//! | `proc` | `ends` | the process's own end |

pub mod ends;
pub mod io;
pub mod mem;
pub mod pages;
