//! A channel in the process: its ring files, and which threads have which of their streams.
//!
//! ```text
//!   Channel            RingFile (one memfd)                    claimed: one bit a stream
//!   files[0] --------> | stream 0 | stream 1 | ... | 63 |      1101 1...
//!   files[1] --------> | stream 0 | ...
//!   files[2]   none
//! ```
//!
//! A thread (or a CPU, see [`CpuStreams`]) claims the first stream that has no owner, which keeps the number of
//! streams at that of the threads alive at once; a stream goes on where its last owner left it, behind a note
//! that says who writes from here on. No lock: whoever finds no free stream makes a file and installs it by CAS; who
//! loses that race throws its file away and takes a stream of the winner's. Nothing here allocates.

use crate::channel_shape::ChannelShape;
use crate::cpu_streams::CpuStreams;
use crate::lockfree::Installed;
use crate::meeting_place::MeetingPlace;
use crate::orphans::Orphans;
use crate::process_file::ProcessFile;
use crate::ring_file::RingFile;
use rustix::io::{self, Errno};
use ust_core::abi::{MAX_RING_FILES, ShmFile, ShmPath};
use ust_core::shm::{named, private};
use ust_core::stream::Stream;
use ust_core::sync::Shared;

/// The most ring files of one channel.
const MAX_FILES: usize = MAX_RING_FILES as usize;

/// One channel of a session, as its process has it.
#[derive(Debug)]
pub struct Channel {
    /// What all its streams are like.
    pub shape: ChannelShape,
    files: [Installed<RingFile>; MAX_FILES],
    cpus: CpuStreams,
}

impl Channel {
    /// A channel without any ring yet, in pages of its own.
    ///
    /// # Errors
    /// No memory.
    #[allow(unsafe_code)]
    pub fn place(shape: ChannelShape) -> io::Result<&'static Self> {
        // SAFETY: zeroes are null pointers, and the shape is written.
        unsafe {
            private::place_with(|channel: *mut Self| (&raw mut (*channel).shape).write(shape))
        }
    }

    /// The streams by CPU: of a per-CPU channel.
    pub fn cpus(&self) -> &CpuStreams {
        &self.cpus
    }

    /// Makes sure that a CPU has a stream.
    ///
    /// # Errors
    /// As for [`claim`](Self::claim).
    pub fn claim_for_cpu(
        &self,
        process: &ProcessFile,
        place: &MeetingPlace,
        cpu: usize,
    ) -> io::Result<()> {
        if self.cpus.stream(cpu).is_some() {
            return Ok(());
        }
        let stream = self.claim(process, place, cpu as u32)?;
        if !self.cpus.set(cpu, stream) {
            // Another thread on the same CPU was first.
            self.release(stream);
        }
        Ok(())
    }

    /// Gives a stream back, if it is one of this channel's: its owner has ended.
    pub fn release(&self, stream: *const Stream<Shared>) -> bool {
        self.files().any(|file| file.release(stream))
    }

    /// Claims a stream for `owner` and notes in it whose it is now.
    ///
    /// # Errors
    /// No memory, no descriptor, or a file that the daemon does not have yet could not be sent; `USERS` if no
    /// stream that there may be can be had: they have owners, or are closed, or full.
    pub fn claim(
        &self,
        process: &ProcessFile,
        place: &MeetingPlace,
        owner: u32,
    ) -> io::Result<&'static Stream<Shared>> {
        let mut shortage = None;
        for (index, slot) in self.files.iter().enumerate() {
            if slot.file().is_none() && shortage.is_some() {
                // A new file would want more of what there is none of.
                break;
            }
            let make = || self.make_file(index as u32, process.uid);
            let file = slot.file_or_make(make, |own| self.throw_away(own))?;
            // Nobody would ever read what is written into a file that the daemon does not have.
            match slot.ensure_sent(|| place.send_ring(file, process)) {
                Ok(()) => {}
                // The program has closed its descriptor: it never can be.
                Err(Errno::BADF) => continue,
                Err(reason) => return Err(reason),
            }
            match file.claim(owner) {
                Ok(Some(stream)) => return Ok(stream),
                Ok(None) => {}
                Err(reason) => shortage = Some(reason),
            }
        }
        Err(shortage.unwrap_or(Errno::USERS))
    }

    fn make_file(&self, index: u32, process_uid: [u8; 16]) -> io::Result<&'static RingFile> {
        let file = RingFile::create(self.shape, process_uid, index)?;
        let name = file.name(self.shape);
        private::place(file).inspect_err(|_| remove(name))
    }

    /// Throws a file away that nobody has seen.
    #[allow(unsafe_code)]
    fn throw_away(&self, file: &'static RingFile) {
        remove(file.name(self.shape));
        // SAFETY: nobody has seen it.
        unsafe { private::free(file) };
    }

    /// The files there are.
    pub fn files(&self) -> impl Iterator<Item = &'static RingFile> {
        self.files.iter().map_while(Installed::file)
    }

    /// Gives all memory back. Called by the agent, whose descriptor table is not the program's.
    ///
    /// # Safety
    /// No thread is in, or can come to, any of the channel's streams.
    #[allow(unsafe_code)]
    pub unsafe fn free_files(&self, orphans: &Orphans) {
        for file in self.files.iter().filter_map(Installed::take) {
            file.leave_to_program(orphans);
            // SAFETY: the caller's promise.
            unsafe { private::free(file) };
        }
    }
}

/// Removes a file's name: one that stayed would be in the way of the next try.
fn remove(name: Option<(ShmPath, ShmFile)>) {
    name.iter().for_each(|(dir, name)| named::remove(*dir, name.file_name()));
}
