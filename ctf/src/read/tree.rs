//! Finds which directories of a tree are traces, and which of their files are streams.
//!
//! ```text
//!   DIR/metadata                      a trace: all files beside it are streams,
//!   DIR/stream-0  DIR/stream-1        but for hidden ones
//!   DIR/index/ ...                    not looked into
//!   DIR/other/metadata ...            another trace
//! ```
//!
//! A link to a directory is not looked into. A link to a file counts as that file, so that opening it reports that
//! links are not followed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;

use super::error::ReadError;
use crate::dir::{Dir, Tree};

/// How many directories within directories are looked into.
const DEPTH_MAX: u32 = 16;

/// A directory with metadata, and its stream files, ordered by name.
#[derive(Debug)]
pub(crate) struct TraceDir {
    pub(crate) path: PathBuf,
    pub(crate) streams: Vec<PathBuf>,
}

/// All traces in a directory and below it, ordered by path; at least one.
pub(crate) fn traces(tree: &Tree) -> Result<Vec<TraceDir>, ReadError> {
    let mut found = Vec::new();
    look(tree.dir(), tree.path(), 0, &mut found)?;
    if found.is_empty() {
        return Err(ReadError::NoTrace(tree.path().to_owned()));
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn look(dir: &Dir, path: &Path, depth: u32, found: &mut Vec<TraceDir>) -> Result<(), ReadError> {
    let cannot = |errno: Errno| ReadError::Io { path: path.to_owned(), source: errno.into() };
    let (mut files, mut is_trace) = (Vec::new(), false);
    for entry in rustix::fs::Dir::read_from(dir).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name.as_bytes().starts_with(b".") {
            continue;
        }
        let shown = path.join(name);
        // The kind of the entry itself: a link that leads upwards would lead round in circles.
        match kind_of(dir, name, entry.file_type(), AtFlags::SYMLINK_NOFOLLOW).map_err(cannot)? {
            FileType::Directory if name != "index" && depth < DEPTH_MAX => {
                let below = dir.below(name);
                let below =
                    below.map_err(|source| ReadError::Io { path: shown.clone(), source })?;
                look(&below, &shown, depth + 1, found)?;
            }
            FileType::Directory => {}
            // Anything else with a name, such as a pipe, may have no end.
            kind if !leads_to_file(dir, name, kind) => {}
            _ if name == "metadata" => is_trace = true,
            _ if name != "index" => files.push(shown),
            _ => {}
        }
    }
    if is_trace {
        files.sort();
        found.push(TraceDir { path: path.to_owned(), streams: files });
    }
    Ok(())
}

fn kind_of(dir: &Dir, name: &OsStr, known: FileType, flags: AtFlags) -> Result<FileType, Errno> {
    match known {
        FileType::Unknown => Ok(FileType::from_raw_mode(statat(dir, name, flags)?.st_mode)),
        known => Ok(known),
    }
}

fn leads_to_file(dir: &Dir, name: &OsStr, kind: FileType) -> bool {
    let leads_to = match kind {
        FileType::Symlink => kind_of(dir, name, FileType::Unknown, AtFlags::empty()),
        kind => Ok(kind),
    };
    leads_to == Ok(FileType::RegularFile)
}
