//! Copies the undamaged part of a trace that a machine crash or a failing disk has damaged into a trace that other
//! readers read.
//!
//! ```text
//!   metadata     | preamble | event | evxnt | ev.00000        blocks whose checksums are right
//!                '------------------'
//!   stream file  | 0 | 1 | 000 | 3 | 4' | 5 |                 packets that are whole and continue the stream, and whose
//!                '-------'     '---'    '---'                 records decode; as they are, but for places that were held
//!                                                              for large packets
//! ```
//!
//! A kernel that goes down has written pages back in any order. Pages that it had not written are missing, or hold
//! zeros or earlier data. Readers refuse the whole trace for one such page; [`reader`](crate::read) shows what is
//! undamaged, and this module writes it down. The sequence numbers of packets stay, so that other readers report those
//! that are missing.
//!
//! Packets without a checksum (from other writers) are refused, because it cannot be known which are whole.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dir::{Dir, Tree};
use crate::json;
use crate::read::classes::Classes;
use crate::read::stream::StreamReader;
use crate::read::tree::{self, TraceDir};
use crate::read::whole::Layout;
use crate::read::{OpenPacket, ReadError, Share, Trace, metadata_text};
use crate::schema::Metadata;
use crate::tsdl::{self, TsdlError};
use crate::write::index::IndexFile;
use crate::write::packet::{PACKET_SIZE_AT, PAGE_BYTES, PacketContext};
use crate::write::stream_file::{INDEX_DIR, index_name};

/// The result: what was copied, and what was not.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Traces of which some part was copied.
    pub traces: u64,
    /// Events copied.
    pub events: u64,
    /// What was left out, ordered by path: one entry for each trace or stream that is damaged.
    pub damages: Vec<Damage>,
}

/// The damage of one trace's metadata, or of one stream.
#[derive(Debug, thiserror::Error)]
#[error("{first}{}", more(.places))]
pub struct Damage {
    /// The first damaged place.
    pub first: ReadError,
    /// How many places of the stream are damaged; each may have been many packets.
    pub places: u64,
}

/// Why the copy could not be written, or not completed.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {source}", path.display())]
pub struct CopyError {
    /// The file or directory.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Traces that may be damaged.
#[derive(Debug)]
pub struct DamagedTraces {
    tree: Arc<Tree>,
    found: Vec<TraceDir>,
}

impl DamagedTraces {
    /// Finds the trace in a directory, or all traces below it.
    ///
    /// # Errors
    /// There is none, or a directory cannot be listed.
    pub fn find(tree: Tree) -> Result<Self, ReadError> {
        let found = tree::traces(&tree)?;
        Ok(Self { tree: Arc::new(tree), found })
    }

    /// Copies what is undamaged to the same places in `to`, which is an empty directory. The traces themselves are not
    /// changed.
    ///
    /// # Errors
    /// The copy cannot be written; then nothing of it is left in `to`. Damage is among the result's
    /// [`damages`](Recovered::damages).
    pub fn recover(&self, to: &Tree) -> Result<Recovered, CopyError> {
        let mut recovered = Recovered::default();
        for trace in &self.found {
            // Half a copy would look as if nothing else were undamaged.
            let copied = recovered.trace(&self.tree, trace, to, &self.place(trace, to));
            copied.inspect_err(|_| self.remove_from(to))?;
        }
        Ok(recovered)
    }

    /// The place of a trace's copy.
    fn place(&self, trace: &TraceDir, to: &Tree) -> PathBuf {
        to.path().join(trace.path.strip_prefix(self.tree.path()).unwrap_or(Path::new("")))
    }

