//! Layouts stated field by field. The compiler checks them, and so does a golden file for both word sizes.
//!
//! ```text
//!   layout!(StreamControl<ReadOnly> as "StreamControl" {
//!       position @ 0,           each field is at the stated offset ...
//!       last_clock @ 8,         ... where the field before it ends: no hole without a name
//!       ...
//!   } ends 3584);               ... and the last one ends the struct
//! ```
//!
//! A 32-bit process and a 64-bit consumer use the same bytes. On 32-bit x86 `u64` is aligned to four bytes, and
//! a 64-bit atomic to eight. So a field that has the stated offset on only one of the two does not compile on
//! the other. A field that moved on both contradicts the golden file.

/// States a layout. Not checked under loom, whose words have other sizes.
macro_rules! layout {
    ($ty:ty as $name:literal { $($field:ident @ $offset:literal,)* } ends $size:literal) => {
        #[cfg(not(loom))]
        const _: () = {
            let end = 0;
            $(
                assert!(core::mem::offset_of!($ty, $field) == $offset, stringify!($field));
                assert!($offset == end, concat!("a hole before ", stringify!($field)));
                let end = $offset + $crate::abi::layout::size_of_field(|it: &$ty| &it.$field);
            )*
            assert!(end == $size && size_of::<$ty>() == $size, "bytes behind the last field");
            // Mappings begin at a multiple of eight.
            assert!(align_of::<$ty>() <= 8);
        };

        #[cfg(all(test, not(loom)))]
        impl $crate::abi::layout::Stated for $ty {
            const LAYOUT: $crate::abi::layout::Layout = $crate::abi::layout::Layout {
                name: $name,
                size: size_of::<$ty>(),
                fields: &[$((
                    stringify!($field),
                    core::mem::offset_of!($ty, $field),
                    $crate::abi::layout::size_of_field(|it: &$ty| &it.$field),
                )),*],
            };
        }
    };
}

pub(crate) use layout;

/// The size of the type that a field's getter returns.
#[allow(dead_code, reason = "Rust 1.88 does not see uses in constants without a name")]
#[cfg(not(loom))]
pub(crate) const fn size_of_field<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

/// A struct with a stated layout.
#[cfg(all(test, not(loom)))]
pub(crate) trait Stated {
    /// The layout as the compiler has it.
    const LAYOUT: Layout;
}

