//! Call stacks, each a number.
//!
//! ```text
//!   malloc <- parse <- main          1: parse   2: parse <- main
//!   malloc <- parse <- test          1: parse                      3: parse <- test
//! ```
//!
//! Stacks that begin with the same frames share them, from the call site outwards. Their number is bounded: a stack that would
//! need one more node than that is known by its innermost frames, and by its call site at least.

use std::collections::HashMap;

/// How many there may be beside the call sites themselves.
const NODES_MAX: usize = 1 << 21;

/// A frame, and the frames within it.
#[derive(Debug, Clone, Copy)]
struct Node {
    site: u32,
    within: Option<u32>,
    /// The innermost frame.
    call_site: u32,
}

/// See the module page.
#[derive(Debug, Default)]
pub struct Stacks {
    nodes: Vec<Node>,
    numbers: HashMap<(Option<u32>, u32), u32>,
}

impl Stacks {
    /// The number of a stack of these frames: a call site, and those around it, from the innermost on.
    pub fn number(&mut self, call_site: u32, callers: impl Iterator<Item = u32>) -> u32 {
        let mut number = self.node(None, call_site, call_site);
        for site in callers {
            let is_full = self.nodes.len() >= NODES_MAX;
            if is_full && !self.numbers.contains_key(&(Some(number), site)) {
                break;
            }
            number = self.node(Some(number), site, call_site);
        }
        number
    }

    fn node(&mut self, within: Option<u32>, site: u32, call_site: u32) -> u32 {
        let new = self.nodes.len() as u32;
        let number = *self.numbers.entry((within, site)).or_insert(new);
        if number == new {
            self.nodes.push(Node { site, within, call_site });
        }
        number
    }

    /// The call site of a stack.
    pub fn call_site(&self, number: u32) -> u32 {
        self.nodes[number as usize].call_site
    }

    /// The frames of a stack, the call site first.
    pub fn frames(&self, number: u32) -> Vec<u32> {
        let node = |number: u32| self.nodes[number as usize];
        let outwards = std::iter::successors(Some(node(number)), |it| it.within.map(node));
        let mut frames: Vec<_> = outwards.map(|it| it.site).collect();
        frames.reverse();
        frames
    }

    /// Whether any is more than a call site.
    pub fn have_callers(&self) -> bool {
        self.nodes.iter().any(|node| node.within.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_told_apart_and_found_again() {
        let mut stacks = Stacks::default();
        let alone = stacks.number(7, [].into_iter());
        assert!(!stacks.have_callers());
        let by_main = stacks.number(7, [8, 9].into_iter());
        let by_test = stacks.number(7, [8, 3].into_iter());
        let of_another = stacks.number(6, [8, 9].into_iter());
        let numbers = [alone, by_main, by_test, of_another];
        let frames = numbers.map(|number| stacks.frames(number));
        assert_eq!(frames, [vec![7], vec![7, 8, 9], vec![7, 8, 3], vec![6, 8, 9]]);
        assert_eq!(numbers.map(|number| stacks.call_site(number)), [7, 7, 7, 6]);
        assert_eq!(stacks.number(7, [8, 9].into_iter()), by_main);
        assert!(stacks.have_callers());
    }
}
