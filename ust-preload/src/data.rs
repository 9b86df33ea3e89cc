//! The first bytes of what a call has read or written, in an event of their own behind the call's.
//!
//! ```text
//!   writev(1, [ "con" | "tents\n" ], 2) = 9             --data-prefix 5
//!
//!   libc_io:writev       { fd = 1, ..., result = 9, ... }
//!   libc_io_data:written { fd = 1, bytes = 9, data = c o n t e }
//! ```
//!
//! An event of its own, so that a call whose data nobody asked for has a record as before, and so that data is never recorded
//! unless somebody asked for it by its option: it may be a password.
//!
//! Only what the call says it has moved is read, and only if it is there: `/dev/null` takes bytes without looking at them.
//! That costs a system call for each page.
#![allow(unsafe_code)]

use crate::argument::{Address, Fd, HexByte};
use crate::options::options;
use crate::readable::Reader;
use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::{ptr, slice};
use libc::{iovec, mmsghdr, msghdr};
use ust_core::wire::{Field, FieldType};

/// The most pieces of memory that a prefix is put together from.
const MAX_PIECES: usize = 16;

mod event {
    use super::{Prefix, c_int};
    use ust::tracepoint;

    #[tracepoint(provider = "libc_io_data", level = Debug)]
    pub fn read(fd: c_int, bytes: u64, data: Prefix);
    #[tracepoint(provider = "libc_io_data", level = Debug)]
    pub fn written(fd: c_int, bytes: u64, data: Prefix);
}

/// What a row of `calls!` may name.
macro_rules! directions {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        pub mod $name {
            use super::{Fd, Memory, Prefix, event};

            /// Whether somebody records them.
            #[inline(always)]
            pub fn is_on() -> bool {
                event::$name::enabled()
            }

            /// Behind a call that returned `result`.
            pub fn record(fd: Fd, memory: impl Memory, result: impl TryInto<usize>) {
                if let Some((bytes, data)) = Prefix::of(memory, result) {
                    event::$name(fd.0, bytes, data);
                }
            }
        }
    )*};
}

directions! {
    /// Bytes that came from a descriptor.
    read
    /// Bytes that went to a descriptor.
    written
}

/// Memory that a call moves bytes from or to.
pub trait Memory {
    /// Puts what a call moved into the prefix, and returns how many bytes that was in all.
    ///
    /// # Safety
    /// It is what the call was given, and `result`, more than 0, what it returned.
    unsafe fn moved(self, result: usize, prefix: &mut Prefix) -> usize;
}

/// Bytes in a row, and how many there is room for. The result is a number of bytes.
pub struct Buffer(pub Address, pub usize);

impl Memory for Buffer {
    unsafe fn moved(self, result: usize, prefix: &mut Prefix) -> usize {
        prefix.add(self.0, result.min(self.1));
        result
    }
}

/// Items in a row, and the size of each. The result is a number of items.
pub struct Items(pub Address, pub usize);

impl Memory for Items {
    unsafe fn moved(self, result: usize, prefix: &mut Prefix) -> usize {
        let bytes = result.saturating_mul(self.1);
        prefix.add(self.0, bytes);
        bytes
    }
}

/// An array of `struct iovec`, and how many there are.
pub struct Vectors(pub Address, pub c_int);

impl Memory for Vectors {
    unsafe fn moved(self, result: usize, prefix: &mut Prefix) -> usize {
        let Ok(count) = usize::try_from(self.1) else { return 0 };
        // SAFETY: the kernel has read them all.
        unsafe { prefix.add_all(self.0.cast(), count, result) };
        result
    }
}

/// A `struct msghdr`.
pub struct Message(pub Address);

impl Memory for Message {
    unsafe fn moved(self, result: usize, prefix: &mut Prefix) -> usize {
        // SAFETY: the kernel has read it, and all that it leads to.
        unsafe { prefix.add_message(&*self.0.cast::<msghdr>(), result) };
        result
    }
}

/// An array of `struct mmsghdr`. The result is the number of messages.
pub struct Messages(pub Address);

