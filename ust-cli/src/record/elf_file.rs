//! Reads from an ELF file whether it has tracepoints, and which shared objects it needs.
//!
//! The file is untrusted. A part that makes no sense counts as absent, and nothing is read but headers, notes and the
//! strings that are asked for.

use object::elf;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::read::{ReadCache, ReadRef, StringTable};
use object::{Endianness, FileKind};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use ust_core::abi::{ELF_NOTE_KIND, ELF_NOTE_KIND_C, ELF_NOTE_NAME};

/// At most this many entries of a dynamic section are read: programs have dozens.
const MAX_DYNAMIC_ENTRIES: usize = 4096;

/// What an ELF file says.
#[derive(Debug)]
pub struct ElfFile {
    /// 32 or 64 bits.
    pub class: Class,
    /// Whether the file has all that is loaded of it.
    pub is_whole: bool,
    /// The ABI version that its note names; `None` if it has no tracepoints.
    pub abi_version: Option<u32>,
    /// The version of `ust.h` that it was compiled with; `None` if it has no tracepoints in C.
    pub c_version: Option<u32>,
    /// The loader that it names; `None` if it is linked statically, or no program.
    pub loader: Option<PathBuf>,
    /// The shared objects that it needs: names, or paths.
    pub needed: Vec<PathBuf>,
    /// Where the file says to search for them: lists of directories, as the loader reads them.
    pub search: Vec<PathBuf>,
}

/// A file's word size, in bits. All files of a process have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 32.
    Elf32,
    /// 64.
    Elf64,
}

/// Reads it; `None` if it is no ELF file.
pub fn read(file: &Path) -> Option<ElfFile> {
    let data = open(file)?;
    match class_in(&data)? {
        Class::Elf64 => parse::<elf::FileHeader64<Endianness>>(Class::Elf64, &data),
        Class::Elf32 => parse::<elf::FileHeader32<Endianness>>(Class::Elf32, &data),
    }
}

/// Its class; `None` if it is no ELF file.
pub fn class_of(file: &Path) -> Option<Class> {
    class_in(&open(file)?)
}

fn open(file: &Path) -> Option<ReadCache<File>> {
    // Opening or reading anything but a regular file might block forever.
    let is_file = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    is_file.then(|| File::open(file).ok().map(ReadCache::new)).flatten()
}

fn class_in(data: &ReadCache<File>) -> Option<Class> {
    match FileKind::parse(data).ok()? {
        FileKind::Elf64 => Some(Class::Elf64),
        FileKind::Elf32 => Some(Class::Elf32),
        _ => None,
    }
}

fn parse<H: FileHeader<Endian = Endianness>>(
    class: Class,
    data: &ReadCache<File>,
) -> Option<ElfFile> {
    let header = H::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    // Files of a program may have been compiled with several versions.
    let notes = |kind| segments.iter().filter_map(move |it| note_in::<H>(it, kind, endian, data));
    let note = |kind| notes(kind).max_by_key(|word| by_version(*word));
    let (abi_version, c_version) = (note(ELF_NOTE_KIND), note(ELF_NOTE_KIND_C));
    let loader = segments.iter().find_map(|segment| segment.interpreter(endian, data).ok()?);
    let loader = loader.map(|path| OsStr::from_bytes(path).into());
    let [needed, search] = dynamic_strings::<H>(segments, endian, data).unwrap_or_default();
    let bytes = data.len().ok()?;
    let end = |segment: &H::ProgramHeader| {
        segment.p_offset(endian).into().checked_add(segment.p_filesz(endian).into())
    };
    let mut loaded = segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
    let is_whole = loaded.all(|segment| end(segment).is_some_and(|end| end <= bytes));
    Some(ElfFile { class, is_whole, abi_version, c_version, loader, needed, search })
}

/// The latest version in our notes of that kind, if the segment holds any.
fn note_in<H: FileHeader<Endian = Endianness>>(
    segment: &H::ProgramHeader,
    kind: u32,
    endian: Endianness,
    data: &ReadCache<File>,
) -> Option<u32> {
    let mut notes = segment.notes(endian, data).ok()??;
    let mut latest = None;
    while let Ok(Some(note)) = notes.next() {
        if note.n_type(endian).0 == kind && note.name_bytes() == ELF_NOTE_NAME {
            let word = u32::from_ne_bytes(note.desc().try_into().ok()?);
            latest = latest.into_iter().chain([word]).max_by_key(|word| by_version(*word));
        }
    }
    latest
}

/// By major, then by minor: the major is the lower half.
fn by_version(word: u32) -> u32 {
    word.rotate_right(16)
}

/// The names of needed objects, and the directories to search for them.
fn dynamic_strings<H: FileHeader<Endian = Endianness>>(
    segments: &[H::ProgramHeader],
    endian: Endianness,
    data: &ReadCache<File>,
) -> Option<[Vec<PathBuf>; 2]> {
    let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok()?)?;
    let entries = dynamic
        .iter()
        .take(MAX_DYNAMIC_ENTRIES)
        .map(|entry| (entry.tag(endian), entry.val(endian)));
    let entries: Vec<_> = entries.take_while(|(tag, _)| *tag != elf::DT_NULL).collect();
    let of = |wanted: &[elf::DynamicTag]| {
        entries
            .iter()
            .filter(|(tag, _)| wanted.contains(tag))
            .map(|(_, value)| *value)
            .collect::<Vec<_>>()
    };
    let (address, bytes) = (*of(&[elf::DT_STRTAB]).first()?, *of(&[elf::DT_STRSZ]).first()?);
    // The address is one in memory. The segment that is loaded there says where the table lies in the file.
    let start = segments.iter().find_map(|segment| {
        let offset = address.checked_sub(segment.p_vaddr(endian).into())?;
        let is_in =
            segment.p_type(endian) == elf::PT_LOAD && offset < segment.p_filesz(endian).into();
        let start = Into::<u64>::into(segment.p_offset(endian)).checked_add(offset)?;
        is_in.then_some(start)
    })?;
    let strings = StringTable::new(data, start, start.checked_add(bytes)?);
    let texts = |offsets: Vec<u64>| {
        let text = |offset| strings.get(u32::try_from(offset).ok()?).ok();
        offsets.into_iter().filter_map(text).map(|text| OsStr::from_bytes(text).into()).collect()
    };
    Some([texts(of(&[elf::DT_NEEDED])), texts(of(&[elf::DT_RUNPATH, elf::DT_RPATH]))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_tracepoints_is_not_taken_for_instrumented() {
        let shell = read(Path::new("/bin/sh")).unwrap();
        assert_eq!((shell.abi_version, shell.c_version), (None, None));
        for none in ["/etc/passwd", "/", "/nowhere", "/dev/null"] {
            assert!(read(Path::new(none)).is_none(), "{none}");
        }
    }

    #[test]
    fn what_a_file_needs_is_read() {
        let own = read(&std::env::current_exe().unwrap()).unwrap();
        let is_needed =
            |start: &str| own.needed.iter().any(|name| name.to_string_lossy().starts_with(start));
        assert!(is_needed("libc.so"), "{own:?}");
    }
}
