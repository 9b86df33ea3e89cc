//! A channel in the process: its ring files, and which threads own which of their streams.
//!
//! ```text
//!   Channel            RingFile (one memfd)                    claimed: one bit a stream
//!   files[0] --------> | stream 0 | stream 1 | ... | 63 |      1101 1...
//!   files[1] --------> | stream 0 | ...
//!   files[2]   none
//! ```
//!
//! A thread (or a CPU, see [`CpuStreams`]) claims the first stream without an owner. So there are as many streams as
//! threads were alive at once. A stream goes on where its last owner left it, after a note that names the new owner.
//! No lock: a thread that finds no free stream makes a file and installs it by CAS. A thread that loses this race
//! throws its file away and takes a stream of the winner's file. Nothing here allocates.

use crate::channel_shape::ChannelShape;
use crate::cpu_streams::{CpuStreams, Way};
use crate::lockfree::Installed;
use crate::meeting_place::MeetingPlace;
use crate::orphans::Orphans;
use crate::process_file::ProcessFile;
use crate::ring_file::RingFile;
use rustix::io::{self, Errno};
use ust_core::abi::{MAX_RING_FILES, ShmFile, ShmPath};
use ust_core::cpu;
use ust_core::shm::{named, private};
use ust_core::stream::Stream;
use ust_core::sync::Shared;

/// The most ring files of one channel.
const MAX_FILES: usize = MAX_RING_FILES as usize;

/// One channel of a session, in the traced process.
#[derive(Debug)]
#[repr(C)]
pub struct Channel {
    // First, so that its first entries do not lie where a page begins: see `private`.
    cpus: CpuStreams,
    /// What all its streams have in common.
    pub shape: ChannelShape,
    files: [Installed<RingFile>; MAX_FILES],
}

impl Channel {
    /// Makes a channel without any ring yet, in pages of its own.
    ///
    /// # Errors
    /// No memory.
    #[allow(unsafe_code)]
    pub fn place(shape: ChannelShape) -> io::Result<&'static Self> {
        // SAFETY: all zeroes are valid null pointers, and the shape is written.
        unsafe {
            private::place_with(|channel: *mut Self| {
                (&raw mut (*channel).shape).write(shape);
                CpuStreams::begin(&raw mut (*channel).cpus, shape.clock);
            })
        }
    }

    /// The streams by CPU, if the channel is per-CPU.
    pub fn cpus(&self) -> &CpuStreams {
        &self.cpus
    }

    /// Makes sure that there is a stream for events that come this way from the CPU where the thread runs.
    ///
    /// # Errors
    /// As for [`claim`](Self::claim).
    #[allow(unsafe_code)]
    pub fn claim_for_cpu(
        &self,
        process: &ProcessFile,
        place: &MeetingPlace,
        way: Way,
    ) -> io::Result<()> {
        // The caller may not have known that this channel is not written in sequences.
        let way = if self.cpus.area() == 0 { Way::Shared } else { way };
        let (cpu, is_there) = match way {
            Way::Sequenced(cpu) => (cpu, self.cpus.has_sequenced(cpu)),
            Way::Shared => {
                let cpu = cpu::current();
                (cpu as u32, self.cpus.shared(cpu).is_some())
            }
        };
        if is_there {
            return Ok(());
        }
        let stream = self.claim(process, place, cpu)?;
        stream.tell_way(matches!(way, Way::Sequenced(_)));
        let is_set = match way {
            Way::Sequenced(_) => {
                // SAFETY: claimed for this CPU, and whoever finds it in that table writes in sequences.
                let stream = unsafe { stream.of_one_cpu(cpu, self.cpus.area()) };
                self.cpus.set_sequenced(cpu, stream)
            }
            Way::Shared => self.cpus.set_shared(cpu as usize, stream),
        };
        if !is_set {
            // Another thread on the same CPU was first.
            self.release(stream);
        }
        Ok(())
    }

    /// Gives a stream back, because its owner has ended. Returns whether it is one of this channel's.
    pub fn release(&self, stream: *const Stream<Shared>) -> bool {
        self.files().any(|file| file.release(stream))
    }

    /// Claims a stream for `owner`, and notes the new owner in it.
    ///
    /// # Errors
    /// No memory; no descriptor; or a file that the consumer does not have yet could not be sent. `USERS` if every
    /// stream that the channel may have is owned, closed or full.
    pub fn claim(
        &self,
        process: &ProcessFile,
        place: &MeetingPlace,
        owner: u32,
    ) -> io::Result<&'static Stream<Shared>> {
        let mut shortage = None;
        for (index, slot) in self.files.iter().enumerate() {
            if slot.file().is_none() && shortage.is_some() {
                // A new file would need more of the resource that is short.
                break;
            }
            let make = || self.make_file(index as u32, process.uid);
            let file = slot.file_or_make(make, |own| self.throw_away(own))?;
            // Never write into a file that the consumer does not have: nobody would read it.
            match slot.ensure_sent(|| place.send_ring(file, process)) {
                Ok(()) => {}
                // The program has closed its descriptor, so it can never be sent.
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

    /// Throws away a file that nobody else has seen.
    #[allow(unsafe_code)]
    fn throw_away(&self, file: &'static RingFile) {
        remove(file.name(self.shape));
        // SAFETY: nobody else has seen it.
        unsafe { private::free(file) };
    }

    /// The ring files that exist.
    pub fn files(&self) -> impl Iterator<Item = &'static RingFile> {
        self.files.iter().map_while(Installed::file)
    }

    /// Frees all memory. Called by the agent, whose descriptor table is not the program's.
    ///
    /// # Safety
    /// No thread is in any of the channel's streams, and none can reach one.
    #[allow(unsafe_code)]
    pub unsafe fn free_files(&self, orphans: &Orphans) {
        for file in self.files.iter().filter_map(Installed::take) {
            file.leave_to_program(orphans);
            // SAFETY: the caller's promise.
            unsafe { private::free(file) };
        }
    }
}

/// Removes a file's name, which would block the next try.
fn remove(name: Option<(ShmPath, ShmFile)>) {
    name.iter().for_each(|(dir, name)| named::remove(*dir, name.file_name()));
}
