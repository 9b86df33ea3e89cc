//! The trace of one process in one session: a folder with metadata and stream files.
//!
//! ```text
//!   OUTPUT/PROCNAME-PID/
//!      metadata          preamble, then the classes of the records, each before its first record's packet
//!      CHANNEL_0 ...     one file for each stream
//!      index/
//! ```
//!
//! The folder is made when there is something to write: a process that emits nothing leaves no folder.

use super::stream_class::StreamClass;
use super::trace_folder::{TraceFolder, Undeclared};
use crate::engine::clock::ClockDescription;
use crate::engine::process_file::ProcessFile;
use crate::output::Output;
use ctf::write::payload_layout::PayloadLayout;
use ctf::write::stream_file::StreamWriter;
use std::io;

/// What draining needs: the folder, the process's classes, the clock.
#[derive(Debug)]
pub struct Trace<'a> {
    /// The folder, or none yet.
    pub folder: &'a mut Option<TraceFolder>,
    /// The process.
    pub process: &'a mut ProcessFile,
    /// The session's output directory.
    pub output: &'a Output,
    /// The session's clock.
    pub clock: ClockDescription,
    /// The session's channels.
    pub classes: &'a [StreamClass],
    /// Number of the channel that is drained now.
    pub number: u32,
}

impl Trace<'_> {
    /// The recording clock now, as the process reads it.
    pub fn now(&self) -> u64 {
        self.clock.now_for(self.process.monotonic_lead_ns)
    }

    /// Creates a stream file, and the folder if this is the first.
    pub fn create_stream(&mut self, instance: u64, owner: u32) -> io::Result<StreamWriter> {
        let folder = match &mut *self.folder {
            Some(folder) => folder,
            none => none.insert(TraceFolder::create(
                self.output,
                self.process,
                self.clock.seen_by(self.process.monotonic_lead_ns),
                self.classes,
            )?),
        };
        let class = self.classes.get(self.number as usize).ok_or(io::ErrorKind::NotFound)?;
        let writer =
            folder.create_stream(self.number, &class.file_name(instance), instance, owner)?;
        self.output.note_file();
        Ok(writer)
    }

    /// The payload layout of the class whose records carry `id`. The class is in the metadata when this returns.
    ///
    /// # Errors
    /// The class could not be added to the metadata.
    #[inline]
    pub fn layout(&mut self, id: u32) -> Result<&PayloadLayout, Undeclared> {
        let folder = self.folder.as_mut().ok_or(Undeclared::Undescribed)?;
        if folder.layout(self.number, id).is_none() {
            folder.append(self.process, self.number, id)?;
        }
        folder.layout(self.number, id).ok_or(Undeclared::Undescribed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clock::Calibration;
    use crate::engine::played::{Player, number};
    use crate::limits::METADATA_BYTES;
    use ust_core::clock::ClockKind;

    type Declared = Result<(), Undeclared>;

    /// The metadata, and the outcomes of declaring the classes of these numbers.
    fn declare(player: &Player, ids: impl Iterator<Item = u32>) -> (String, Vec<Declared>) {
        let output = tempfile::tempdir().unwrap();
        let (mut process, mut folder) = (player.process_file(), None);
        let mut trace = Trace {
            folder: &mut folder,
            process: &mut process,
            output: &Output::at(output.path()),
            clock: Calibration::start(ClockKind::Monotonic).describe(),
            classes: &crate::engine::played_stream::classes(),
            number: 0,
        };
        trace.create_stream(0, 0).unwrap();
        let declared = ids.map(|id| trace.layout(id).map(|_| ())).collect();
        let path = output.path().join("pppppppppppppppp-1/metadata");
        (std::fs::read_to_string(path).unwrap(), declared)
    }

    #[test]
    fn of_many_classes_only_that_whose_record_comes_is_described() {
        let player = Player::new();
        for id in 0..10_000 {
            let at = player.add_class(&format!("class_{id}"), 20);
            number(&player.map, at, id);
        }
        let (metadata, declared) = declare(&player, [4321, 4321, 99_999].into_iter());
        assert!(matches!(declared[..], [Ok(()), Ok(()), Err(Undeclared::Undescribed)]));
        assert_eq!(metadata.matches("event {").count(), 1);
        assert!(metadata.contains("\"test:class_4321\"") && metadata.len() < 16 << 10);
    }

    #[test]
    fn the_metadata_of_a_process_have_a_budget() {
        let player = Player::new();
        let count = 1500;
        for id in 0..count {
            let at = player.add_class(&format!("class_{id}"), 1000);
            number(&player.map, at, id);
        }
        let (metadata, declared) = declare(&player, 0..count);
        let [Ok(()), .., Err(Undeclared::OverBudget)] = declared[..] else {
            panic!("{declared:?}")
        };
        assert!(metadata.len() as u64 <= METADATA_BYTES.of_process + (64 << 10));
    }
}
