//! Compares the arithmetic on offsets and positions with the same arithmetic in 128 bits, where
//! nothing wraps.
//!
//! The ring shifts and masks in the machine's own words. The result must equal division and remainder.

use proptest::prelude::*;
use ust_core::abi::{
    Frame, FrameKind, Geometry, MAX_RECORD_BYTES, MAX_STREAMS_PER_FILE, Position, RingFileShape,
    SUBBUF_COUNT_RANGE, SUBBUF_SIZE_RANGE_BYTES,
};

/// What the ABI calls a page.
const PAGE: u128 = 4096;

/// The maximum size of one stream's places.
const MAX_STREAM_BYTES: u128 = 1 << 36;

/// Numbers of every magnitude, and numbers around powers of two.
fn any_size() -> impl Strategy<Value = u64> {
    let near_power =
        (0u32..64, -1i64..=1).prop_map(|(shift, off)| (1u64 << shift).wrapping_add_signed(off));
    prop_oneof![4 => (0u32..64).prop_map(|shift| 1 << shift), 1 => near_power, 1 => any::<u64>()]
}

/// Every accepted geometry.
fn any_geometry() -> impl Strategy<Value = (Geometry, u128, u128)> {
    (12u32..=30, 1u32..=8).prop_filter_map("too large", |(size, count)| {
        let geometry = Geometry::new(1 << size, 1 << count).ok()?;
        Some((geometry, 1 << size, 1 << count))
    })
}

/// Byte positions that the position word can hold.
fn any_position() -> impl Strategy<Value = u64> {
    let words = prop_oneof![
        any::<u64>().prop_map(|p| p % (Position::MAX_BYTES / 4 + 1)),
        0u64..(1 << 34),
        (0u64..16).prop_map(|below| Position::MAX_BYTES / 4 - below),
    ];
    words.prop_map(|words| words * 4)
}

/// Lengths that a record can have, padding included.
fn any_record() -> impl Strategy<Value = usize> {
    (0..=MAX_RECORD_BYTES / 4).prop_map(|words| words * 4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn a_geometry_is_accepted_exactly_if_it_is_in_range(size in any_size(), count in any_size()) {
        let in_range = size.is_power_of_two()
            && count.is_power_of_two()
            && SUBBUF_SIZE_RANGE_BYTES.contains(&size)
            && SUBBUF_COUNT_RANGE.contains(&count)
            && u128::from(size) * u128::from(count) <= MAX_STREAM_BYTES;
        prop_assert_eq!(Geometry::new(size, count).is_ok(), in_range);
    }

    #[test]
    fn positions_are_divided_as_they_are_to_be(
        (geometry, size, count) in any_geometry(),
        position in any_position(),
    ) {
        let p = u128::from(position);
        prop_assert_eq!(geometry.offset(position) as u128, p % size);
        prop_assert_eq!(geometry.place(position) as u128, p / size % count);
        prop_assert_eq!(u128::from(geometry.lap(position)), p / (size * count));
        prop_assert_eq!(u128::from(geometry.subbuf_start(position)), p - p % size);
        prop_assert_eq!(u128::from(geometry.capacity_bytes()), size * count);
    }

    #[test]
    fn the_parts_of_a_file_follow_one_another(
        (geometry, size, count) in any_geometry(),
        streams in 0..=MAX_STREAMS_PER_FILE + 1,
    ) {
        let stream = PAGE + (count + 2) * size;
        let fits = |bytes: u128| bytes <= isize::MAX as u128;
        let shape = RingFileShape::check(size as u64, count as u32, streams);
        let is_right = (1..=MAX_STREAMS_PER_FILE).contains(&streams);
        prop_assert_eq!(shape.is_ok(), is_right && fits(PAGE + u128::from(streams) * stream));
        if let Ok(shape) = shape {
            prop_assert_eq!(shape.file_bytes() as u128, PAGE + u128::from(streams) * stream);
            for index in 0..streams {
                let offset = PAGE + u128::from(index) * stream;
                prop_assert_eq!(shape.stream_offset(index) as u128, offset);
            }
            prop_assert_eq!(geometry.stream_bytes() as u128, stream);
            for memory in 0..geometry.memory_count() {
                let offset = PAGE + memory as u128 * size;
                prop_assert_eq!(geometry.memory_offset(memory) as u128, offset);
            }
        }
        match RingFileShape::of(geometry) {
            Some(own) => {
                let checked = RingFileShape::check(size as u64, count as u32, own.stream_count);
                prop_assert_eq!(checked, Ok(own), "the daemon refuses what the process makes");
            }
            None => prop_assert!(!fits(PAGE + stream), "one stream would have had room"),
        }
    }

    #[test]
    fn a_record_moves_the_position_by_its_length(start in any_position(), record in any_record()) {
        // The ring refuses to go further; the word itself would wrap.
        let start = start.min(Position::MAX_BYTES - record as u64);
        let end = u128::from(start) + record as u128;
        let behind = Position::behind_record_at(start, record);
        prop_assert_eq!(u128::from(behind.bytes()), end);
        prop_assert_eq!(behind.last_record_bytes(), record);
        // Whatever the length of the record before it.
        for word in [behind.word(), behind.word() & !0xffff] {
            let next = Position::from_word(word).after(8);
            if end + 8 <= u128::from(Position::MAX_BYTES) {
                prop_assert_eq!(u128::from(next.bytes()), end + 8);
            }
            prop_assert_eq!(next.last_record_bytes(), 8);
        }
    }

    #[test]
    fn any_position_word_reads_as_a_position_in_range(word in any::<u64>()) {
        let position = Position::from_word(word);
        prop_assert_eq!(u128::from(position.bytes()), u128::from(word >> 16) * 4);
        prop_assert!(position.bytes() <= Position::MAX_BYTES);
        prop_assert!(position.last_record_bytes() <= MAX_RECORD_BYTES);
    }

    #[test]
    fn any_frame_word_reads_as_what_was_stored(word in any::<u32>(), length in 0usize..1 << 29) {
        for kind in [FrameKind::Event, FrameKind::Note] {
            let frame = Frame::Committed { kind, length_bytes: length };
            prop_assert_eq!(Frame::decode(Frame::committed(kind, length)), frame);
            let frame = Frame::InFlight { kind, length_bytes: length };
            prop_assert_eq!(Frame::decode(Frame::in_flight(kind, length)), frame);
        }
        prop_assert_eq!(Frame::decode(Frame::pad(length)), Frame::Pad { length_bytes: length });
        prop_assert_eq!(Frame::is_committed(word), matches!(Frame::decode(word), Frame::Committed { .. }));
    }
}
