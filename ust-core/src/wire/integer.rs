//! Integers: their bytes, and how viewers show them.

/// A two's complement or unsigned integer: 8, 16, 32 or 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct Integer {
    /// Size in bits.
    pub bits: u8,
    /// Whether it is two's complement.
    pub signed: bool,
    /// How viewers show it.
    pub base: Base,
    /// The order of its bytes.
    pub byte_order: ByteOrder,
    /// Whether it is a character: a byte of text, so that arrays and sequences of it are text, or a whole
    /// [code point](Self::CODE_POINT). [`Encoding::None`] for every other number.
    pub encoding: Encoding,
}

/// How viewers show an [`Integer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub enum Base {
    /// `1204`
    Decimal,
    /// `0b10010110100`
    Binary,
    /// `02264`
    Octal,
    /// `0x4B4`
    Hexadecimal,
}

/// The byte order of an [`Integer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub enum ByteOrder {
    /// The machine's own.
    Native,
    /// The most significant byte first.
    Network,
}

/// The encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub enum Encoding {
    /// Not text, for an integer. For a text: an unknown encoding.
    None,
    /// UTF-8.
    Utf8,
    /// ASCII.
    Ascii,
}

impl Integer {
    /// An unsigned integer of that many bits, decimal.
    pub const fn unsigned(bits: u8) -> Self {
        let (base, byte_order) = (Base::Decimal, ByteOrder::Native);
        Self { bits, signed: false, base, byte_order, encoding: Encoding::None }
    }

    /// A two's complement integer of that many bits, decimal.
    pub const fn signed(bits: u8) -> Self {
        Self { signed: true, ..Self::unsigned(bits) }
    }

    /// The same type, shown in that base.
    pub const fn shown_in(self, base: Base) -> Self {
        Self { base, ..self }
    }

    /// The same type, the most significant byte first.
    pub const fn in_network_order(self) -> Self {
        Self { byte_order: ByteOrder::Network, ..self }
    }

    /// A byte of text.
    pub const fn character(encoding: Encoding) -> Self {
        Self { encoding, ..Self::unsigned(8) }
    }

    /// A character of Unicode, by its number.
    pub const CODE_POINT: Self =
        Self { encoding: Encoding::Utf8, ..Self::unsigned(32).shown_in(Base::Hexadecimal) };

    /// Whether it is a [code point](Self::CODE_POINT), in any base and byte order.
    pub const fn is_code_point(self) -> bool {
        self.bits == 32 && !self.signed && matches!(self.encoding, Encoding::Utf8)
    }

    /// The size in bytes.
    pub const fn size_bytes(self) -> usize {
        self.bits as usize / 8
    }

    /// The lowest and the highest value.
    pub const fn range(self) -> (i128, i128) {
        let above = 1 << (self.bits - self.signed as u8);
        (if self.signed { -above } else { 0 }, above - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_at_the_edges() {
        assert_eq!(Integer::unsigned(8).range(), (0, 255));
        assert_eq!(Integer::signed(8).range(), (-128, 127));
        assert_eq!(Integer::unsigned(64).range(), (0, u64::MAX.into()));
        assert_eq!(Integer::signed(64).range(), (i64::MIN.into(), i64::MAX.into()));
    }
}