impl Memory for Messages {
    unsafe fn moved(self, result: usize, prefix: &mut Prefix) -> usize {
        // SAFETY: the kernel has read so many, and written how long each was.
        let messages = unsafe { slice::from_raw_parts(self.0.cast::<mmsghdr>(), result) };
        messages.iter().fold(0, |sum, message| {
            let bytes = message.msg_len as usize;
            // SAFETY: as above.
            unsafe { prefix.add_message(&message.msg_hdr, bytes) };
            sum.saturating_add(bytes)
        })
    }
}

/// Memory that may have been left as it was.
impl<M: Memory> Memory for Option<M> {
    unsafe fn moved(self, result: usize, prefix: &mut Prefix) -> usize {
        // SAFETY: the caller's promise.
        self.map_or(0, |memory| unsafe { memory.moved(result, prefix) })
    }
}

/// Where the first bytes lie.
#[derive(Clone, Copy)]
pub struct Prefix {
    pieces: [MaybeUninit<iovec>; MAX_PIECES],
    count: usize,
    /// So many more bytes are wanted.
    wanted: usize,
}

impl Prefix {
    /// The first bytes of what a call has moved, and how many it was in all. `None` if it was nothing, or nobody wants any.
    fn of(memory: impl Memory, result: impl TryInto<usize>) -> Option<(u64, Self)> {
        let result = result.try_into().ok().filter(|result| *result > 0)?;
        let wanted = options().data_prefix_bytes as usize;
        if wanted == 0 || ust::inside::is_inside() {
            return None;
        }
        let mut prefix = Self { pieces: [MaybeUninit::uninit(); MAX_PIECES], count: 0, wanted };
        // SAFETY: the row says what the call was given.
        let bytes = unsafe { memory.moved(result, &mut prefix) };
        (bytes > 0).then_some((bytes as u64, prefix))
    }

    /// Bytes that follow. None follow those that cannot be read.
    fn add(&mut self, start: Address, bytes: usize) {
        let bytes = bytes.min(self.wanted);
        if bytes == 0 || self.count == MAX_PIECES {
            return;
        }
        if !Reader::new().can_read(start, bytes) {
            self.wanted = 0;
            return;
        }
        self.pieces[self.count].write(iovec { iov_base: start.cast_mut(), iov_len: bytes });
        self.count += 1;
        self.wanted -= bytes;
    }

    /// So many bytes, in the order of these vectors.
    ///
    /// # Safety
    /// There are so many.
    unsafe fn add_all(&mut self, vectors: *const iovec, count: usize, mut bytes: usize) {
        for index in 0..count {
            if bytes == 0 || self.wanted == 0 {
                return;
            }
            // SAFETY: the caller's promise. Any of the program's threads may write it, so it is copied.
            let vector = unsafe { vectors.add(index).read() };
            let moved = vector.iov_len.min(bytes);
            self.add(vector.iov_base, moved);
            bytes -= moved;
        }
    }

    /// So many bytes of a message.
    ///
    /// # Safety
    /// The kernel has read it.
    unsafe fn add_message(&mut self, message: &msghdr, bytes: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.add_all(message.msg_iov, message.msg_iovlen, bytes) }
    }

    fn pieces(&self) -> impl Iterator<Item = (*const u8, usize)> {
        // SAFETY: so many have been written.
        let pieces = self.pieces[..self.count].iter().map(|piece| unsafe { piece.assume_init() });
        pieces.map(|piece| (piece.iov_base.cast_const().cast(), piece.iov_len))
    }

    fn bytes(&self) -> usize {
        self.pieces().map(|(_, bytes)| bytes).sum()
    }
}

// SAFETY: a sequence of bytes: their number, which does not change, and as many.
unsafe impl Field for Prefix {
    const TYPE: &'static FieldType = <&[HexByte]>::TYPE;
    const FIXED_SIZE_BYTES: Option<usize> = None;

    fn size_bytes(&self) -> usize {
        size_of::<u32>() + self.bytes()
    }

    fn is_short(&self) -> bool {
        false
    }

    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        // SAFETY: the caller lends room for the number and all bytes.
        unsafe {
            let dst = (self.bytes() as u32).encode(dst);
            self.pieces().fold(dst, |dst, (start, bytes)| {
                ptr::copy_nonoverlapping(start, dst, bytes);
                dst.add(bytes)
            })
        }
    }
}
