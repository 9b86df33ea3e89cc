//! A walk over a stream file's bytes that shares no code with the crate: packets, and records with
//! numbers, so that a record that is lost or written twice is noticed too.

pub const PAGE: usize = 4096;
/// Packet header, standard context, `vtid`.
const OPENING: usize = 92;

/// What records are filled with. A comparison with it is a memcmp, which is fast in a debug build
/// too.
pub static FILLING: [u8; 256 << 10] = [0xC1; 256 << 10];

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packet {
    pub offset: usize,
    pub bytes: usize,
    pub content: usize,
    pub seq: u64,
    pub records: u64,
}

/// What a file holds, or why it does not end at a whole packet.
#[derive(Debug, Default)]
pub struct Walk {
    pub packets: Vec<Packet>,
    pub records: u64,
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}

pub fn walk(file: &[u8]) -> Result<Walk, String> {
    let mut walk = Walk::default();
    let (mut at, mut clock, mut discarded, mut position) = (0, 0, 0, 0);
    while at < file.len() {
        let rest = &file[at..];
        let fail = |what: &str| Err(format!("at {at} of {}: {what}", file.len()));
        if rest.len() < OPENING
            || rest[..4] != 0xC1FC_1FC1_u32.to_ne_bytes()
            || rest[4..20] != super::UUID
        {
            return fail("no packet");
        }
        let word = |n: usize| u64_at(rest, 32 + 8 * n);
        let (content, bytes) = (word(2) as usize / 8, word(3) as usize / 8);
        if bytes > rest.len()
            || bytes == 0
            || bytes % PAGE != 0
            || content + 4 > bytes
            || content < OPENING
        {
            return fail(&format!("{content} of {bytes} bytes in use"));
        }
        if word(4) != walk.packets.len() as u64 {
            return fail(&format!("sequence number {} of packet {}", word(4), walk.packets.len()));
        }
        if word(0) < clock || word(1) < word(0) || word(5) < discarded || word(6) < position {
            return fail("a clock, the discarded count or the end position goes back");
        }
        (clock, discarded, position) = (word(1), word(5), word(6));
        let parts = [&rest[..56], &[0; 8], &rest[64..content]];
        if rest[content..content + 4] != crc32fast::hash(&parts.concat()).to_ne_bytes() {
            return fail("a wrong checksum");
        }
        let before = walk.records;
        let mut content_left = &rest[OPENING..content];
        while !content_left.is_empty() {
            walk.records += 1;
            if content_left.len() < 16 || u64_at(content_left, 4) != walk.records {
                return fail(&format!("no record {}", walk.records));
            }
            let len = u32::from_ne_bytes(content_left[12..16].try_into().unwrap()) as usize;
            if len > FILLING.len() || content_left.len() < 16 + len {
                return fail("a record crosses the end of its packet");
            }
            let (record, more) = content_left.split_at(16 + len);
            if record[16..] != FILLING[..len] {
                return fail("a record's bytes are not what was written");
            }
            content_left = more;
        }
        if walk.records != position {
            return fail(&format!("{} records, but the end position is {position}", walk.records));
        }
        let records = walk.records - before;
        walk.packets.push(Packet { offset: at, bytes, content, seq: word(4), records });
        at += bytes;
    }
    Ok(walk)
}

/// Each entry of the index describes the packet of that number, in its final form.
pub fn check_index(index: &[u8], walk: &Walk) -> usize {
    let entries = index.get(16..).unwrap_or_default().chunks_exact(72);
    for (number, entry) in entries.clone().enumerate() {
        let word =
            |n: usize| u64::from_be_bytes(entry[8 * n..8 * n + 8].try_into().unwrap()) as usize;
        let packet = walk.packets[number];
        let expected = (packet.offset, packet.bytes * 8, packet.content * 8, number);
        assert_eq!((word(0), word(1), word(2), word(8)), expected);
    }
    entries.len()
}
