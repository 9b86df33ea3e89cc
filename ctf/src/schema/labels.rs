//! The labels of an enumeration, found by number.
//!
//! ```text
//!   labels    "low" 0 ... 3      "two" 2      "high" 4 ... 9
//!
//!                 0      2     3     4      10             cuts: a label begins, or the one before has ended
//!            "" | low  | low | low | high |  ""            segments: between two cuts all numbers have the same labels
//!                      | two |
//!
//!                        .------ 1 ------.
//!                    .-- 2 --.       .-- 3 --.             a tree over the segments (here four): a label is listed at
//!                    4       5       6       7             the fewest nodes that together cover its segments
//! ```
//!
//! The labels of a number are those listed between its segment's leaf and the root. A label is listed at few nodes,
//! however wide its range is, so overlapping ranges take little memory. And a number is found in few steps, however
//! many labels there are.

use std::iter::{from_fn, successors};
use std::ops::Range;
use std::sync::Arc;

/// A name, and the first and last number that have it.
pub type Label = (Arc<str>, i128, i128);

/// The labels of an enumeration. Their ranges may overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    all: Vec<Label>,
    /// Ascending.
    cuts: Vec<i128>,
    /// What is listed at each node, ascending: places in `all`. The children of node n are 2n and 2n + 1. There is no
    /// node 0. The leaves are the second half.
    nodes: Vec<Vec<usize>>,
}

impl Labels {
    /// These labels, in the order of their declaration.
    pub(crate) fn new(all: Vec<Label>) -> Labels {
        let mut cuts: Vec<i128> =
            all.iter().flat_map(|(_, low, high)| [*low, behind(*high)]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let segments = cuts.len() + 1;
        let mut labels = Labels { all, cuts, nodes: vec![Vec::new(); 2 * segments] };
        for (at, (_, low, high)) in labels.all.iter().enumerate() {
            let covered = segment(&labels.cuts, *low)..segment(&labels.cuts, behind(*high));
            cover(covered, segments, |node| labels.nodes[node].push(at));
        }
        labels
    }

    /// All of them, in the order of their declaration.
    pub fn all(&self) -> &[Label] {
        &self.all
    }

    /// Those of a number of 64 bits, in the order of their declaration.
    pub fn of(&self, number: i128) -> impl Iterator<Item = &Label> {
        let leaf = self.nodes.len() / 2 + segment(&self.cuts, number);
        let mut next = 0;
        from_fn(move || {
            let to_the_root =
                successors(Some(leaf), |node| Some(node / 2).filter(|node| *node > 0));
            let first = |node: usize| {
                let listed = &self.nodes[node];
                listed.get(listed.partition_point(|at| *at < next)).copied()
            };
            let at = to_the_root.filter_map(first).min()?;
            next = at + 1;
            self.all.get(at)
        })
    }
}

/// Where a label's range has ended. No number of 64 bits is as large as the largest of 128.
fn behind(high: i128) -> i128 {
    high.saturating_add(1)
}

/// The segment of a number.
fn segment(cuts: &[i128], number: i128) -> usize {
    cuts.partition_point(|cut| *cut <= number)
}

/// The fewest nodes that together cover these segments, of a tree with so many leaves. No segments, if they end before
/// they begin.
fn cover(segments: Range<usize>, leaves: usize, mut at: impl FnMut(usize)) {
    let (mut from, mut until) = (leaves + segments.start, leaves + segments.end);
    while from < until {
        // A node whose sibling is not covered is listed itself; otherwise their parent is.
        if from % 2 == 1 {
            at(from);
            from += 1;
        }
        if until % 2 == 1 {
            until -= 1;
            at(until);
        }
        from /= 2;
        until /= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names<'l>(labels: impl Iterator<Item = &'l Label>) -> Vec<&'l str> {
        labels.map(|(name, ..)| &**name).collect()
    }

    #[test]
    fn a_number_has_the_labels_around_it_in_the_order_of_their_declaration() {
        let declared =
            [("high", 4, 9), ("two", 2, 2), ("low", 0, 3), ("none", 8, 5), ("two", 2, 3)];
        let labels = declared.map(|(name, low, high)| (Arc::from(name), low, high));
        let labels = Labels::new(labels.into());
        let of = |number| names(labels.of(number));
        assert_eq!([of(-1), of(10)], [[""; 0]; 2]);
        assert_eq!(of(2), ["two", "low", "two"]);
        assert_eq!([of(0), of(4), of(9)], [["low"], ["high"], ["high"]]);
        assert_eq!(names(Labels::new(Vec::new()).of(0)), [""; 0]);
    }

    /// Otherwise ranges within ranges would fill all memory.
    #[test]
    fn ranges_within_ranges_are_listed_at_few_nodes() {
        let all: Vec<Label> = (0..1000).map(|n| (Arc::from("nested"), -n, n)).collect();
        let labels = Labels::new(all);
        assert_eq!(labels.of(0).count(), 1000);
        let listed: usize = labels.nodes.iter().map(Vec::len).sum();
        assert!(listed < 1000 * 2 * 11, "{listed} of 2000 segments");
    }

    proptest! {
        #[test]
        fn they_are_those_that_a_look_at_each_finds(
            ranges in prop::collection::vec((-20..20_i128, -20..20_i128), 0..30),
            extreme in prop::bool::ANY,
        ) {
            let widest = extreme.then_some((i128::MIN, i128::MAX));
            let ranges = ranges.into_iter().chain(widest).enumerate();
            let all: Vec<Label> =
                ranges.map(|(at, (low, high))| (Arc::from(at.to_string()), low, high)).collect();
            let labels = Labels::new(all.clone());
            for number in (-22..22).chain([i64::MIN.into(), u64::MAX.into()]) {
                let expected = all.iter().filter(|(_, low, high)| (*low..=*high).contains(&number));
                prop_assert_eq!(names(labels.of(number)), names(expected));
            }
        }
    }
}
