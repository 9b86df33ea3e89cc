//! Values that may grow. Each has its length in front, so a reader skips what a later minor has appended.

use super::codec::{Decode, Encode, Reader, Writer, encoded_bytes};

/// A value that a later minor may append fields to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block<T>(pub T);

impl<T: Encode> Encode for Block<T> {
    fn encode(&self, to: &mut Writer<'_>) {
        to.count(encoded_bytes(&self.0));
        self.0.encode(to);
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Block<T> {
    fn decode(from: &mut Reader<'a>) -> Option<Self> {
        T::decode(&mut Reader::new(from.counted()?)).map(Block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::codec::bytes_of;

    type Now = (u32, String);

    fn read<T: for<'a> Decode<'a>>(bytes: &[u8]) -> Option<T> {
        T::decode(&mut Reader::new(bytes))
    }

    #[test]
    fn what_a_later_minor_has_appended_is_passed_over() {
        let later = (Block((7u32, "a", vec![u64::MAX; 9])), Block((8u32, "b", Vec::<u64>::new())));
        let later = bytes_of(&(later.0, later.1));
        let now: Option<(Block<Now>, Block<Now>)> = read(&later);
        assert_eq!(now, Some((Block((7, "a".into())), Block((8, "b".into())))));
    }

    #[test]
    fn a_block_that_is_torn_is_none() {
        let bytes = bytes_of(&Block((7u32, "abc")));
        for length in 0..bytes.len() {
            assert_eq!(read::<Block<Now>>(&bytes[..length]), None);
        }
        // A length that is too short for the value.
        assert_eq!(read::<Block<Now>>(&[1, 7, 3, b'a', b'b', b'c']), None);
    }
}
