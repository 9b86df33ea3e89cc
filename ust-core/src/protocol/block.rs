//! Values that may grow. Each has its length in front, so a reader skips what a later minor has appended.

use core::marker::PhantomData;
use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that a later minor may append fields to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block<T>(pub T);

impl<T: Serialize> Serialize for Block<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = postcard::to_stdvec(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Block<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes<T>(PhantomData<T>);

        impl<T: DeserializeOwned> Visitor<'_> for Bytes<T> {
            type Value = Block<T>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a block of bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Block<T>, E> {
                postcard::from_bytes(bytes).map(Block).map_err(E::custom)
            }
        }

        deserializer.deserialize_bytes(Bytes(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Now(u32, String);

    /// The same with what a later minor has appended.
    #[derive(Serialize)]
    struct Later(u32, String, Vec<u64>);

    #[test]
    fn what_a_later_minor_has_appended_is_passed_over() {
        let later =
            [Block(Later(7, "a".into(), vec![u64::MAX; 9])), Block(Later(8, "b".into(), vec![]))];
        let bytes = postcard::to_stdvec(&later).unwrap();
        let read: [Block<Now>; 2] = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(read, [Block(Now(7, "a".into())), Block(Now(8, "b".into()))]);
    }

    #[test]
    fn a_block_that_is_torn_is_none() {
        let bytes = postcard::to_stdvec(&Block(Now(7, "abc".into()))).unwrap();
        for length in 0..bytes.len() {
            assert!(postcard::from_bytes::<Block<Now>>(&bytes[..length]).is_err());
        }
        // A length that is too short for the value.
        assert!(postcard::from_bytes::<Block<Now>>(&[1, 7, 3, b'a', b'b', b'c']).is_err());
    }
}
