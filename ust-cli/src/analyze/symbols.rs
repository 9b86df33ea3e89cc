//! Functions and lines of call sites, from the files of the objects.
//!
//! The paths come from the trace and are untrusted, and so are the files. A file is read if it is a plain one, and of the
//! build that the trace names. Where it is not, the call site stays an address in an object, and a note says why. Lines come
//! from DWARF, functions from there too or else from the symbol table.

use super::sites::{Object, Site};
use addr2line::gimli::{self, EndianSlice, RunTimeEndian};
use addr2line::{Context, demangle_auto};
use ctf::printable::{self, printable};
use object::read::ReadCache;
use object::{Object as _, ObjectSection as _, ObjectSegment as _, ObjectSymbol as _, SymbolKind};
use rustix::fs::{Mode, OFlags};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// A larger file is not read.
const FILE_BYTES_MAX: u64 = 4 << 30;

type Bytes<'a> = EndianSlice<'a, RunTimeEndian>;

/// Fills in what can be found, and returns a note for each object of which nothing can be.
pub fn fill(sites: Vec<&mut Site>) -> Vec<String> {
    let mut notes = Vec::new();
    let mut by_file = BTreeMap::<(PathBuf, String), (Arc<Object>, Vec<&mut Site>)>::new();
    let mut unknown = 0_u64;
    for site in sites {
        match &site.place.object {
            Some(object) => {
                let key = (object.path.clone(), object.build_id.clone());
                let object = Arc::clone(object);
                by_file.entry(key).or_insert_with(|| (object, vec![])).1.push(site);
            }
            None => unknown += 1,
        }
    }
    if unknown > 0 {
        notes.push(
            "some call sites are in unknown objects: the events dl:* say what was loaded, so record with --preload \
             SET,dl"
                .to_owned(),
        );
    }
    for (_, (object, sites)) in by_file {
        if let Err(why) = fill_from(&object, sites) {
            let path = printable::path(&object.path);
            notes.push(format!("{path}: {why}; its call sites are shown as addresses"));
        }
    }
    notes
}

fn fill_from(of_trace: &Object, sites: Vec<&mut Site>) -> Result<(), String> {
    // The vDSO has no path.
    if !of_trace.path.is_absolute() {
        return Err("no file's path".to_owned());
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(&of_trace.path, flags, Mode::empty());
    let file = File::from(file.map_err(|error| std::io::Error::from(error).to_string())?);
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
        return Err("not a plain file, or too large".to_owned());
    }
    let cache = ReadCache::new(file);
    let elf = object::File::parse(&cache).map_err(|error| error.to_string())?;
    let build_id = elf.build_id().ok().flatten().unwrap_or_default();
    let hex: String = build_id.iter().map(|byte| format!("{byte:02x}")).collect();
    if hex != of_trace.build_id {
        return Err("the file there now has another build id".to_owned());
    }
    // Where the first segment wants to lie: 0 in all but executables at fixed addresses.
    let lowest = elf.segments().map(|segment| segment.address()).min().unwrap_or_default();
    let lowest = lowest & !0xfff;
    let endian = match elf.is_little_endian() {
        true => RunTimeEndian::Little,
        false => RunTimeEndian::Big,
    };
    let section = |id: gimli::SectionId| {
        // A compressed section is like none: symbols do.
        let section = elf.section_by_name(id.name());
        let data = section.and_then(|section| match section.compressed_file_range() {
            Ok(range) if range.format == object::CompressionFormat::None => section.data().ok(),
            _ => None,
        });
        Ok::<_, gimli::Error>(EndianSlice::new(data.unwrap_or_default(), endian))
    };
    let dwarf = gimli::Dwarf::load(section).ok();
    let context = dwarf.and_then(|dwarf| Context::from_dwarf(dwarf).ok());
    let symbols = Symbols::of(&elf);
    for site in sites {
        // Before the address to which the call returns lies the call.
        let base = site.place.object.as_ref().map_or(0, |object| object.base);
        let address = site.place.address.wrapping_sub(base).wrapping_add(lowest).wrapping_sub(1);
        if let Some(context) = &context {
            from_dwarf(context, address, site);
        }
        if site.function.is_none() {
            site.function = symbols.at(address).map(|name| demangled(name, None));
        }
    }
    Ok(())
}

/// The innermost function and its line.
fn from_dwarf(context: &Context<Bytes<'_>>, address: u64, site: &mut Site) {
    let Ok(mut frames) = context.find_frames(address).skip_all_loads() else { return };
    let Ok(Some(frame)) = frames.next() else { return };
    if let Some(name) = frame.function {
        let language = name.language;
        site.function = name.raw_name().ok().map(|name| demangled(&name, language));
    }
    if let Some(location) = frame.location {
        site.file = location.file.map(|file| printable(file).to_string());
        site.line = location.line;
    }
}

fn demangled(name: &str, language: Option<gimli::DwLang>) -> String {
    printable(&*demangle_auto(Cow::Borrowed(name), language)).to_string()
}

/// The functions of an object's symbol tables.
struct Symbols<'a>(Vec<(u64, u64, &'a str)>);

impl<'a> Symbols<'a> {
    fn of(elf: &object::File<'a, &'a ReadCache<File>>) -> Self {
        let functions = elf.symbols().chain(elf.dynamic_symbols()).filter_map(|symbol| {
            let is_function = symbol.kind() == SymbolKind::Text && symbol.is_definition();
            is_function.then_some((symbol.address(), symbol.size(), symbol.name().ok()?))
        });
        let mut all: Vec<_> = functions.collect();
        all.sort_unstable();
        Self(all)
    }

    /// The function that has this address in it.
    fn at(&self, address: u64) -> Option<&'a str> {
        let before = self.0.partition_point(|(start, ..)| *start <= address);
        let (start, size, name) = self.0[..before].last()?;
        // A symbol without a size, from assembly, reaches to the next one.
        (*size == 0 || address - start < *size).then_some(*name)
    }
}
