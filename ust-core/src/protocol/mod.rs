//! What traced processes and the consumer say to each other.
//!
//! ```text
//!   process                                                consumer
//!   constructor, fork     Introduction + process file ---->       on a connection of its own
//!   agent connects        Hello (+ process file) --------->
//!                         <---------- Welcome + doorbell, Rules
//!   agent                 Apart{from}           ---------->       if the program holds a copy that this copy cannot join
//!   agent                 Applied{generation}   ---------->       each time it has been given Rules
//!
//!   any thread's first    Handover + ring file (+ process file) ->   on a connection of its own,
//!   event in a new file                                              closed at once
//!   a panic               SnapshotWanted -------------------->       on a connection of its own,
//!                         <------------------------------ closed     once it has been taken
//!   constructor, agent    Lacking{what, errno}  ------------->       on a connection of its own, no descriptor
//! ```
//!
//! The sockets carry sequenced packets: one send is one message, from any thread, and descriptors travel with it. A
//! message is [`PREAMBLE`], the sender's minor version, and a postcard value. A message that does not parse ends the
//! connection, unless its minor version is later than the receiver's: then the receiver ignores it. The rules are also
//! in a file, in the same form, which a process reads before `main`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `messages` | the messages of each side |
//! | `rules` | what to record |
//! | `event_rule` | which events a rule names |
//! | `glob` | the globs of the rules |
//! | `class_body` | an event class, as the class log has it |
//! | `type_list` | the types of its fields, as a flat list |
//! | `codec` | values as bytes: postcard's format |
//! | `coded` | structures and enumerations as bytes |
//! | `shared_types` | types of other modules as bytes |
//! | `block` | values that a later minor may append to |

#[cfg(test)]
mod against_postcard;
mod block;
mod class_body;
mod codec;
mod coded;
mod event_rule;
mod glob;
mod messages;
mod rules;
mod shared_types;
mod type_list;

pub use block::Block;
pub use class_body::ClassBody;
pub use codec::{Decode, Encode, Reader, Writer, bytes_of};
pub use glob::matches as glob_matches;
pub use messages::{Lack, OtherCopy, ToDaemon, ToProcess};
pub use rules::{ChannelRules, ContextRule, EventRule, Levels, Rules};

use crate::version::{Mismatch, Version};

/// Version of this protocol. Minor 1 has added [`ToDaemon::Apart`].
pub const PROTOCOL: Version = Version { major: 5, minor: 1 };

/// First bytes of every message and of the rules file. The minor version follows, in one byte.
pub const PREAMBLE: [u8; 4] = [b'U', b'S', b'T', PROTOCOL.major as u8];

const FIRST_MAJOR_WITH_MINORS: u8 = 5;

/// The length of preamble and minor version, before the value.
const HEADER_BYTES: usize = PREAMBLE.len() + 1;

/// The maximum length of a message.
pub const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// The most channels that a process records into at once.
pub const MAX_CHANNELS: usize = crate::abi::CHANNEL_SLOTS;

/// Writes a message into `buffer`. `None` if it does not fit. Allocates nothing.
pub fn encode_into<'b>(buffer: &'b mut [u8], message: &impl Encode) -> Option<&'b [u8]> {
    let (header, rest) = buffer.split_at_mut_checked(HEADER_BYTES)?;
    header.copy_from_slice(&header_of(PROTOCOL.minor));
    let length = codec::encode_into(rest, message)?;
    Some(&buffer[..HEADER_BYTES + length])
}

/// A message as bytes.
pub fn encode(message: &impl Encode) -> Vec<u8> {
    [&header_of(PROTOCOL.minor)[..], &codec::bytes_of(message)].concat()
}

fn header_of(minor: u16) -> [u8; HEADER_BYTES] {
    let [u, s, t, major] = PREAMBLE;
    [u, s, t, major, minor as u8]
}

/// Why this build cannot follow some bytes as a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotUnderstood {
    /// The other side speaks another major.
    Version(Mismatch),
    /// The other side speaks a later minor and says something that only the later minor knows: ignore it.
    Later(Version),
    /// The bytes are no message of this protocol.
    Garbage,
}

/// Decodes the message in untrusted bytes.
///
/// # Errors
/// The bytes are no message that this build can follow.
pub fn decode<'a, T: Decode<'a>>(untrusted_bytes: &'a [u8]) -> Result<T, NotUnderstood> {
    let Some(([b'U', b'S', b'T', major, minor], body)) = untrusted_bytes.split_first_chunk() else {
        return Err(NotUnderstood::Garbage);
    };
    // Before version 5 messages had no minor, and this byte meant something else.
    let minor = if *major < FIRST_MAJOR_WITH_MINORS { 0 } else { *minor };
    let version = Version { major: (*major).into(), minor: minor.into() };
    PROTOCOL.check(version).map_err(NotUnderstood::Version)?;
    T::decode(&mut Reader::new(body)).ok_or(match version.minor > PROTOCOL.minor {
        true => NotUnderstood::Later(version),
        false => NotUnderstood::Garbage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_followed_passed_over_or_refused_by_version() {
        let message = ToDaemon::Applied { generation: 7 };
        let said = encode(&message);
        let mut buffer = [0; 64];
        assert_eq!(encode_into(&mut buffer, &message), Some(&said[..]));
        assert_eq!(decode(&said), Ok(message));
        // A variant that does not exist.
        let unknown = |major: u8, minor: u8| [b'U', b'S', b'T', major, minor, 99, 1, 2];
        let (major, minor) = (PROTOCOL.major as u8, PROTOCOL.minor as u8);
        assert_eq!(decode::<ToDaemon>(&unknown(major, minor)), Err(NotUnderstood::Garbage));
        let later = Version { minor: PROTOCOL.minor + 1, ..PROTOCOL };
        assert_eq!(
            decode::<ToDaemon>(&unknown(major, minor + 1)),
            Err(NotUnderstood::Later(later))
        );
        // A Hello of version 4, which had no minor.
        let earlier = [b'U', b'S', b'T', 4, 1, 2, 3];
        let refused = |found| Err(NotUnderstood::Version(Mismatch { found, own: PROTOCOL }));
        assert_eq!(decode::<ToDaemon>(&earlier), refused(Version { major: 4, minor: 0 }));
        let next = Version { major: PROTOCOL.major + 1, minor: 7 };
        assert_eq!(decode::<ToDaemon>(&unknown(major + 1, 7)), refused(next));
    }
}
