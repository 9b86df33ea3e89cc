//! A ring file in the process: the memfd (or a file with a name, if it is to outlive both sides), its mapping, and the
//! owners of its streams.
#![allow(unsafe_code)]

use crate::channel_shape::ChannelShape;
use crate::lockfree::Claims;
use crate::orphans::Orphans;
use core::mem::ManuallyDrop;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::{self, Errno};
use ust_core::abi::{
    LossCause, MAX_STREAMS_PER_FILE, Residency, RingFileHeader, RingFileShape, ShmFile, ShmPath,
    StreamControl, StreamState,
};
use ust_core::ring::{Refusal, RingMemory};
use ust_core::shm::out_of_the_way::out_of_the_way;
use ust_core::shm::{Mapping, memfd, named, private};
use ust_core::stream::Stream;
use ust_core::sync::{Ordering, Shared};

/// One file of streams.
#[derive(Debug)]
pub struct RingFile {
    /// Number among the channel's files.
    pub index: u32,
    /// The channel that it belongs to.
    pub channel_uid: u64,
    process_uid: [u8; 16],
    shape: RingFileShape,
    residency: Residency,
    map: Mapping,
    fd: ManuallyDrop<OwnedFd>,
    identity: (u64, u64),
    /// The thread that made it, if the file has a name.
    named_by: Option<u32>,
    /// Which streams are owned, and which are ready. Only a ready stream has memory: the others are holes of the file,
    /// where even a load is a SIGBUS if no memory is left.
    claims: Claims,
    /// In pages of their own. Entries beyond the file's number of streams are never used.
    streams: &'static StreamTable,
}

const _: () = assert!(MAX_STREAMS_PER_FILE <= u64::BITS);

type StreamTable = [Stream<Shared>; MAX_STREAMS_PER_FILE as usize];

impl RingFile {
    /// Creates and maps a file.
    ///
    /// # Errors
    /// The kernel gives no descriptor or no memory.
    pub fn create(channel: ChannelShape, process_uid: [u8; 16], index: u32) -> io::Result<Self> {
        // `None`: more than this process has addresses for.
        let shape = RingFileShape::of(channel.geometry).ok_or(Errno::NOMEM)?;
        let shape = shape.within(memfd::size_limit_bytes()).ok_or(Errno::FBIG)?;
        let Some(dir) = channel.shm_path else {
            let fd = out_of_the_way(memfd::create(c"ust-ring", shape.file_bytes())?);
            return Self::over(fd, None, shape, channel, process_uid, index);
        };
        let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
        let name = dir.ring_file(process_uid, channel.uid, index, tid);
        let dir = named::open_directory(dir)?;
        let fd = out_of_the_way(named::create(&dir, name.file_name(), shape.file_bytes())?);
        Self::over(fd, Some(tid), shape, channel, process_uid, index)
            .inspect_err(|_| dir.remove(name.file_name()))
    }

    fn over(
        fd: OwnedFd,
        named_by: Option<u32>,
        shape: RingFileShape,
        channel: ChannelShape,
        process_uid: [u8; 16],
        index: u32,
    ) -> io::Result<Self> {
        let identity = memfd::identity(&fd)?;
        let map = Mapping::new(&fd, shape.file_bytes())?;
        map.populate(0, ust_core::abi::PAGE_BYTES)?;
        let ChannelShape { geometry, buffers, mode, .. } = channel;
        let mut header =
            RingFileHeader::new(geometry, buffers, mode, process_uid, channel.uid, index);
        header.stream_count = shape.stream_count;
        map.initialise(0, header).ok_or(Errno::INVAL)?;
        let write_streams = |table: *mut StreamTable| {
            for number in 0..shape.stream_count {
                let base = map.base().wrapping_add(shape.stream_offset(number));
                // SAFETY: the file has that many streams, and so has the table. The mapping lives as long as the table:
                // both end with this struct.
                unsafe {
                    let stream = Stream::new(base, shape.geometry, mode, channel.clock);
                    table.cast::<Stream<Shared>>().add(number as usize).write(stream);
                }
            }
        };
        // SAFETY: unused entries stay zero, which is a valid stream without words: a null pointer, numbers, and the
        // first mode and clock.
        let streams = unsafe { private::place_with(write_streams) }?;
        Ok(Self {
            index,
            channel_uid: channel.uid,
            shape,
            residency: channel.residency,
            map,
            fd: ManuallyDrop::new(fd),
            identity,
            named_by,
            process_uid,
            claims: Claims::default(),
            streams,
        })
    }

