//! Which spans of a thread lie within which: matches exits with entries, and takes from each span what its children took.
//!
//! ```text
//!   a_entry     b { duration }    c_entry c_exit    a_exit
//!      |          [=====]            [=====]           |          a: duration less those of b and c
//!   open: a     ended: b          ended: b, c       ended: a      only the outermost ones are kept
//! ```
//!
//! A span of one record says at its end when it began, so a span that has ended may turn out to be within a later one. The
//! spans of a thread nest. So when one that began at `t` ends, all that have ended after `t` were within it: the last ones of
//! `ended`. Ends are compared because they are the times of records. A span's beginning is reckoned from its duration, which
//! was taken a little before its record.
//!
//! What is kept is bounded. An ended span that finds no room is taken from the open span around it at once. If it was within a
//! span of one record, the self times of that one and of the span around it are unknown.

use crate::limits::{DEPTH_MAX, ENDED_MAX, ENDED_OF_THREAD_MAX, OPEN_MAX};
use crate::spans::{Ended, SpanId};
use std::collections::VecDeque;

/// What went wrong with entries and exits.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Unmatched {
    /// Entries whose exit did not come.
    pub entries: u64,
    /// Exits whose entry did not come.
    pub exits: u64,
    /// Entries that were given up because events of the thread were lost.
    pub cut_by_losses: u64,
    /// Entries for which there was no room.
    pub too_deep: u64,
}

/// What all threads share.
#[derive(Debug, Default)]
pub struct Held {
    /// How many spans are open.
    open: usize,
    /// How many that have ended are kept.
    ended: usize,
    pub unmatched: Unmatched,
}

/// The spans of one thread.
#[derive(Debug, Default)]
pub struct Nesting {
    open: Vec<Open>,
    ended: VecDeque<Past>,
    /// Entries beyond the greatest depth, whose exits come first.
    too_deep: u64,
    /// The last end of those that found no room.
    forgotten_ns: Option<i64>,
}

#[derive(Debug)]
struct Open {
    span: SpanId,
    begun_ns: i64,
    /// Of children that are no longer kept. `None` if a part of it may be within one that is kept.
    children_ns: Option<u64>,
}

#[derive(Debug)]
struct Past {
    ended_ns: i64,
    duration_ns: u64,
}

impl Nesting {
    /// A span begins.
    pub fn enter(&mut self, span: SpanId, now_ns: i64, held: &mut Held) {
        if self.too_deep > 0 || self.open.len() == DEPTH_MAX || held.open == OPEN_MAX {
            self.too_deep += 1;
            held.unmatched.too_deep += 1;
            return;
        }
        held.open += 1;
        self.open.push(Open { span, begun_ns: now_ns, children_ns: Some(0) });
    }