    /// Removes what was copied, and nothing that others may have put there meanwhile.
    fn remove_from(&self, to: &Tree) {
        for trace in &self.found {
            let place = self.place(trace, to);
            let Ok(dir) = to.below(&place) else { continue };
            let indexes = dir.below(INDEX_DIR);
            for name in trace.streams.iter().filter_map(|stream| stream.file_name()) {
                let _ = dir.remove_file(name);
                let _ = indexes.as_ref().map(|indexes| indexes.remove_file(&*index_name(name)));
            }
            let _ = dir.remove_file("metadata");
            let _ = dir.remove_dir(INDEX_DIR);
            for made in place.ancestors().take_while(|dir| *dir != to.path()) {
                let (Some(parent), Some(name)) = (made.parent(), made.file_name()) else { break };
                if to.below(parent).and_then(|parent| parent.remove_dir(name)).is_err() {
                    break;
                }
            }
        }
    }
}

impl Recovered {
    /// Copies one trace to the place in `to` that is shown as `place`.
    fn trace(
        &mut self,
        from: &Arc<Tree>,
        found: &TraceDir,
        to: &Tree,
        place: &Path,
    ) -> Result<(), CopyError> {
        let path = found.path.clone();
        let text = match metadata_text(from, &path) {
            Ok(text) => text,
            Err(error) => {
                self.damaged(error);
                return Ok(());
            }
        };
        let Some((text, metadata)) = self.undamaged(&text, &path) else { return Ok(()) };
        if Layout::of(&metadata).is_none() {
            self.damaged(ReadError::NoChecksums(path));
            return Ok(());
        }
        let cannot = |path: &Path| {
            let path = path.to_owned();
            move |source| CopyError { path, source }
        };
        let dir = to.make_below(place).map_err(cannot(place))?;
        let indexes = dir.make_or_open(INDEX_DIR).map_err(cannot(&place.join(INDEX_DIR)))?;
        dir.create_file("metadata")
            .and_then(|mut file| file.write_all(&text))
            .map_err(cannot(&place.join("metadata")))?;
        self.traces += 1;
        let classes = Arc::new(Classes::new(&metadata, 0));
        let trace = Arc::new(Trace { path, metadata });
        for stream in &found.streams {
            let name = stream.file_name().unwrap_or_default();
            let mut copy = StreamCopy::new(&dir, &indexes, name);
            let (tree, trace, classes) =
                (Arc::clone(from), Arc::clone(&trace), Arc::clone(&classes));
            // Packets are copied whole.
            let share = Share { bytes: usize::MAX, keeps_open: true };
            let reader = StreamReader::new(tree, trace, classes, stream.clone(), share);
            copy.fill(reader, self).map_err(cannot(&place.join(name)))?;
        }
        Ok(())
    }

    /// The whole declarations of a metadata file, and what they declare, if that is enough for a trace.
    fn undamaged(&mut self, text: &[u8], path: &Path) -> Option<(Vec<u8>, Metadata)> {
        let path = path.to_owned();
        if json::is_sequence(text) {
            let (metadata, damage) = match json::whole_fragments(text) {
                Ok(whole) => (Some((whole.text, whole.metadata)), whole.damage),
                Err(error) => (None, Some(error)),
            };
            if let Some(source) = damage {
                self.damaged(ReadError::JsonMetadata { path, source });
            }
            return metadata;
        }
        let whole = match tsdl::whole(text) {
            Ok(whole) => whole,
            Err(source) => {
                self.damaged(ReadError::Metadata { path, source });
                return None;
            }
        };
        let (len, parsed, error) = whole_declarations(&whole.text);
        if let Some(source) = whole.damage.or(error) {
            self.damaged(ReadError::Metadata { path, source });
        }
        Some((whole.text[..len].to_vec(), parsed?))
    }

