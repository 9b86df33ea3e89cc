//! Why a trace cannot be read.

use std::io;
use std::path::PathBuf;

use super::decode::DecodeError;
use crate::json::JsonError;
use crate::printable;
use crate::tsdl::TsdlError;

/// Why a trace, or a part of one, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file or directory could not be read.
    #[error("{}: {source}", printable::path(path))]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no metadata anywhere in the directory.
    #[error("{}: no trace here", printable::path(.0))]
    NoTrace(PathBuf),
    /// The writer of the trace put no checksum into its packets, or did so on a machine of the other byte order. So it
    /// cannot be known here which packets are whole.
    #[error("{}: its packets have no checksums of this machine's kind, so it is not known which are whole", printable::path(.0))]
    NoChecksums(PathBuf),
    /// A trace's metadata is wrong, so nothing of that trace is read; or an event class's declaration is damaged, and
    /// events of that class are not read.
    #[error("{}: {source}", printable::path(path))]
    Metadata {
        /// The trace's directory.
        path: PathBuf,
        /// What is wrong.
        source: TsdlError,
    },
    /// The same of a trace whose metadata is in the language of CTF 2.
    #[error("{}: {source}", printable::path(path))]
    JsonMetadata {
        /// The trace's directory.
        path: PathBuf,
        /// What is wrong.
        source: JsonError,
    },
    /// A stream file is wrong. Events before the place were read, and so were those in later packets, if it is known
    /// where these begin.
    #[error("{}, byte {offset_bytes}: {}", printable::path(path), printable::printable(message))]
    Stream {
        /// The stream file.
        path: PathBuf,
        /// The place in it.
        offset_bytes: u64,
        /// What is wrong.
        message: String,
    },
}

/// Why there is no packet, or no record, at a place.
pub(super) enum PacketError {
    Io(io::Error),
    Decode(DecodeError),
}

impl From<io::Error> for PacketError {
    fn from(error: io::Error) -> PacketError {
        PacketError::Io(error)
    }
}

impl From<DecodeError> for PacketError {
    fn from(error: DecodeError) -> PacketError {
        PacketError::Decode(error)
    }
}
