//! A ring file in the process: the memfd, its mapping, and who has which stream of it.
#![allow(unsafe_code)]

use super::ChannelShape;
use crate::abi::{MAX_STREAMS_PER_FILE, RingFileHeader, RingFileShape, StreamControl, StreamState};
use crate::ring::RingMemory;
use crate::shm::{Mapping, memfd, private};
use crate::stream::Stream;
use crate::sync::{AtomicBool, AtomicU64, Local, Ordering};
use core::mem::ManuallyDrop;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// One memfd of streams.
#[derive(Debug)]
pub struct RingFile {
    /// Number among the channel's files.
    pub index: u32,
    /// The channel that it belongs to.
    pub channel_uid: u64,
    shape: RingFileShape,
    map: Mapping,
    fd: ManuallyDrop<OwnedFd>,
    identity: (u64, u64),
    /// One bit a stream: it has an owner.
    claimed: AtomicU64,
    /// The daemon has been sent it.
    is_sent: AtomicBool,
    /// In pages of their own; those beyond the file's number stand for nothing.
    streams: &'static StreamTable,
}

type StreamTable = [Stream; MAX_STREAMS_PER_FILE as usize];

impl RingFile {
    /// Creates and maps a file. `None` if the kernel gives no descriptor or no memory.
    pub fn create(channel: ChannelShape, process_uid: [u8; 16], index: u32) -> Option<Self> {
        let shape = RingFileShape::of(channel.geometry);
        let fd = memfd::create(c"ust-ring", shape.file_bytes()).ok()?;
        let identity = memfd::identity(&fd).ok()?;
        let map = Mapping::new(&fd, shape.file_bytes()).ok()?;
        if !map.populate(0, crate::abi::PAGE_BYTES) {
            return None;
        }
        map.initialise(0, RingFileHeader::new(channel.geometry, process_uid, channel.uid, index))?;
        let write_streams = |table: *mut StreamTable| {
            for number in 0..shape.stream_count {
                let base = map.base().wrapping_add(shape.stream_offset(number));
                // SAFETY: the file has that many streams, and so has the table; the mapping stays as long as
                // the table: both end with this struct.
                unsafe {
                    let stream = Stream::new(base, shape.geometry, channel.clock);
                    table.cast::<Stream>().add(number as usize).write(stream);
                }
            }
            Some(())
        };
        // SAFETY: zeroes, which the others stay, are a stream without words: a null pointer, two numbers, and
        // the first of the clocks.
        let streams = unsafe { private::place_with(write_streams) }?;
        Some(Self {
            index,
            channel_uid: channel.uid,
            shape,
            map,
            fd: ManuallyDrop::new(fd),
            identity,
            claimed: AtomicU64::new(0),
            is_sent: AtomicBool::new(false),
            streams,
        })
    }

    fn streams(&self) -> &'static [Stream] {
        &self.streams[..self.shape.stream_count as usize]
    }

    /// Claims a stream that has no owner, for thread `tid`.
    pub fn claim(&'static self, tid: u32) -> Option<&'static Stream> {
        for (index, stream) in self.streams().iter().enumerate() {
            let bit = 1 << index;
            // Relaxed look before the locked one.
            if self.claimed.load(Ordering::Relaxed) & bit != 0 {
                continue;
            }
            // Acquire: pairs with `release`; what the last owner wrote comes before what the next does.
            if self.claimed.fetch_or(bit, Ordering::Acquire) & bit != 0 {
                continue;
            }
            if self.begin_ownership(index as u32, stream, tid) {
                return Some(stream);
            }
            self.claimed.fetch_and(!bit, Ordering::Release);
        }
        None
    }

    fn begin_ownership(&self, index: u32, stream: &Stream, tid: u32) -> bool {
        let control = stream.words().control();
        let header_bytes = size_of::<StreamControl<Local>>();
        if control.state.load(Ordering::Relaxed) == StreamState::Free as u32 {
            if !self.map.populate(self.shape.stream_offset(index), header_bytes) {
                return false;
            }
            control.initialise(self.shape.geometry);
        }
        if !stream.has_room() || stream.record_owner(tid).is_err() {
            return false;
        }
        control.owner_tid.store(tid, Ordering::Relaxed);
        control.state.store(StreamState::Live as u32, Ordering::Release);
        if let Some(header) = self.map.at::<RingFileHeader>(0) {
            // Release: the reader, which acquires it, sees the streams initialised.
            header.streams_claimed.fetch_max(index + 1, Ordering::Release);
        }
        true
    }

    /// Gives a stream back, if it is one of this file's: its owner has ended.
    pub fn release(&self, stream: &'static Stream) -> bool {
        let is_it = |other: &Stream| core::ptr::eq(other, stream);
        let Some(index) = self.streams().iter().position(is_it) else { return false };
        stream.words().control().state.store(StreamState::Ended as u32, Ordering::Release);
        // Release: pairs with `claim`'s acquire.
        self.claimed.fetch_and(!(1 << index), Ordering::Release);
        true
    }

    /// The descriptor, if it still is this file's: the program may have closed it, and have opened
    /// something else under its number.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        (memfd::identity(&*self.fd) == Ok(self.identity)).then(|| self.fd.as_fd())
    }

    /// Whether the daemon has been sent it.
    pub fn is_sent(&self) -> bool {
        self.is_sent.load(Ordering::Acquire)
    }

    /// Notes that the daemon has been sent it. Sent twice is no harm, so nobody waits for anybody.
    pub fn set_sent(&self) {
        self.is_sent.store(true, Ordering::Release);
    }

    /// Forked child: puts private pages where the parent's streams are mapped, and closes the descriptor.
    /// A handler that forked in the middle of a record still has an address in there.
    pub fn abandon(&self) {
        // SAFETY: the mapping is the parent's file; the child has streams of its own from here on.
        unsafe { private::replace(self.map.base(), self.map.len()) };
        self.close();
    }

    /// Agent: gives the memory back now, and leaves the descriptor to the program's threads.
    pub fn leave_to_program(&self) {
        self.map.discard();
        super::orphans::leave(self.fd.as_raw_fd(), self.identity);
    }

    fn close(&self) {
        if let Some(fd) = self.descriptor() {
            // SAFETY: it still is our own descriptor; it is not used again, since its identity is gone.
            unsafe { libc::close(fd.as_raw_fd()) };
        }
    }
}

impl Drop for RingFile {
    fn drop(&mut self) {
        self.close();
        // SAFETY: whoever drops the file knows that nobody uses its streams.
        unsafe { private::free(self.streams) };
    }
}
