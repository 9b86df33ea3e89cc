//! Which objects are loaded: each is told once, and once more when it is gone.
//!
//! ```text
//!   dl:object { base, size, path, build_id }       the program itself has its own path
//!   dl:object_gone { base }
//! ```
//!
//! The loader is asked with the first event of a process, and after each call that may have changed its list. One thread at a
//! time looks; others go on, and the one that looks has not lost what changed meanwhile.
#![allow(unsafe_code)]

use core::ffi::{CStr, c_int, c_void};
use core::slice;
use ust::inside::Inside;
use ust_core::hint::unlikely;
use ust_core::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use ust_core::wire::Text;

type Address = *const c_void;

#[allow(dead_code)]
mod event {
    use super::{Address, Text};

    #[ust::tracepoint(provider = "dl", level = Debug)]
    pub fn object(base: Address, size: usize, path: Text, build_id: Text);
    #[ust::tracepoint(provider = "dl", level = Debug)]
    pub fn object_gone(base: Address);
}

/// Objects beyond that are not told.
const MAX_OBJECTS: usize = 1024;

/// An object that has been told: where it is, plus one; 0 if the place is free.
static TOLD: [AtomicU64; MAX_OBJECTS] = [const { AtomicU64::new(0) }; MAX_OBJECTS];

/// Whether each is still there, by the thread that looks.
static SEEN: [AtomicBool; MAX_OBJECTS] = [const { AtomicBool::new(false) }; MAX_OBJECTS];

/// The process that has told them: a child of fork begins anew.
static TOLD_BY: AtomicU32 = AtomicU32::new(0);

/// Whether the list may have changed since it was told.
static MAY_HAVE_CHANGED: AtomicBool = AtomicBool::new(true);

/// The thread that looks; 0 if none does. Threads of other processes, of which this is a copy, do not count.
static LOOKING: AtomicU32 = AtomicU32::new(0);

/// Note that the list is about to change.
pub fn may_change() {
    MAY_HAVE_CHANGED.store(true, Ordering::Relaxed);
}

/// Tells what has changed since it was told last.
// Relaxed throughout: what is told comes from the loader, which has its own lock.
#[inline(always)]
pub fn tell_if_changed() {
    if MAY_HAVE_CHANGED.load(Ordering::Relaxed) && event::object::enabled() {
        unlikely();
        tell();
    }
}

#[cold]
#[inline(never)]
fn tell() {
    // What the loader calls is not the program's.
    let _inside = Inside::new();
    let (pid, tid) = (rustix::process::getpid(), rustix::thread::gettid());
    let (pid, tid) = (pid.as_raw_nonzero().get() as u32, tid.as_raw_nonzero().get() as u32);
    if TOLD_BY.swap(pid, Ordering::Relaxed) != pid {
        TOLD.iter().for_each(|told| told.store(0, Ordering::Relaxed));
        LOOKING.store(0, Ordering::Relaxed);
    }
    if LOOKING.compare_exchange(0, tid, Ordering::Acquire, Ordering::Relaxed).is_err() {
        return;
    }
    MAY_HAVE_CHANGED.store(false, Ordering::Relaxed);
    SEEN.iter().for_each(|seen| seen.store(false, Ordering::Relaxed));
    // SAFETY: the callback is handed what it is declared to take, and does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(look_at), core::ptr::null_mut()) };
    for (told, seen) in TOLD.iter().zip(&SEEN) {
        let base = told.load(Ordering::Relaxed);
        if base != 0 && !seen.load(Ordering::Relaxed) {
            told.store(0, Ordering::Relaxed);
            event::object_gone(core::ptr::without_provenance(base as usize - 1));
        }
    }
    LOOKING.store(0, Ordering::Release);
}

