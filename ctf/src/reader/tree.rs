//! Which directories of a tree are traces, and which of their files are streams.
//!
//! ```text
//!   DIR/metadata                      a trace: all files beside it are streams,
//!   DIR/stream-0  DIR/stream-1        but for hidden ones
//!   DIR/index/ ...                    not looked into
//!   DIR/other/metadata ...            another trace
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::ReadError;

/// Directories within directories that are looked into.
const DEPTH_MAX: u32 = 16;

/// A directory with metadata, and its stream files in the order of their names.
#[derive(Debug)]
pub(crate) struct TraceDir {
    pub(crate) path: PathBuf,
    pub(crate) streams: Vec<PathBuf>,
}

/// All traces from `path` on downwards, in the order of their paths. There is one at least.
pub(crate) fn traces(path: &Path) -> Result<Vec<TraceDir>, ReadError> {
    let mut found = Vec::new();
    look(path, 0, &mut found)?;
    if found.is_empty() {
        return Err(ReadError::NoTrace(path.to_owned()));
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn look(path: &Path, depth: u32, found: &mut Vec<TraceDir>) -> Result<(), ReadError> {
    let cannot = |source: io::Error| ReadError::Io { path: path.to_owned(), source };
    let (mut files, mut is_trace) = (Vec::new(), false);
    for entry in fs::read_dir(path).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        // Of the entry itself: a link that leads upwards would lead round in circles.
        let kind = entry.file_type().map_err(cannot)?;
        if hidden {
            continue;
        }
        if kind.is_dir() {
            if name != "index" && depth < DEPTH_MAX {
                look(&entry.path(), depth + 1, found)?;
            }
        } else if name == "metadata" {
            // Whatever else has that name, a pipe perhaps, nobody would come to its end.
            is_trace = entry.path().is_file();
        } else if name != "index" && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    if is_trace {
        files.sort();
        found.push(TraceDir { path: path.to_owned(), streams: files });
    }
    Ok(())
}
