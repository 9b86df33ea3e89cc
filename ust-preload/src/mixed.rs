//! Numbers spread, so that a few bits of them tell them apart.

/// Spreads addresses, which are alike in their upper and lowest bits, over all numbers.
#[inline(always)]
pub fn mixed(number: u64) -> u64 {
    let product = u128::from(number) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}
