//! A record larger than a sub-buffer is counted as `records_lost_big`, and harms nothing else.
//!
//! The count stands in the closing line and in the summary. The program goes on and ends well. Its other records are all
//! there, also one that just fits.

use ust_acceptance::{judge, recording::Recording, skip};

const COUNT: u64 = 3;

#[test]
fn a_record_larger_than_a_sub_buffer_is_counted_as_big() {
    if !skip::judges_are_here() {
        return;
    }
    // The note at each sub-buffer's beginning; text, NUL, number, long header, frame word.
    let just_fits = 4096 - 16 - 1 - 8 - 13 - 4;
    for (bytes, lost) in
        [(just_fits, 0), (just_fits + 1, COUNT), (1 << 20, COUNT), (100 << 20, COUNT)]
    {
        // Larger by what no thread's first records take.
        let options = ["--subbuf-size", "4096", "--subbufs", "16"];
        let recorded =
            Recording::of("big_records").options(options).arg(bytes).arg(COUNT).run().succeeded();
        let summary = recorded.summary();
        assert_eq!(
            summary.lost.get("records_lost_big").copied().unwrap_or(0),
            lost,
            "{bytes}: {summary:?}"
        );
        assert_eq!(summary.lost_in_all(), lost, "{bytes}: {summary:?}");
        assert_eq!(summary.recorded, 2 * COUNT + 1 - lost);
        assert_eq!(judge::count(&recorded.trace()), summary.recorded);
        if lost > 0 {
            let closing = recorded.closing_line();
            assert!(closing.contains("3 lost (records_lost_big 3)"), "{closing}");
        }
    }
}