    fn streams(&self) -> &'static [Stream<Shared>] {
        &self.streams[..self.shape.stream_count as usize]
    }

    /// Claims a stream without an owner for thread or CPU `owner`, preferably one that has had owners. `None`: each is
    /// owned or closed, or has no room for another owner's note.
    ///
    /// # Errors
    /// There is no memory to make one more ready, or for a sub-buffer of those that are.
    pub fn claim(&'static self, owner: u32) -> io::Result<Option<&'static Stream<Shared>>> {
        let mut shortage = None;
        for is_ready in [true, false] {
            for (index, stream) in self.streams().iter().enumerate() {
                let make_ready = || self.make_ready(index as u32, stream);
                if self.claims.is_ready(index) != is_ready
                    || !self.claims.claim(index, make_ready)?
                {
                    continue;
                }
                match self.begin_ownership(index as u32, stream, owner) {
                    Ok(()) => return Ok(Some(stream)),
                    // Retired while it had no owner: it stays claimed, so it never gets an owner again. (A note's writer is
                    // bound to no CPU.)
                    Err(Refusal::Closed | Refusal::Moved) => {}
                    Err(Refusal::Lost(cause)) => {
                        self.claims.release(index);
                        if cause == LossCause::Memory {
                            shortage = Some(stream.words().memory_shortage());
                            if !is_ready {
                                // The remaining streams are as new as this one.
                                return shortage.map_or(Ok(None), Err);
                            }
                        }
                    }
                }
            }
        }
        shortage.map_or(Ok(None), Err)
    }

    /// Makes a stream ready for its first owner.
    fn make_ready(&self, index: u32, stream: &Stream<Shared>) -> io::Result<()> {
        self.make_resident(index, stream)?;
        let control = stream.words().control();
        control.initialise(self.shape.geometry);
        // A file without a name does not outlive the machine, and needs no checksums.
        control.has_checksums.store(self.named_by.is_some().into(), Ordering::Relaxed);
        Ok(())
    }

    fn begin_ownership(
        &self,
        index: u32,
        stream: &Stream<Shared>,
        owner: u32,
    ) -> Result<(), Refusal> {
        stream.record_owner(owner)?;
        // Relaxed: only for a reader that has the file but not its process.
        stream.words().control().state.store(StreamState::Live as u32, Ordering::Relaxed);
        if let Some(header) = self.header() {
            header.add_claimed(index);
        }
        Ok(())
    }

    /// Makes a stream's memory resident, as far as the channel wants it before the first record.
    fn make_resident(&self, index: u32, stream: &Stream<Shared>) -> io::Result<()> {
        let start = self.shape.stream_offset(index);
        let bytes = match self.residency {
            Residency::OnEntry => size_of::<StreamControl<Shared>>(),
            Residency::Prefault | Residency::Lock => self.shape.geometry.stream_bytes(),
        };
        self.map.populate(start, bytes)?;
        if self.residency != Residency::OnEntry {
            stream.set_resident();
        }
        if self.residency == Residency::Lock {
            // SAFETY: a range of our own mapping.
            let failed = unsafe { libc::mlock(self.map.base().add(start).cast(), bytes) } != 0;
            if failed && let Some(header) = self.header() {
                // Recording goes on, unlocked; the consumer reports it.
                // SAFETY: this thread's `errno`.
                let errno = unsafe { *libc::__errno_location() };
                header.lock_errno.store(errno as u32, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn header(&self) -> Option<&RingFileHeader> {
        self.map.at(0)
    }

    /// Gives a stream back, because its owner has ended. Returns whether it is one of this file's.
    pub fn release(&self, stream: *const Stream<Shared>) -> bool {
        let is_it = |other: &Stream<Shared>| core::ptr::eq(other, stream);
        let Some(index) = self.streams().iter().position(is_it) else { return false };
        let control = self.streams()[index].words().control();
        control.state.store(StreamState::Ended as u32, Ordering::Relaxed);
        self.claims.release(index);
        true
    }

    /// The descriptor, if it still is this file's: the program may have closed it and opened something else under its
    /// number.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        (memfd::identity(&*self.fd) == Ok(self.identity)).then(|| self.fd.as_fd())
    }

    /// In a forked child: puts private pages where the parent's streams are mapped, and closes the descriptor. A
    /// handler that forked in the middle of a record still has an address in there.
    pub fn abandon(&self) {
        // SAFETY: the mapping is of the parent's file, and from here on the child uses streams of its own.
        unsafe { private::replace(self.map.base(), self.map.len()) };
        self.close();
    }

    /// Its directory and name, if it has a name. Used to remove the file before anybody has seen it.
    pub fn name(&self, channel: ChannelShape) -> Option<(ShmPath, ShmFile)> {
        let (dir, tid) = channel.shm_path.zip(self.named_by)?;
        Some((dir, dir.ring_file(self.process_uid, self.channel_uid, self.index, tid)))
    }

    /// Called by the agent: frees the memory now, and leaves the descriptor to the program's threads.
    ///
    /// Keeps the memory of a file with a name: the consumer may have died, and somebody may want to recover the file.
    pub fn leave_to_program(&self, orphans: &Orphans) {
        if self.named_by.is_none() {
            self.map.discard();
        }
        orphans.leave(self.fd.as_raw_fd(), self.identity);
    }

    fn close(&self) {
        if let Some(fd) = self.descriptor() {
            // SAFETY: still our own descriptor. It is not used again: its identity no longer matches.
            unsafe { memfd::close(fd.as_raw_fd()) };
        }
    }
}

impl Drop for RingFile {
    fn drop(&mut self) {
        self.close();
        // SAFETY: a file is dropped only when nobody uses its streams.
        unsafe { private::free(self.streams) };
    }
}
