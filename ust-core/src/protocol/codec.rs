//! Values as bytes: postcard's published format (<https://postcard.jamesmunns.com/wire-format>), as far as our messages
//! use it. A traced process links neither postcard nor serde; the tests compare with both.
//!
//! | value | bytes |
//! | --- | --- |
//! | `u8`, `bool` | one |
//! | `u16` and wider | a varint: seven bits in each byte, the lowest first; the top bit says that another byte follows |
//! | `i128` | a varint, of 0, -1, 1, -2, .. as 0, 1, 2, 3, .. |
//! | text, sequence | its length as a varint, and the bytes or the elements |
//! | structure, tuple, array | its fields or elements, and nothing else |
//! | enumeration | the variant's number as a varint, and its fields |
//! | option | 0, or 1 and the value |
//!
//! Encoding allocates nothing. Decoding takes untrusted bytes: it allocates no more than it has decoded, and recurses no
//! deeper than the types do. Bytes behind the value are passed over.

/// A value that can be written as bytes.
pub trait Encode {
    /// Appends the value.
    fn encode(&self, to: &mut Writer<'_>);
}

/// A value that can be read from bytes, and may borrow from them.
pub trait Decode<'a>: Sized {
    /// Takes the value off the front of untrusted bytes. `None` if they do not begin with such a value.
    fn decode(from: &mut Reader<'a>) -> Option<Self>;
}

/// Counts the bytes written to it, and keeps those that there is room for.
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        if let Some(place) = self.buffer.get_mut(self.length..end) {
            place.copy_from_slice(bytes);
        }
        self.length = end;
    }

    /// Appends a length, or the number of a variant.
    pub(super) fn count(&mut self, count: usize) {
        self.varint(count as u128);
    }

    fn varint(&mut self, mut rest: u128) {
        while rest > 0x7f {
            self.put(&[rest as u8 | 0x80]);
            rest >>= 7;
        }
        self.put(&[rest as u8]);
    }
}

/// Untrusted bytes that have not been read yet.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes from their beginning.
    pub fn new(untrusted_bytes: &'a [u8]) -> Self {
        Self { rest: untrusted_bytes }
    }

    fn byte(&mut self) -> Option<u8> {
        self.rest.split_off_first().copied()
    }

    /// Takes a length, and that many bytes.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = usize::decode(self)?;
        self.rest.split_off(..length)
    }

    /// Takes a number of at most `bits`. Zeros may fill it up to as many bytes as the largest such number has.
    fn varint(&mut self, bits: u32) -> Option<u128> {
        let mut value = 0;
        for shift in (0..bits).step_by(7) {
            let byte = self.byte()?;
            let part = u128::from(byte & 0x7f);
            if bits - shift < 7 && part >> (bits - shift) != 0 {
                return None;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

/// The length of a value as bytes.
pub fn encoded_bytes(value: &impl Encode) -> usize {
    let mut counter = Writer { buffer: &mut [], length: 0 };
    value.encode(&mut counter);
    counter.length
}

/// Writes a value to the front of `buffer`, and says how many bytes it has. `None` if it does not fit.
pub fn encode_into(buffer: &mut [u8], value: &impl Encode) -> Option<usize> {
    let mut writer = Writer { buffer, length: 0 };
    value.encode(&mut writer);
    (writer.length <= writer.buffer.len()).then_some(writer.length)
}

/// A value as bytes.
pub fn bytes_of(value: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; encoded_bytes(value)];
    value.encode(&mut Writer { buffer: &mut bytes, length: 0 });
    bytes
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, to: &mut Writer<'_>) {
        (**self).encode(to);
    }
}

impl Encode for u8 {
    fn encode(&self, to: &mut Writer<'_>) {
        to.put(&[*self]);
    }
}

impl Decode<'_> for u8 {
    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        from.byte()
    }
}

impl Encode for bool {
    fn encode(&self, to: &mut Writer<'_>) {
        to.put(&[u8::from(*self)]);
    }
}

impl Decode<'_> for bool {
    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

macro_rules! varints {
    ($($number:ty)*) => {$(
        impl Encode for $number {
            fn encode(&self, to: &mut Writer<'_>) {
                to.varint(*self as u128);
            }
        }

        impl Decode<'_> for $number {
            fn decode(from: &mut Reader<'_>) -> Option<Self> {
                from.varint(Self::BITS).map(|value| value as Self)
            }
        }
    )*};
}

varints!(u16 u32 u64 usize);

impl Encode for i128 {
    fn encode(&self, to: &mut Writer<'_>) {
        to.varint((self << 1 ^ self >> 127) as u128);
    }
}

impl Decode<'_> for i128 {
    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let folded = from.varint(Self::BITS)?;
        Some((folded >> 1) as i128 ^ -((folded & 1) as i128))
    }
}

impl Encode for str {
    fn encode(&self, to: &mut Writer<'_>) {
        to.count(self.len());
        to.put(self.as_bytes());
    }
}

impl<'a> Decode<'a> for &'a str {
    fn decode(from: &mut Reader<'a>) -> Option<Self> {
        core::str::from_utf8(from.counted()?).ok()
    }
}

impl Encode for String {
    fn encode(&self, to: &mut Writer<'_>) {
        self.as_str().encode(to);
    }
}

impl Decode<'_> for String {
    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        <&str>::decode(from).map(str::to_owned)
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, to: &mut Writer<'_>) {
        to.count(self.len());
        self.iter().for_each(|element| element.encode(to));
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Vec<T> {
    fn decode(from: &mut Reader<'a>) -> Option<Self> {
        let (length, mut elements) = (usize::decode(from)?, Vec::new());
        // Grows with what is there: the length is an untrusted number.
        for _ in 0..length {
            elements.push(T::decode(from)?);
        }
        Some(elements)
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, to: &mut Writer<'_>) {
        to.put(self);
    }
}

impl<const N: usize> Decode<'_> for [u8; N] {
    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        from.rest.split_off(..N)?.try_into().ok()
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, to: &mut Writer<'_>) {
        self.is_some().encode(to);
        self.iter().for_each(|value| value.encode(to));
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Option<T> {
    fn decode(from: &mut Reader<'a>) -> Option<Self> {
        Some(if bool::decode(from)? { Some(T::decode(from)?) } else { None })
    }
}

macro_rules! tuples {
    ($(($($element:ident $place:tt),+))*) => {$(
        impl<$($element: Encode),+> Encode for ($($element,)+) {
            fn encode(&self, to: &mut Writer<'_>) {
                $(self.$place.encode(to);)+
            }
        }

        impl<'a, $($element: Decode<'a>),+> Decode<'a> for ($($element,)+) {
            fn decode(from: &mut Reader<'a>) -> Option<Self> {
                Some(($($element::decode(from)?,)+))
            }
        }
    )*};
}

tuples!((A 0, B 1) (A 0, B 1, C 2));
