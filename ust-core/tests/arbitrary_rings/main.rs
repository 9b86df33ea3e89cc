//! The reader over rings with any contents: it must not panic, read outside the ring, or loop for ever.
//!
//! ```text
//!   contents    noise | frames that nearly make sense | a ring written by a real writer, then damaged
//!      |
//!   guarded     | PROT_NONE | control page, memories | PROT_NONE |      an overrun is a SIGSEGV
//!      |
//!   checked     each frame word that is loaded: within its memory, aligned, and within a budget of loads
//!      |
//!   adapter     the reader's calls, in the consumer's order and in any other
//! ```
//!
//! The consumer maps what any program sends it. This test ensures that a hostile program cannot bring it
//! down. The budgets are derived from the geometry: no walk may look at a word twice, except for the
//! second look at a hole, and at the end of a row of equal frames. In the last test a thread scribbles over the ring while it is read.

mod adapter;
mod checked;
mod contents;
mod guarded;

use adapter::{Call, Harness};
use contents::{Damage, Filling, Noise, Scribbler};
use guarded::Guarded;
use proptest::prelude::*;
use std::collections::BTreeSet;
use ust_core::abi::{Frame, FrameKind, Geometry, Mode};
use ust_core::ring::Take;
use ust_core::sync::{AtomicBool, Ordering};

/// The smallest accepted geometries, and a few larger ones.
fn geometries() -> impl Strategy<Value = Geometry> {
    (12u32..=14, 1u32..=3).prop_map(|(size, count)| {
        Geometry::new(1 << size, 1 << count).expect("powers of two in range")
    })
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Discard), Just(Mode::Overwrite)]
}

