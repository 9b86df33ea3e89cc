//! A stream in a memory file of its own, without a traced process and its agent around it.
//!
//! ```text
//!   StreamFile::create --> memfd --> StreamFile::open, in another process perhaps
//!     .writer()   the shipped writer
//!     .words()    what the shipped reader reads, which StreamReader does as the consumer does
//! ```
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ust_core::abi::{Geometry, Mode, StreamControl};
use ust_core::clock::ClockKind;
use ust_core::shm::{Mapping, StreamWords, memfd};
use ust_core::stream::Stream;
use ust_core::sync::{Local, Rmw};

/// See the module page.
#[derive(Debug)]
pub struct StreamFile {
    fd: OwnedFd,
    map: Mapping,
    geometry: Geometry,
}

impl StreamFile {
    /// An empty stream.
    ///
    /// # Errors
    /// The kernel gives no memory.
    pub fn create(geometry: Geometry) -> io::Result<Self> {
        let file = Self::open(memfd::create(c"ust-test", geometry.stream_bytes())?, geometry)?;
        file.control().initialise(geometry);
        Ok(file)
    }

    /// One that was created with this geometry.
    ///
    /// # Errors
    /// There is no address space left.
    pub fn open(fd: OwnedFd, geometry: Geometry) -> io::Result<Self> {
        let map = Mapping::new(&fd, geometry.stream_bytes())?;
        Ok(Self { fd, map, geometry })
    }

    /// The file.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Its geometry.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Its bytes: a control page, and the memories.
    pub fn map(&self) -> &Mapping {
        &self.map
    }

    /// Its control page.
    pub fn control(&self) -> &StreamControl<Local> {
        self.map.at(0).expect("a stream has a control page")
    }

    /// Its words, in the types of one of the two sides.
    ///
    /// # Safety
    /// The file outlives them.
    pub unsafe fn words<K: 'static>(&self, mode: Mode) -> StreamWords<K> {
        // SAFETY: the mapping is as long as the geometry says, and lives as long as the caller promises.
        unsafe { StreamWords::new(self.map.base(), self.geometry, mode) }
    }

    /// A writing end.
    ///
    /// # Safety
    /// The file outlives it.
    pub unsafe fn writer<K: Rmw>(&self, mode: Mode, clock: ClockKind) -> Stream<K> {
        // SAFETY: as for `words`.
        unsafe { Stream::new(self.map.base(), self.geometry, mode, clock) }
    }
}
