//! What is known of a library in memory: where it lies, where it came from, and what its linker has called it.
#![allow(unsafe_code)]

use core::ffi::{CStr, c_char};
use core::ops::Range;
use core::{ptr, slice};
use ust_core::build_id::build_id_in;

/// A row of an object's table of segments.
#[cfg(target_pointer_width = "64")]
pub type Header = libc::Elf64_Phdr;
#[cfg(target_pointer_width = "32")]
pub type Header = libc::Elf32_Phdr;

/// The longest path that is told whole, and its zero.
const PATH_BYTES: usize = 4096;

/// A build id is a hash, of 20 bytes mostly.
pub const MAX_BUILD_ID_BYTES: usize = 64;

/// What is told of a library.
pub struct Object {
    /// Its lowest address.
    pub base: usize,
    /// Bytes from there to its end.
    pub size: usize,
    /// Whether it may lie anywhere.
    pub is_pic: bool,
    path: [u8; PATH_BYTES],
    build_id: [u8; MAX_BUILD_ID_BYTES],
    build_id_bytes: usize,
}

impl Object {
    /// None yet.
    pub const NONE: Self = Self {
        base: 0,
        size: 0,
        is_pic: false,
        path: [0; PATH_BYTES],
        build_id: [0; MAX_BUILD_ID_BYTES],
        build_id_bytes: 0,
    };

    /// Makes it what the loader says of an object: its name, its table of segments, by how much their addresses are off, and
    /// where they lie together by the table.
    ///
    /// # Safety
    /// The object is loaded there.
    pub unsafe fn read(
        &mut self,
        name: &CStr,
        headers: &[Header],
        bias: usize,
        span: Range<usize>,
    ) {
        self.base = bias.wrapping_add(span.start);
        self.size = span.len();
        self.is_pic = bias != 0;
        self.path = [0; PATH_BYTES];
        if name.is_empty() {
            own_path(&mut self.path);
        } else {
            let bytes = name.count_bytes().min(PATH_BYTES - 1);
            self.path[..bytes].copy_from_slice(&name.to_bytes()[..bytes]);
        }
        self.build_id_bytes = 0;
        for note in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
            // SAFETY: notes of a loaded object lie in its memory.
            let notes = unsafe {
                let start =
                    ptr::with_exposed_provenance::<u8>(bias.wrapping_add(note.p_vaddr as usize));
                slice::from_raw_parts(start, note.p_memsz as usize)
            };
            if let Some(id) = build_id_in(notes, (note.p_align as usize).max(4)) {
                let bytes = id.len().min(MAX_BUILD_ID_BYTES);
                self.build_id[..bytes].copy_from_slice(&id[..bytes]);
                self.build_id_bytes = bytes;
                return;
            }
        }
    }

    /// Where it was loaded from, as the loader calls it.
    pub fn path(&self) -> &[u8] {
        let bytes = self.path.iter().position(|byte| *byte == 0);
        &self.path[..bytes.unwrap_or(PATH_BYTES)]
    }

    /// What its linker has called it; empty if it has no such note.
    pub fn build_id(&self) -> &[u8] {
        &self.build_id[..self.build_id_bytes]
    }
}

/// The program's own path, which the loader has no name for.
fn own_path(path: &mut [u8; PATH_BYTES]) {
    // SAFETY: a C string, and room for all but the zero. A failure leaves the empty path.
    unsafe {
        libc::readlink(
            c"/proc/self/exe".as_ptr(),
            path.as_mut_ptr().cast::<c_char>(),
            PATH_BYTES - 1,
        )
    };
}
