//! The interposed functions, one file for each provider.
//!
//! | provider | what it records |
//! | --- | --- |
//! | `libc_mem` | `malloc` and its family, `mmap` and its family |

pub mod mem;
