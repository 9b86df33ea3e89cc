//! Metadata in packets: LTTng's form of the file, text cut into pieces with a header before each.
//!
//! ```text
//!   0       4          20         24             28            32                             37
//!   | magic | uuid[16] | checksum | content bits | packet bits | compression, encryption,     | text, zeros
//!                                                              | checksum scheme, major, minor |
//! ```

use super::error::TsdlError;

const MAGIC: u32 = 0x75D1_1D57;
const HEADER_BYTES: usize = 37;

/// Where the text of the first packet begins, if the file is in packets.
pub(crate) fn text_at(file: &[u8]) -> Option<usize> {
    let magic = *file.first_chunk()?;
    let is_packet = [u32::from_le_bytes(magic), u32::from_be_bytes(magic)].contains(&MAGIC);
    is_packet.then_some(HEADER_BYTES)
}

/// The text of a metadata file in either of the two forms.
pub(crate) fn text(file: &[u8]) -> Result<Vec<u8>, TsdlError> {
    let little = match file.first_chunk() {
        Some(magic) if u32::from_le_bytes(*magic) == MAGIC => true,
        Some(magic) if u32::from_be_bytes(*magic) == MAGIC => false,
        _ => return Ok(file.to_vec()),
    };
    let mut text = Vec::new();
    let mut at = 0;
    while at < file.len() {
        let error = |what: &str| {
            let message = format!("metadata packet at byte {at}: {what}");
            TsdlError { line: 0, column: 0, message }
        };
        let packet = &file[at..];
        let word = |at: usize| {
            let bytes = packet.get(at..at + 4)?.try_into().ok()?;
            let word = if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
            Some(word)
        };
        let (Some(MAGIC), Some(content_bits), Some(packet_bits)) = (word(0), word(24), word(28))
        else {
            return Err(error("no packet header"));
        };
        // Checksums are not checked, because no writer of LTTng's sets one.
        if packet.get(32..34).is_some_and(|schemes| schemes != [0, 0]) {
            return Err(error("compressed or encrypted"));
        }
        let (content, end) = (content_bits as usize / 8, packet_bits as usize / 8);
        let Some(piece) =
            packet.get(HEADER_BYTES..content).filter(|_| content <= end && end <= packet.len())
        else {
            return Err(error("impossible sizes"));
        };
        text.extend_from_slice(piece);
        at += end;
    }
    Ok(text)
}