/// The reader must return what was written, by snapshot and by draining alike, except what was
/// overwritten, which is counted.
fn assert_comes_back(ring: &Guarded, geometry: Geometry, mode: Mode, written: &[Vec<u8>]) {
    let mut harness = Harness::new(ring, geometry, mode);
    let copied = Harness::new(ring, geometry, mode).snapshot_as_the_daemon_does();
    let mut read = harness.drain_as_the_daemon_does();
    read.extend(harness.recover_as_the_daemon_does());
    let overwritten = harness.overwritten() as usize;
    let counts = [read.len(), copied.len(), overwritten, written.len()];
    assert!(
        read == copied && read == written[overwritten..],
        "read, copied, overwritten of: {counts:?}"
    );
    assert!(!harness.is_corrupt() && (overwritten == 0 || mode == Mode::Overwrite));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn noise_is_read_without_harm(
        geometry in geometries(),
        mode in modes(),
        noise in Noise::any(),
        calls in prop::collection::vec(Call::any(), 0..24),
    ) {
        let ring = Guarded::new(geometry.stream_bytes());
        noise.fill(&ring, geometry);
        let mut harness = Harness::new(&ring, geometry, mode);
        for call in calls {
            harness.call(call);
        }
        Harness::new(&ring, geometry, mode).snapshot_as_the_daemon_does();
        harness.drain_as_the_daemon_does();
        harness.recover_as_the_daemon_does();
    }

    #[test]
    fn a_written_ring_comes_back_and_a_damaged_one_does_no_harm(
        geometry in geometries(),
        mode in modes(),
        filling in Filling::any(),
        damage in prop::collection::vec(Damage::any(), 0..6),
        calls in prop::collection::vec(Call::any(), 0..24),
    ) {
        let ring = Guarded::new(geometry.stream_bytes());
        let written = adapter::write(&ring, geometry, mode, &filling);
        let mut harness = Harness::new(&ring, geometry, mode);
        if damage.is_empty() {
            assert_comes_back(&ring, geometry, mode, &written);
        } else {
            for damage in damage {
                damage.inflict(&ring, geometry);
            }
            for call in calls {
                harness.call(call);
            }
            Harness::new(&ring, geometry, mode).snapshot_as_the_daemon_does();
            harness.drain_as_the_daemon_does();
            harness.recover_as_the_daemon_does();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// What a machine crash may do to full sub-buffers, each of which has a checksum.
    #[test]
    fn a_full_sub_buffer_that_is_not_what_was_written_is_left_out_whole_and_the_others_are_read(
        geometry in geometries(),
        mode in modes(),
        filling in Filling::any(),
        which in any::<prop::sample::Index>(),
        words in prop::collection::vec(any::<prop::sample::Index>(), 1..8),
        is_zeroed in any::<bool>(),
    ) {
        let ring = Guarded::new(geometry.stream_bytes());
        let written = adapter::write(&ring, geometry, mode, &filling);
        let whole = Harness::new(&ring, geometry, mode).recover_as_the_daemon_does();
        let full = adapter::full_memories(&ring, geometry);
        prop_assume!(!full.is_empty());
        let start = geometry.memory_offset(*which.get(&full)) / 4;
        let subbuf_words = geometry.subbuf_size_bytes() / 4;
        let places: BTreeSet<_> = words.iter().map(|at| start + at.index(subbuf_words)).collect();
        let mut is_changed = false;
        for place in places {
            let before = ring.word(place).load(Ordering::Relaxed);
            let after = if is_zeroed { 0 } else { !before };
            ring.word(place).store(after, Ordering::Relaxed);
            is_changed |= after != before;
        }
        let mut harness = Harness::new(&ring, geometry, mode);
        let left = harness.recover_as_the_daemon_does();
        prop_assert!(!harness.is_corrupt());
        prop_assert_eq!(harness.damaged(), u64::from(is_changed));
        if is_changed {
            // A full sub-buffer holds at least one record.
            prop_assert!(left.len() < whole.len());
            let mut written = written.iter();
            prop_assert!(left.iter().all(|payload| written.any(|other| other == payload)));
        } else {
            prop_assert_eq!(left, whole);
        }
    }
}

/// The write position is at the start of a sub-buffer that no writer has entered.
#[test]
fn a_ring_that_is_full_to_its_last_byte_comes_back() {
    let geometry = Geometry::new(4096, 2).expect("in range");
    // The first two records fill a sub-buffer each, and the others fill one together.
    let lengths = [1456, 2589, 2128, 65, 109, 29, 41, 1089, 89, 93, 113, 109, 41];
    for (mode, lengths_bytes) in [(Mode::Overwrite, &lengths[..]), (Mode::Discard, &lengths[1..])] {
        let ring = Guarded::new(geometry.stream_bytes());
        let filling = Filling { lengths_bytes: lengths_bytes.to_vec() };
        let written = adapter::write(&ring, geometry, mode, &filling);
        assert_comes_back(&ring, geometry, mode, &written);
    }
}

/// Records of one length, one behind the other up to the end of the sub-buffer. Where that is no multiple of the length,
/// the last one claims bytes of the next sub-buffer.
#[test]
fn a_walk_and_a_row_end_where_the_sub_buffer_does() {
    const SUBBUF_BYTES: usize = 4096;
    let geometry = Geometry::new(SUBBUF_BYTES as u64, 2).expect("in range");
    for length_bytes in 12..=80_usize {
        let ring = Guarded::new(geometry.stream_bytes());
        adapter::write(&ring, geometry, Mode::Discard, &Filling { lengths_bytes: vec![] });
        let stride = length_bytes.next_multiple_of(4);
        for offset in (0..=SUBBUF_BYTES).step_by(stride) {
            let word = ring.word((geometry.memory_offset(0) + offset) / 4);
            word.store(Frame::committed(FrameKind::Event, length_bytes), Ordering::Relaxed);
        }
        let mut harness = Harness::new(&ring, geometry, Mode::Discard);
        let payloads = harness.copy_row(SUBBUF_BYTES);
        assert_eq!(payloads.len(), SUBBUF_BYTES / stride, "{length_bytes}");
        let mut harness = Harness::new(&ring, geometry, Mode::Discard);
        let is_whole = SUBBUF_BYTES.is_multiple_of(stride);
        assert_eq!(harness.take(), is_whole.then_some(Take::Taken), "{length_bytes}");
        assert_eq!(harness.is_corrupt(), !is_whole, "{length_bytes}");
    }
}

#[test]
fn a_ring_that_changes_under_the_reader_s_feet_does_no_harm() {
    const SCRIBBLES: u64 = 1_000_000;
    let mut found = 0;
    for seed in 0..4 {
        let geometry = Geometry::new(4096, 2 << (seed % 2)).expect("in range");
        let ring = Guarded::new(geometry.stream_bytes());
        let mode = if seed < 2 { Mode::Discard } else { Mode::Overwrite };
        Noise::Frames(seed).fill(&ring, geometry);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut scribbler = Scribbler::new(seed);
                for _ in 0..SCRIBBLES {
                    scribbler.scribble(&ring, geometry);
                }
                is_over.store(true, Ordering::Relaxed);
            });
            for round in 0.. {
                // A reader that has found corruption stops at its stream; the next reader begins anew.
                let mut harness = Harness::of_changing(&ring, geometry, mode);
                for call in Call::some(round) {
                    harness.call(call);
                }
                found += harness.snapshot_as_the_daemon_does().len();
                found += harness.drain_as_the_daemon_does().len();
                found += harness.recover_as_the_daemon_does().len();
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
    }
    assert!(found > 0, "the scribbles are to look like records now and then");
}
