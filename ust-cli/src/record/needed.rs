//! Finds a file with tracepoints among a program and the shared objects that it needs, as the loader would find them, as
//! far as files tell.
//!
//! ```text
//!   name with a slash      that file
//!   any other, in          LD_LIBRARY_PATH, as the recorder has it
//!                          where the file that needs it says (RUNPATH, RPATH), $ORIGIN being its own directory
//!                          the system's directories
//! ```
//!
//! It does not find objects that only the loader's cache knows, preloaded ones, and those that the program loads itself
//! (`dlopen`).

use super::elf_file::{self, Class, ElfFile};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// At most this many files are examined, at some reads each. The system's own libraries are seldom so many.
const MAX_FILES: usize = 64;

/// At most this many directories are searched, so that a hostile file cannot make the search long.
const MAX_DIRECTORIES: usize = 64;

/// Where the loader looks last.
const SYSTEM: [&str; 5] = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"];

/// A shared object with tracepoints that `program` needs, itself or by way of others, and their ABI version.
pub fn instrumented_object(program: &Path) -> Option<(PathBuf, u32)> {
    first(program, |file, elf| {
        elf.abi_version.filter(|_| file != program).map(|version| (file.to_owned(), version))
    })
}

/// The file with tracepoints in C, and the version of their header: `program`, or a shared object that it needs, itself or by
/// way of others.
pub fn with_c_tracepoints(program: &Path) -> Option<(PathBuf, u32)> {
    first(program, |file, elf| elf.c_version.map(|version| (file.to_owned(), version)))
}

/// What is wanted of the first of those files that has it.
fn first<T>(program: &Path, wanted: impl Fn(&Path, &ElfFile) -> Option<T>) -> Option<T> {
    let library_path = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let mut files = vec![program.to_owned()];
    let mut next = 0;
    while let Some(file) = files.get(next).cloned() {
        next += 1;
        let Some(elf) = elf_file::read(&file) else { continue };
        if let Some(found) = wanted(&file, &elf) {
            return Some(found);
        }
        let stated = elf.search.iter().map(|list| list.as_os_str());
        let lists = std::iter::once(library_path.as_os_str()).chain(stated);
        let directories: Vec<PathBuf> = directories(lists, &file).collect();
        for name in &elf.needed {
            let found = find(name, &directories, elf.class).filter(|found| !files.contains(found));
            files.extend(found.filter(|_| files.len() < MAX_FILES));
        }
    }
    None
}

fn find(name: &Path, directories: &[PathBuf], class: Class) -> Option<PathBuf> {
    let is_found = |file: &PathBuf| elf_file::class_of(file) == Some(class);
    if name.as_os_str().as_bytes().contains(&b'/') {
        return Some(name.to_owned()).filter(is_found);
    }
    directories.iter().map(|directory| directory.join(name)).find(is_found)
}

/// The directories of some lists, followed by the system's.
fn directories<'a>(
    lists: impl Iterator<Item = &'a OsStr> + 'a,
    file: &'a Path,
) -> impl Iterator<Item = PathBuf> + 'a {
    let listed =
        lists.flat_map(std::env::split_paths).map(|directory| with_origin(&directory, file));
    // An empty entry means the current directory to the loader, and the program may have left that.
    let listed = listed.filter(|directory| !directory.as_os_str().is_empty());
    let multiarch = format!("{}-linux-gnu", std::env::consts::ARCH);
    let system = SYSTEM.into_iter().flat_map(move |directory| {
        [Path::new(directory).to_owned(), Path::new(directory).join(&multiarch)]
    });
    listed.take(MAX_DIRECTORIES).chain(system)
}

/// Replaces `$ORIGIN` at the beginning of a directory by the directory of the file.
fn with_origin(directory: &Path, file: &Path) -> PathBuf {
    let own = file.parent().unwrap_or(Path::new("/"));
    let rest =
        ["$ORIGIN", "${ORIGIN}"].iter().find_map(|origin| directory.strip_prefix(origin).ok());
    rest.map_or_else(|| directory.to_owned(), |rest| own.join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_searched_before_the_system_and_origin_is_where_the_file_is() {
        let lists = ["/a:/b/c", "", "$ORIGIN/../lib:${ORIGIN}", "/x$ORIGIN"].map(OsStr::new);
        let found: Vec<_> = directories(lists.into_iter(), Path::new("/opt/bin/prog")).collect();
        let listed = ["/a", "/b/c", "/opt/bin/../lib", "/opt/bin/", "/x$ORIGIN", "/lib"];
        assert!(
            found.iter().zip(listed).all(|(found, listed)| found == Path::new(listed)),
            "{found:?}"
        );
    }

    #[test]
    fn programs_of_the_system_need_nothing_instrumented() {
        assert_eq!(instrumented_object(Path::new("/bin/sh")), None);
        assert_eq!(instrumented_object(Path::new("/nowhere")), None);
        assert_eq!(with_c_tracepoints(Path::new("/bin/sh")), None);
    }
}