    /// A span ends. `None` if its beginning is not known.
    pub fn exit(&mut self, span: SpanId, now_ns: i64, held: &mut Held) -> Option<Ended> {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return None;
        }
        let Some(at) = self.open.iter().rposition(|open| open.span == span) else {
            held.unmatched.exits += 1;
            return None;
        };
        let begun_ns = self.open[at].begun_ns;
        // Those within it were left without an exit, and what was within them is within it.
        let closed = self.open.drain(at..);
        held.unmatched.entries += closed.len() as u64 - 1;
        held.open -= closed.len();
        let forgotten_ns = closed.map(|open| open.children_ns).try_fold(0, sum);
        let duration_ns = now_ns.saturating_sub(begun_ns).max(0).cast_unsigned();
        let within_ns = self.take_within(begun_ns, held);
        self.push(Past { ended_ns: now_ns, duration_ns }, held);
        let self_ns =
            forgotten_ns.map(|more| duration_ns.saturating_sub(within_ns.saturating_add(more)));
        Some(Ended { duration_ns, self_ns, busy_ns: None })
    }

    /// A span of one record, which is written at its end.
    pub fn whole(&mut self, now_ns: i64, duration_ns: u64, held: &mut Held) -> Ended {
        let begun_ns = now_ns.saturating_sub_unsigned(duration_ns);
        let within_ns = self.take_within(begun_ns, held);
        let is_known = self.forgotten_ns.is_none_or(|forgotten| forgotten <= begun_ns);
        if !is_known && let Some(around) = self.around(begun_ns) {
            around.children_ns = None;
        }
        self.push(Past { ended_ns: now_ns, duration_ns }, held);
        let self_ns = is_known.then(|| duration_ns.saturating_sub(within_ns));
        Ended { duration_ns, self_ns, busy_ns: None }
    }

    /// Events of the thread were lost: whatever is open may have ended.
    pub fn cut(&mut self, held: &mut Held) {
        held.unmatched.cut_by_losses += self.open.len() as u64;
        held.open -= self.open.len();
        self.open.clear();
        self.too_deep = 0;
    }

    /// The trace ends.
    pub fn end(&mut self, held: &mut Held) {
        held.unmatched.entries += self.open.len() as u64;
        held.open -= self.open.len();
        held.ended -= self.ended.len();
        *self = Nesting::default();
    }

    /// How long those took that have ended after this.
    fn take_within(&mut self, begun_ns: i64, held: &mut Held) -> u64 {
        let mut within_ns = 0_u64;
        while let Some(past) = self.ended.back()
            && past.ended_ns > begun_ns
        {
            within_ns = within_ns.saturating_add(past.duration_ns);
            self.ended.pop_back();
            held.ended -= 1;
        }
        within_ns
    }

    fn push(&mut self, past: Past, held: &mut Held) {
        self.ended.push_back(past);
        held.ended += 1;
        let is_too_much = self.ended.len() > ENDED_OF_THREAD_MAX || held.ended > ENDED_MAX;
        if is_too_much && let Some(Past { ended_ns, duration_ns }) = self.ended.pop_front() {
            held.ended -= 1;
            if let Some(around) = self.around(ended_ns) {
                around.children_ns = sum(duration_ns, around.children_ns);
            }
            self.forgotten_ns = self.forgotten_ns.max(Some(ended_ns));
        }
    }

    /// The innermost open span that had begun before.
    fn around(&mut self, ns: i64) -> Option<&mut Open> {
        self.open.iter_mut().rev().find(|open| open.begun_ns < ns)
    }
}