/// The offsets and sizes of a struct's fields.
#[cfg(all(test, not(loom)))]
pub(crate) struct Layout {
    /// The struct's name.
    pub name: &'static str,
    /// The struct's size in bytes.
    pub size: usize,
    /// Name, offset and bytes of each field.
    pub fields: &'static [(&'static str, usize, usize)],
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Layout, Stated};
    use crate::abi::{
        ABI, Buffers, CHANNEL_SLOTS, CLASS_LOG_OFFSET, ClassEntry, Frame, FrameKind, LossCause,
        MAX_RECORD_BYTES, MAX_STREAMS_PER_FILE, MAX_SUBBUFS, Mode, NOTE_BYTES, Note, PAGE_BYTES,
        PROCESS_FILE_BYTES, PROCESS_MAGIC, PROGRAM_OFFSET, Position, ProcessHeader, Program,
        RING_FILE_MAGIC, Recycling, RingFileHeader, SlotLosses, StreamControl, StreamState,
        TableEntry, Taking,
    };
    use crate::sync::{AtomicU32, AtomicU64, Local, ReadOnly, ReaderWritten, Shared, WriterWord};
    use core::fmt::Write;

    /// This build's layout, as text.
    fn table() -> String {
        let mut text =
            String::from("# struct: its bytes; then offset, bytes and name of each field\n");
        for Layout { name, size, fields } in [
            ProcessHeader::LAYOUT,
            Program::LAYOUT,
            SlotLosses::LAYOUT,
            ClassEntry::LAYOUT,
            RingFileHeader::LAYOUT,
            StreamControl::<ReadOnly>::LAYOUT,
        ] {
            writeln!(text, "{name}: {size}").unwrap();
            for (field, offset, bytes) in fields {
                writeln!(text, "{offset:>6} {bytes:>5} {field}").unwrap();
            }
        }
        text += "# constants\n";
        let mut constant = |name: &str, value: u64| writeln!(text, "{name} = {value:#x}").unwrap();
        constant("ABI", ABI.to_word().into());
        constant("PAGE_BYTES", PAGE_BYTES as u64);
        constant("PROCESS_MAGIC", PROCESS_MAGIC);
        constant("PROCESS_FILE_BYTES", PROCESS_FILE_BYTES as u64);
        constant("CLASS_LOG_OFFSET", CLASS_LOG_OFFSET as u64);
        constant("PROGRAM_OFFSET", PROGRAM_OFFSET as u64);
        constant("CHANNEL_SLOTS", CHANNEL_SLOTS as u64);
        constant("RING_FILE_MAGIC", RING_FILE_MAGIC);
        constant("MAX_STREAMS_PER_FILE", MAX_STREAMS_PER_FILE.into());
        constant("MAX_SUBBUFS", MAX_SUBBUFS as u64);
        constant("MAX_RECORD_BYTES", MAX_RECORD_BYTES as u64);
        constant("NOTE_BYTES", NOTE_BYTES as u64);
        constant("Position::MAX_BYTES", Position::MAX_BYTES);
        constant("Position behind 8 bytes at 64", Position::behind_record_at(64, 8).word());
        constant("Frame in flight, 12 bytes", Frame::in_flight(FrameKind::Event, 12).into());
        constant("Frame committed, 12 bytes", Frame::committed(FrameKind::Event, 12).into());
        constant("Frame of a note, 12 bytes", Frame::committed(FrameKind::Note, 12).into());
        constant("Frame pad, 12 bytes", Frame::pad(12).into());
        constant("a note's second word", Note { owner: 1, lost: 3 << 32 | 2 }.to_words()[1].into());
        constant("a note's third word", Note { owner: 1, lost: 3 << 32 | 2 }.to_words()[2].into());
        constant("TableEntry, exchanged", TableEntry::first(3).exchanged_for(7).word());
        constant("TableEntry, recycled", TableEntry::first(3).recycled_for(7).word());
        constant("TableEntry, closed", TableEntry::first(3).closed().word());
        constant("Recycling", Recycling { start: 64, parity: true }.to_word());
        constant("Taking", Taking { start: 64, memory: 5, exchange_parity: true }.to_word());
        for mode in [Mode::Discard, Mode::Overwrite, Mode::Block { timeout_ms: 7 }] {
            constant(&format!("{mode:?}"), mode.to_word());
        }
        for buffers in [Buffers::PerThread, Buffers::PerCpu] {
            constant(&format!("Buffers::{buffers:?}"), buffers as u64);
        }
        for cause in LossCause::ALL {
            constant(cause.name(), cause as u64);
        }
        for state in [StreamState::Free, StreamState::Live, StreamState::Ended] {
            constant(&format!("StreamState::{state:?}"), state as u64);
        }
        text
    }

    #[test]
    fn the_layout_is_the_golden_one_whatever_the_word_size() {
        let golden = include_str!("layout.golden");
        let table = table();
        assert!(
            golden == table,
            "the layout has changed. If that is meant, raise ABI and make this \
             src/abi/layout.golden:\n{table}"
        );
    }

    #[test]
    fn words_are_as_large_as_they_say_and_aligned_to_themselves() {
        // A 64-bit atomic that straddles two cache lines would not be atomic.
        assert_eq!((size_of::<AtomicU64>(), align_of::<AtomicU64>()), (8, 8));
        assert_eq!((size_of::<AtomicU32>(), align_of::<AtomicU32>()), (4, 4));
        assert_eq!((size_of::<ReaderWritten>(), align_of::<ReaderWritten>()), (8, 8));
        assert_eq!((size_of::<WriterWord<Local>>(), align_of::<WriterWord<Local>>()), (8, 8));
        assert_eq!((size_of::<WriterWord<Shared>>(), align_of::<WriterWord<Shared>>()), (8, 8));
        assert!(size_of::<StreamControl<Local>>() <= PAGE_BYTES);
        assert!(size_of::<ProcessHeader>() <= PROGRAM_OFFSET);
        assert!(size_of::<RingFileHeader>() <= PAGE_BYTES);
    }
}