    fn damaged(&mut self, first: ReadError) {
        self.damages.push(Damage { first, places: 1 });
    }
}

/// How often metadata are cut further back. Text of this library's writer needs it once, whatever has overwritten it;
/// other text could need it once for each line.
const CUTS_MAX: usize = 16;

/// How many bytes of a metadata text are whole declarations, what they declare (if that is enough for a trace), and the
/// error in the rest.
fn whole_declarations(text: &[u8]) -> (usize, Option<Metadata>, Option<TsdlError>) {
    let (mut len, mut first) = (text.len(), None);
    for _ in 0..=CUTS_MAX {
        match tsdl::parse(&text[..len]) {
            Ok(metadata) => return (len, Some(metadata), first),
            Err(error) => {
                let lines = text[..len].split_inclusive(|byte| *byte == b'\n');
                let before: usize = lines.take(error.line.saturating_sub(1)).map(<[u8]>::len).sum();
                first.get_or_insert(error);
                // Nested declarations are indented.
                const END: &[u8] = b"\n};\n";
                let before = &text[..before.min(len.saturating_sub(1))];
                match before.windows(END.len()).rposition(|bytes| bytes == END) {
                    Some(at) => len = at + END.len(),
                    None => break,
                }
            }
        }
    }
    (0, None, first)
}

/// How many entries of the index are gathered before they are written.
const ENTRIES_AT_ONCE: u64 = 1024;

/// The copy of one stream file and of its index; both are made with the first packet.
struct StreamCopy<'d> {
    dir: &'d Dir,
    indexes: &'d Dir,
    name: &'d OsStr,
    files: Option<(BufWriter<File>, IndexFile)>,
    offset_bytes: u64,
    packets: u64,
}

impl<'d> StreamCopy<'d> {
    fn new(dir: &'d Dir, indexes: &'d Dir, name: &'d OsStr) -> Self {
        Self { dir, indexes, name, files: None, offset_bytes: 0, packets: 0 }
    }

    fn fill(&mut self, mut reader: StreamReader, recovered: &mut Recovered) -> io::Result<()> {
        let mut damage: Option<Damage> = None;
        let mut note = |error| match &mut damage {
            Some(damage) => damage.places += 1,
            None => damage = Some(Damage { first: error, places: 1 }),
        };
        while let Some(packet) = reader.next_packet() {
            match packet.and_then(|open| reader.check(open)) {
                Ok((open, events)) => {
                    self.take(&open)?;
                    recovered.events += events;
                }
                Err(error) => note(error),
            }
        }
        recovered.damages.extend(damage);
        match &mut self.files {
            Some((data, index)) => data.flush().and_then(|()| index.flush()),
            None => Ok(()),
        }
    }

    fn take(&mut self, open: &OpenPacket) -> io::Result<()> {
        // Every packet has it, because the trace has checksums.
        let Some(whole) = &open.whole else { return Ok(()) };
        let (data, index) = match &mut self.files {
            Some(files) => files,
            none => none.insert((
                BufWriter::new(self.dir.create_file(self.name)?),
                IndexFile::resume(self.indexes.create_file(&*index_name(self.name))?, 0)?,
            )),
        };
        let used = open.bytes();
        // A packet without records may be larger, to hold a place. That is right only before the packet that is behind it
        // here, which may not be copied.
        let size_bytes = used.len().next_multiple_of(PAGE_BYTES) as u64;
        let context = PacketContext { packet_size_bytes: size_bytes, ..whole.context };
        data.write_all(&used[..PACKET_SIZE_AT])?;
        data.write_all(&(size_bytes * 8).to_ne_bytes())?;
        data.write_all(&used[PACKET_SIZE_AT + 8..])?;
        io::copy(&mut io::repeat(0).take(size_bytes - used.len() as u64), data)?;
        index.add(self.offset_bytes, &whole.identity, &context);
        self.offset_bytes += size_bytes;
        self.packets += 1;
        if self.packets.is_multiple_of(ENTRIES_AT_ONCE) {
            data.flush()?;
            index.flush()?;
        }
        Ok(())
    }
}

fn more(places: &u64) -> String {
    match places {
        1 => String::new(),
        2 => "; and in one more place".to_owned(),
        places => format!("; and in {} more places", places - 1),
    }
}
