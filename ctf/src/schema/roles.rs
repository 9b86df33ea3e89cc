//! What some numbers say of their packet or record, besides their value.
//!
//! A reader finds these numbers by their role, and not by a name: CTF 2 states roles, and for TSDL the names have them
//! (`tsdl::roles`). A role that occurs several times in a part has the value that is read last: the id behind the tag of
//! an extended event header stands for the tag.

/// What a number says of its packet or record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Packet header: the number with which each packet begins.
    PacketMagic,
    /// Packet header: the trace's UUID, in one field or in sixteen.
    MetadataUuid,
    /// Packet header: the stream class.
    StreamClassId,
    /// Packet header: the stream of that class.
    StreamId,
    /// Packet context: the clock when the packet begins.
    PacketBegin,
    /// Packet context: the clock when the packet ends.
    PacketEnd,
    /// Packet context: records lost since the stream began, up to the packet's end.
    Discarded,
    /// Packet context: bits in use.
    ContentSize,
    /// Packet context: bits to the next packet.
    PacketSize,
    /// Packet context: the packet's number in its stream.
    PacketNumber,
    /// Event header: the event class.
    EventClassId,
}

/// The roles of one number; mostly none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u16);

impl Role {
    /// How many there are.
    pub(crate) const COUNT: usize = Role::EventClassId as usize + 1;

    pub(crate) const ALL: [Role; Role::COUNT] = [
        Role::PacketMagic,
        Role::MetadataUuid,
        Role::StreamClassId,
        Role::StreamId,
        Role::PacketBegin,
        Role::PacketEnd,
        Role::Discarded,
        Role::ContentSize,
        Role::PacketSize,
        Role::PacketNumber,
        Role::EventClassId,
    ];
}

impl Roles {
    /// No role.
    pub const NONE: Roles = Roles(0);

    /// These, and that one.
    #[must_use]
    pub const fn with(self, role: Role) -> Roles {
        Roles(self.0 | 1 << role as u16)
    }

    /// Whether it is one of them.
    pub const fn has(self, role: Role) -> bool {
        self.0 >> role as u16 & 1 != 0
    }

    /// Whether there is none.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_a_bit_of_its_own() {
        let mut roles = Roles::NONE;
        for (at, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, at);
            assert!(!roles.has(role));
            roles = roles.with(role);
            assert_eq!(roles.each().count(), at + 1);
        }
    }
}
