//! Pairs of events that the user names: how long after an event of the one class that of the other one comes.
//!
//! With a key, the two events have the same value in that field, whichever threads of the process they are from. Without one,
//! they are from the same thread. Several that have begun end in the reverse order.

use crate::fields::Key;
use crate::limits::OPEN_PAIRS_MAX;
use std::collections::HashMap;

/// Where an event looks for its partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In its thread.
    Thread(u32),
    /// In its process, with this key.
    Process(u32, Key),
}

/// The pairs that have begun.
#[derive(Debug, Default)]
pub struct Pairs {
    open: HashMap<(usize, Place), Vec<i64>>,
    count: usize,
    /// Ends whose beginning did not come.
    pub ends_alone: u64,
    /// Beginnings for which there was no room.
    pub left_out: u64,
}

impl Pairs {
    pub fn begin(&mut self, pair: usize, place: Place, now_ns: i64) {
        if self.count == OPEN_PAIRS_MAX {
            self.left_out += 1;
            return;
        }
        self.count += 1;
        self.open.entry((pair, place)).or_default().push(now_ns);
    }

    /// How long it took; `None` if it had not begun.
    pub fn end(&mut self, pair: usize, place: Place, now_ns: i64) -> Option<u64> {
        let key = (pair, place);
        let begun = self.open.get_mut(&key).and_then(|begun| {
            let last = begun.pop();
            last.map(|ns| (ns, begun.is_empty()))
        });
        let Some((begun_ns, was_last)) = begun else {
            self.ends_alone += 1;
            return None;
        };
        self.count -= 1;
        if was_last {
            self.open.remove(&key);
        }
        Some(now_ns.saturating_sub(begun_ns).max(0).cast_unsigned())
    }

    /// The trace ends: returns those whose end did not come.
    pub fn finish(&mut self) -> u64 {
        self.open.clear();
        std::mem::take(&mut self.count) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_are_found_in_their_place_and_the_last_that_began_ends_first() {
        let mut pairs = Pairs::default();
        let (one, other) = (Place::Thread(1), Place::Process(1, Key::Number(1)));
        pairs.begin(0, one, 10);
        pairs.begin(0, other, 20);
        pairs.begin(0, other, 30);
        pairs.begin(1, other, 35);
        assert_eq!(pairs.end(0, other, 50), Some(20));
        assert_eq!(pairs.end(0, Place::Process(2, Key::Number(1)), 50), None);
        assert_eq!(pairs.end(0, other, 60), Some(40));
        assert_eq!(pairs.end(0, other, 61), None);
        assert_eq!(pairs.end(0, one, 70), Some(60));
        assert_eq!((pairs.open.len(), pairs.ends_alone), (1, 2));
        assert_eq!((pairs.finish(), pairs.finish()), (1, 0));
    }

    #[test]
    fn what_has_begun_is_bounded() {
        let mut pairs = Pairs::default();
        let place = |n: usize| Place::Process(0, Key::Number(n as i128));
        (0..OPEN_PAIRS_MAX + 5).for_each(|n| pairs.begin(0, place(n), 0));
        assert_eq!((pairs.count, pairs.left_out), (OPEN_PAIRS_MAX, 5));
        assert_eq!(pairs.end(0, place(0), 7), Some(7));
        pairs.begin(0, place(0), 8);
        assert_eq!(pairs.left_out, 5);
    }
}