unsafe extern "C" fn look_at(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the loader's record of a loaded object, with its program headers.
    let (info, headers) = unsafe {
        let info = &*info;
        (info, slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum as usize))
    };
    let base = info.dlpi_addr;
    let key = base.wrapping_add(1);
    let place = TOLD.iter().position(|told| told.load(Ordering::Relaxed) == key);
    if let Some(place) = place {
        SEEN[place].store(true, Ordering::Relaxed);
        return 0;
    }
    let Some(free) = TOLD.iter().position(|told| told.load(Ordering::Relaxed) == 0) else {
        return 1;
    };
    TOLD[free].store(key, Ordering::Relaxed);
    SEEN[free].store(true, Ordering::Relaxed);
    let loads = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let end =
        loads().map(|header| header.p_vaddr.saturating_add(header.p_memsz)).max().unwrap_or(0);
    let mut own_path = [0; 4096];
    // SAFETY: the loader's string.
    let name = unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes();
    let path =
        if name.is_empty() && is_program(headers) { path_of_program(&mut own_path) } else { name };
    let mut id = [0; 2 * MAX_ID_BYTES];
    let build_id = build_id(base, headers, &mut id);
    // SAFETY: they live on until the call's end.
    let [path, build_id] =
        [path, build_id].map(|text| unsafe { Text::from_raw(text.as_ptr(), text.len()) });
    event::object(core::ptr::without_provenance(base as usize), end as usize, path, build_id);
    0
}

/// Whether these are the program's own headers, and no library's.
fn is_program(headers: &[libc::Elf64_Phdr]) -> bool {
    // SAFETY: the auxiliary vector of this process.
    unsafe { libc::getauxval(libc::AT_PHDR) as usize == headers.as_ptr().addr() }
}

fn path_of_program(buffer: &mut [u8]) -> &[u8] {
    let read = rustix::fs::readlinkat_raw(rustix::fs::CWD, c"/proc/self/exe", &mut *buffer);
    let length = read.unwrap_or(0);
    &buffer[..length]
}

/// What a build is known by: GNU's has 20 bytes.
const MAX_ID_BYTES: usize = 32;

/// The build id, in hexadecimal; empty if the object has none.
fn build_id<'a>(
    base: u64,
    headers: &[libc::Elf64_Phdr],
    out: &'a mut [u8; 2 * MAX_ID_BYTES],
) -> &'a [u8] {
    const NT_GNU_BUILD_ID: u32 = 3;
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for header in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
        let start =
            core::ptr::with_exposed_provenance::<u8>(base.wrapping_add(header.p_vaddr) as usize);
        // SAFETY: a segment that is mapped, as the loader's headers say.
        let mut notes = unsafe { slice::from_raw_parts(start, header.p_memsz as usize) };
        while let Some((note, rest)) = Note::first(notes) {
            if note.kind == NT_GNU_BUILD_ID && note.name == b"GNU\0" {
                let bytes = &note.descriptor[..note.descriptor.len().min(MAX_ID_BYTES)];
                for (digits, byte) in out.chunks_exact_mut(2).zip(bytes) {
                    digits[0] = DIGITS[usize::from(byte >> 4)];
                    digits[1] = DIGITS[usize::from(byte & 15)];
                }
                return &out[..2 * bytes.len()];
            }
            notes = rest;
        }
    }
    &[]
}

/// A note of an ELF file.
struct Note<'a> {
    kind: u32,
    name: &'a [u8],
    descriptor: &'a [u8],
}

impl<'a> Note<'a> {
    /// The first of these notes, and the others.
    fn first(notes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let word = |at: usize| Some(u32::from_ne_bytes(*notes.get(at..)?.first_chunk()?));
        let (name_bytes, descriptor_bytes, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
        let name_end = 12_usize.checked_add(name_bytes)?;
        let descriptor = name_end.checked_next_multiple_of(4)?;
        let end = descriptor.checked_add(descriptor_bytes)?;
        let note =
            Self { kind, name: notes.get(12..name_end)?, descriptor: notes.get(descriptor..end)? };
        Some((note, notes.get(end.checked_next_multiple_of(4)?..).unwrap_or(&[])))
    }
}
