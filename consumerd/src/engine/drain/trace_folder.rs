//! The folder of a trace: made when there is something to write. Classes are appended to its metadata one by one.

use super::preamble::preamble;
use super::stream_class::StreamClass;
use crate::engine::budget::Held;
use crate::engine::clock::ClockDescription;
use crate::engine::process_file::ProcessFile;
use crate::engine::resource::Resource;
use crate::output::Output;
use crate::uuid;
use ctf::dir::Dir;
use ctf::write::metadata::{self, EventClass};
use ctf::write::metadata_file::MetadataWriter;
use ctf::write::packet::StreamIdentity;
use ctf::write::payload_layout::PayloadLayout;
use ctf::write::stream_file::StreamWriter;
use std::collections::BTreeMap;
use std::io;

/// The folder, once it has been made.
#[derive(Debug)]
pub struct TraceFolder {
    uuid: [u8; 16],
    metadata: MetadataWriter,
    metadata_bytes: Held,
    /// Held for the metadata file and the streams' files.
    descriptors: Held,
    /// The payload layouts of the classes that are in the metadata, by channel and class number. As many as there are
    /// classes, whatever their numbers.
    layouts: Vec<BTreeMap<u32, PayloadLayout>>,
}

/// Why readers will not know a class.
#[derive(Debug, thiserror::Error)]
pub enum Undeclared {
    /// The process has not described it.
    #[error("the process has not described it")]
    Undescribed,
    /// The process's descriptions have used up their budget.
    #[error("the metadata of the process's classes is as long as it may be")]
    OverBudget,
    /// The metadata cannot be written.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl TraceFolder {
    /// Makes the folder, and its metadata with the preamble alone.
    pub fn create(
        output: &Output,
        process: &ProcessFile,
        clock: ClockDescription,
        classes: &[StreamClass],
    ) -> io::Result<Self> {
        // Charged to the budget of what the process describes.
        let hold = |what, amount| process.account().hold(what, amount).map_err(io::Error::other);
        let metadata_bytes = hold(Resource::MetadataBytes, 0)?;
        let descriptors = hold(Resource::Descriptors, 1)?;
        let output = output.dir()?;
        let (name, folder) = create_folder(output, &process.program.name, process.pid)?;
        let uuid = uuid::new()?;
        let metadata = MetadataWriter::create_in(folder, &preamble(uuid, process, clock, classes))
            // A caller that tries again must not leave one folder after the other behind.
            .inspect_err(|_| drop(output.remove_dir(&name)))?;
        Ok(Self {
            uuid,
            metadata,
            metadata_bytes,
            descriptors,
            layouts: vec![BTreeMap::new(); classes.len()],
        })
    }

    /// Creates a stream file of channel `number`.
    pub fn create_stream(
        &mut self,
        number: u32,
        name: &str,
        instance: u64,
        owner: u32,
    ) -> io::Result<StreamWriter> {
        // The file and its index.
        self.descriptors.grow(2).map_err(io::Error::other)?;
        let identity = StreamIdentity {
            uuid: self.uuid,
            stream_id: number,
            stream_instance_id: instance,
            extra: owner.to_ne_bytes().to_vec(),
        };
        StreamWriter::create_in(self.metadata.dir(), name, identity)
    }

    /// The payload layout of a class that is in the metadata.
    #[inline]
    pub fn layout(&self, number: u32, id: u32) -> Option<&PayloadLayout> {
        self.layouts.get(number as usize)?.get(&id)
    }

    /// Appends the class whose records carry `id` in channel `number`. Only classes with records are in the metadata: a
    /// process may number as many as it likes.
    #[cold]
    pub fn append(
        &mut self,
        process: &mut ProcessFile,
        number: u32,
        id: u32,
    ) -> Result<(), Undeclared> {
        let class = process.log.class(id).ok_or(Undeclared::Undescribed)?;
        let class = EventClass { stream_id: number, ..class };
        let layouts = self.layouts.get_mut(number as usize).ok_or(Undeclared::Undescribed)?;
        let text = metadata::event(&class);
        let bytes = text.len() as u64;
        self.metadata_bytes.grow(bytes).map_err(|_| Undeclared::OverBudget)?;
        self.metadata.append(&text).inspect_err(|_| self.metadata_bytes.shrink(bytes))?;
        layouts.insert(id, PayloadLayout::of(&class));
        Ok(())
    }
}

/// Makes `PROCNAME-PID`, with a number appended if that name is taken: process ids are used again.
fn create_folder(output: &Dir, untrusted_procname: &str, pid: u32) -> io::Result<(String, Dir)> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    // Dots only inside the name: readers skip hidden folders.
    let plain = |c| if is_plain(c) || c == '.' { c } else { '_' };
    let name: String = untrusted_procname.chars().map(plain).collect();
    let name = name.trim_start_matches('.');
    let name = if name.is_empty() { "process" } else { name };
    for attempt in 1.. {
        let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
        let name = format!("{name}-{pid}{suffix}");
        match output.make(&name) {
            Ok(folder) => return Ok((name, folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_plain_names_of_their_own() {
        let output = tempfile::tempdir().unwrap();
        let name = |procname, pid| {
            create_folder(&Dir::open(output.path()).unwrap(), procname, pid).unwrap().0
        };
        assert_eq!(name("indexer", 7), "indexer-7");
        assert_eq!(name("indexer", 7), "indexer-7-2");
        assert_eq!(name("../../etc/x y", 8), "_.._etc_x_y-8");
        assert_eq!(name("", 9), "process-9");
    }
}
