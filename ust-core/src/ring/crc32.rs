//! CRC-32 (ISO-HDLC, as of zip and Ethernet), block by block: by carry-less multiplication where the processor has it,
//! else by a table.
//!
//! Our own because a traced process links it, and needs only whole blocks of one size: no table of 16 KiB, no case for
//! each instruction set. The tests compare it with `crc32fast`.
#![allow(unsafe_code)]

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 512;

/// The polynomial, its lowest power in the top bit.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// A checksum of the blocks so far.
#[derive(Debug)]
pub(super) struct Crc32 {
    /// All bits inverted, as the algorithm has it.
    register: u32,
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    multiplies: bool,
}

impl Crc32 {
    /// The checksum of nothing.
    pub(super) fn new() -> Self {
        Self {
            register: !0,
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            multiplies: std::arch::is_x86_feature_detected!("pclmulqdq"),
        }
    }

    /// Adds a block.
    pub(super) fn update(&mut self, block: &[u8; BLOCK_BYTES]) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        if self.multiplies {
            // SAFETY: the processor has the instruction.
            self.register = unsafe { multiplied::update(self.register, block) };
            return;
        }
        self.register = update_by_table(self.register, block);
    }

    /// The checksum.
    pub(super) fn value(&self) -> u32 {
        !self.register
    }
}

/// What a byte does to the register.
static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let (mut register, mut bit) = (byte as u32, 0);
        while bit < 8 {
            register = register >> 1 ^ if register & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[byte] = register;
        byte += 1;
    }
    table
};

fn update_by_table(register: u32, bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(register, |register, byte| register >> 8 ^ TABLE[usize::from(register as u8 ^ byte)])
}

/// After "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel, 2009): a block is folded into 16 bytes
/// that have the block's remainder, and these are divided by the table.
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod multiplied {
    use super::{BLOCK_BYTES, update_by_table};
    use core::arch::x86_64::*;

    /// 16-byte words that are folded side by side, because a multiplication takes some cycles.
    const LANES: usize = 4;

    /// x^(4*128+32) and x^(4*128-32) modulo the polynomial: what moves a word four words on.
    const FOUR_WORDS: (i64, i64) = (0x1_5444_2bd4, 0x1_c6e4_1596);

    /// The same for one word.
    const ONE_WORD: (i64, i64) = (0x1_7519_97d0, 0x0_ccaa_009e);

    #[target_feature(enable = "pclmulqdq")]
    pub(super) fn update(register: u32, block: &[u8; BLOCK_BYTES]) -> u32 {
        let mut words = block.chunks_exact(size_of::<__m128i>()).map(|word| {
            // SAFETY: a word of 16 bytes, at any address.
            unsafe { _mm_loadu_si128(word.as_ptr().cast()) }
        });
        let mut lanes = [_mm_setzero_si128(); LANES];
        lanes.fill_with(|| words.next().unwrap_or(_mm_setzero_si128()));
        lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128(register as i32));
        for (index, word) in words.enumerate() {
            let lane = &mut lanes[index % LANES];
            *lane = _mm_xor_si128(moved(*lane, FOUR_WORDS), word);
        }
        let [first, rest @ ..] = lanes;
        let folded = rest
            .into_iter()
            .fold(first, |folded, lane| _mm_xor_si128(moved(folded, ONE_WORD), lane));
        let mut bytes = [0; size_of::<__m128i>()];
        // SAFETY: as many bytes, at any address.
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), folded) };
        // The register is part of the folded bytes already.
        update_by_table(0, &bytes)
    }

    /// The word as if it stood further on.
    #[target_feature(enable = "pclmulqdq")]
    fn moved(word: __m128i, (low, high): (i64, i64)) -> __m128i {
        let factors = _mm_set_epi64x(high, low);
        _mm_xor_si128(
            _mm_clmulepi64_si128(word, factors, 0x00),
            _mm_clmulepi64_si128(word, factors, 0x11),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// With what this processor has, and by the table.
        #[test]
        fn a_checksum_is_that_of_crc32fast(
            blocks in proptest::collection::vec(proptest::array::uniform32(any::<[u8; 16]>()), 0..5),
        ) {
            let (mut sum, mut by_table) = (Crc32::new(), !0);
            for block in &blocks {
                let block = block.as_flattened().try_into().unwrap();
                sum.update(block);
                by_table = update_by_table(by_table, block);
            }
            let expected = crc32fast::hash(blocks.as_flattened().as_flattened());
            prop_assert_eq!((sum.value(), !by_table), (expected, expected));
        }
    }
}
