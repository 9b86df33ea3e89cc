//! Walks the packets of a stream file by their contexts alone.

use std::path::Path;

const MAGIC: [u8; 4] = 0xC1FC_1FC1u32.to_le_bytes();

/// Where a packet says how many bits it has: behind the header (magic, uuid, two ids) and its begin, end and content.
const PACKET_SIZE_OFFSET: usize = 4 + 16 + 4 + 8 + 3 * 8;

/// Counts the packets in `bytes`, which must be whole ones from the first byte to the last.
#[track_caller]
pub fn assert_whole(bytes: &[u8], file: &Path) -> usize {
    let mut at = 0;
    let mut packets = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let context =
            format!("packet {packets} at {at} of {} bytes, {}", bytes.len(), file.display());
        assert!(
            rest.len() >= PACKET_SIZE_OFFSET + 8 && rest.starts_with(&MAGIC),
            "torn: {context}"
        );
        let bits = rest[PACKET_SIZE_OFFSET..][..8].try_into().expect("eight bytes");
        let size = u64::from_le_bytes(bits) as usize / 8;
        assert!(size > PACKET_SIZE_OFFSET && size <= rest.len(), "half of {size} bytes: {context}");
        at += size;
        packets += 1;
    }
    packets
}
