//! Which program a process runs: behind the header in the first page of its process file, for the trace's environment.
//!
//! The kernel's name of a process has 15 bytes. What it was started as cannot be asked once it has died, so each process says
//! so itself. A process of an older minor leaves zeroes: nothing is known.

use super::PAGE_BYTES;
use super::layout::layout;

/// Where it is in the process file.
pub const PROGRAM_OFFSET: usize = 2048;

/// Bytes of a build id that are kept.
pub const MAX_BUILD_ID_BYTES: usize = 32;

/// Bytes of the executable's path that are kept.
pub const MAX_EXE_BYTES: usize = 768;

/// Bytes of the arguments that are kept.
pub const MAX_ARGUMENTS_BYTES: usize = 1232;

/// The program. Of what is longer than its room, the beginning is kept.
#[repr(C)]
pub struct Program {
    /// Bytes of the executable's path; more than are kept if it was cut.
    pub exe_bytes: u32,
    /// Bytes of the arguments; more than are kept if they were cut.
    pub arguments_bytes: u32,
    /// Bytes of the build id; 0 if the executable has none.
    pub build_id_bytes: u32,
    reserved: u32,
    /// The executable's build id.
    pub build_id: [u8; MAX_BUILD_ID_BYTES],
    /// The executable's path, as the kernel has it.
    pub exe: [u8; MAX_EXE_BYTES],
    /// The arguments, with the program's name as the first, each with a zero byte behind it.
    pub arguments: [u8; MAX_ARGUMENTS_BYTES],
}

layout!(Program as "Program" {
    exe_bytes @ 0,
    arguments_bytes @ 4,
    build_id_bytes @ 8,
    reserved @ 12,
    build_id @ 16,
    exe @ 48,
    arguments @ 816,
} ends 2048);

const _: () = assert!(PROGRAM_OFFSET + size_of::<Program>() <= PAGE_BYTES);