fn sum(sum: u64, more: Option<u64>) -> Option<u64> {
    more.map(|more| sum.saturating_add(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SpanId = 0;
    const B: SpanId = 1;

    fn times(ended: Option<Ended>) -> Option<(u64, Option<u64>)> {
        ended.map(|ended| (ended.duration_ns, ended.self_ns))
    }

    #[test]
    fn children_of_both_kinds_are_taken_from_the_span_around_them_and_grandchildren_are_not() {
        let (mut of, mut held) = (Nesting::default(), Held::default());
        // Before it: none of its children.
        of.whole(90, 50, &mut held);
        of.enter(A, 100, &mut held);
        of.whole(130, 20, &mut held);
        of.enter(B, 140, &mut held);
        of.whole(150, 5, &mut held);
        assert_eq!(times(of.exit(B, 160, &mut held)), Some((20, Some(15))));
        // One record around another one and around half of nothing else.
        of.whole(180, 4, &mut held);
        let outer = of.whole(190, 25, &mut held);
        assert_eq!((outer.duration_ns, outer.self_ns), (25, Some(21)));
        assert_eq!(times(of.exit(A, 200, &mut held)), Some((100, Some(100 - 20 - 20 - 25))));
        // Around all of it, and around the one before.
        let all = of.whole(210, 205, &mut held);
        assert_eq!(all.self_ns, Some(205 - 100 - 50));
        of.end(&mut held);
        assert_eq!((held.open, held.ended, held.unmatched), (0, 0, Unmatched::default()));
    }

    #[test]
    fn recursion_is_matched_from_the_innermost_on() {
        let (mut of, mut held) = (Nesting::default(), Held::default());
        for now in [0, 10, 30] {
            of.enter(A, now, &mut held);
        }
        let mut left = |now| times(of.exit(A, now, &mut held));
        assert_eq!(left(40), Some((10, Some(10))));
        assert_eq!(left(60), Some((50, Some(40))));
        assert_eq!(left(100), Some((100, Some(50))));
        assert_eq!(left(101), None);
        assert_eq!(held.unmatched, Unmatched { exits: 1, ..Unmatched::default() });
    }

    #[test]
    fn an_exit_that_is_missing_costs_its_own_span_only() {
        let (mut of, mut held) = (Nesting::default(), Held::default());
        of.enter(A, 0, &mut held);
        of.enter(B, 10, &mut held);
        of.whole(30, 7, &mut held);
        assert_eq!(times(of.exit(A, 100, &mut held)), Some((100, Some(93))));
        of.enter(A, 200, &mut held);
        of.end(&mut held);
        assert_eq!(held.unmatched, Unmatched { entries: 2, ..Unmatched::default() });
        assert_eq!((held.open, held.ended), (0, 0));
    }

    #[test]
    fn losses_leave_no_entry_for_a_later_exit() {
        let (mut of, mut held) = (Nesting::default(), Held::default());
        of.enter(A, 0, &mut held);
        of.cut(&mut held);
        assert_eq!(times(of.exit(A, 50, &mut held)), None);
        let expected = Unmatched { exits: 1, cut_by_losses: 1, ..Unmatched::default() };
        assert_eq!((held.open, held.unmatched), (0, expected));
    }

    #[test]
    fn what_is_too_deep_is_counted_and_its_exits_close_nothing_else() {
        let (mut of, mut held) = (Nesting::default(), Held::default());
        let deep = DEPTH_MAX as i64 + 3;
        (0..deep).for_each(|now| of.enter(A, now, &mut held));
        let ended = (0..deep).filter_map(|now| of.exit(A, deep + now, &mut held));
        assert_eq!(ended.count(), DEPTH_MAX);
        assert_eq!(held.unmatched, Unmatched { too_deep: 3, ..Unmatched::default() });
    }

    #[test]
    fn any_number_of_children_is_kept_in_bounded_memory_and_taken_from_the_span_around() {
        let (mut of, mut held) = (Nesting::default(), Held::default());
        let children = ENDED_OF_THREAD_MAX as i64 + 1000;
        of.enter(A, 0, &mut held);
        for at in 0..children {
            of.whole(at * 10 + 9, 4, &mut held);
            assert!(held.ended <= ENDED_OF_THREAD_MAX);
        }
        let duration = children as u64 * 10;
        let expected = (duration, Some(duration - children as u64 * 4));
        assert_eq!(times(of.exit(A, duration as i64, &mut held)), Some(expected));
    }

    #[test]
    fn all_threads_together_keep_no_more_than_the_limit_and_still_measure() {
        let mut held = Held::default();
        let mut threads: Vec<_> = (0..40).map(|_| Nesting::default()).collect();
        for of in &mut threads {
            for at in 0..ENDED_OF_THREAD_MAX as i64 {
                of.whole(at * 10, 4, &mut held);
            }
        }
        assert_eq!(held.ended, ENDED_MAX);
        for of in &mut threads {
            let now = ENDED_OF_THREAD_MAX as i64 * 10;
            of.enter(A, now, &mut held);
            of.whole(now + 5, 3, &mut held);
            assert_eq!(times(of.exit(A, now + 10, &mut held)), Some((10, Some(7))));
            of.end(&mut held);
        }
        assert_eq!((held.open, held.ended, held.unmatched), (0, 0, Unmatched::default()));
    }

    #[test]
    fn a_self_time_that_is_not_known_is_not_told() {
        let (mut of, mut held) = (Nesting::default(), Held::default());
        of.enter(A, 0, &mut held);
        let children = ENDED_OF_THREAD_MAX as i64 + 1000;
        for at in 1..=children {
            of.whole(at * 10, 4, &mut held);
        }
        let end = children * 10 + 1;
        let around = of.whole(end, end as u64 - 1, &mut held);
        assert_eq!((around.duration_ns, around.self_ns), (end as u64 - 1, None));
        assert_eq!(times(of.exit(A, end + 1, &mut held)), Some((end as u64 + 1, None)));
    }
}
