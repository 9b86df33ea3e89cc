//! The numbers of a packet and a record so far, where a later field finds its length or what it is.
//!
//! ```text
//!   packet header, packet context | event header, contexts, payload | event header, ...
//!   '---- kept for the packet ----' '----- kept for the record -----' forgotten
//!
//!   struct { u8 n; struct { u8 m; } s; T a[s.m]; T b[n]; }
//!            ^     ^        ^ ^     ^
//!          n = 2   '- open  | |     '- closed: s.m is found through it, and nothing in it otherwise
//!                     m = 3-' '- as long as s is open, m is found without it
//! ```
//!
//! A search in a structure looks at its own fields, the last one first, and jumps over what is in them. Elements of an
//! array are forgotten one by one: no field behind them can mean one of them.
//!
//! What a variant's tag chooses by name is the only field of a structure: paths lead to it by the option's name.

use std::sync::Arc;

use crate::schema::{EnumType, Path, Scope};

/// A number that may be a length or say what is chosen.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) number: i128,
    pub(super) labels: Option<Arc<EnumType>>,
}

/// See the module's page.
#[derive(Debug, Default)]
pub(super) struct Trail {
    seen: Vec<Seen>,
    /// Where the fields of each structure begin that is being read, from the outermost on.
    open: Vec<usize>,
    /// The parts so far, and where each begins.
    parts: Vec<(Scope, usize)>,
}

#[derive(Debug)]
struct Seen {
    name: Arc<str>,
    what: What,
}

#[derive(Debug)]
enum What {
    Number(Number),
    /// A field that is being read; those in it follow.
    Open,
    /// A field that was read; those in it are between this and `from`.
    Closed {
        from: usize,
    },
}

/// Fields of one structure: from here to there, and the structure's place in `open` if it is being read.
#[derive(Clone, Copy)]
struct Within {
    from: usize,
    until: usize,
    open: Option<usize>,
}

impl Trail {
    /// How much is seen now; [`forget`](Trail::forget) drops what follows.
    pub(super) fn mark(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn forget(&mut self, mark: usize) {
        self.seen.truncate(mark);
        while self.parts.pop_if(|(_, from)| *from >= mark).is_some() {}
    }

    /// Drops an array's element, behind which no field can refer to it.
    pub(super) fn forget_element(&mut self, mark: usize) {
        self.seen.truncate(mark);
    }

    /// What follows is in another part.
    pub(super) fn begin_part(&mut self, scope: Scope) {
        self.open.clear();
        self.parts.push((scope, self.seen.len()));
    }

    pub(super) fn begin_struct(&mut self) {
        self.open.push(self.seen.len());
    }

    pub(super) fn end_struct(&mut self) {
        self.open.pop();
    }

    /// A field begins that may have others in it. Returns what ends it.
    pub(super) fn begin_field(&mut self, name: &Arc<str>) -> usize {
        self.seen.push(Seen { name: Arc::clone(name), what: What::Open });
        self.seen.len() - 1
    }

    /// Ends a field that has turned out to be this number, or none.
    pub(super) fn end_field(&mut self, from: usize, number: Option<Number>) {
        let name = Arc::clone(&self.seen[from].name);
        let what = match number {
            None if from + 1 < self.seen.len() => What::Closed { from },
            number => {
                self.seen.truncate(from);
                match number {
                    Some(number) => What::Number(number),
                    None => return,
                }
            }
        };
        self.seen.push(Seen { name, what });
    }

    /// A field was read that is a number.
    pub(super) fn number(&mut self, name: &Arc<str>, number: Number) {
        self.seen.push(Seen { name: Arc::clone(name), what: What::Number(number) });
    }

    /// The number at a path, if it was read.
    pub(super) fn find(&self, path: &Path) -> Option<&Number> {
        let within = match (path.scope, path.up) {
            (Some(scope), _) => self.part(self.parts.iter().rposition(|(it, _)| *it == scope)?),
            (None, Some(up)) => self.structure(self.open.len().checked_sub(1 + up as usize)?),
            (None, None) => {
                let structs = (0..self.open.len()).rev().map(|at| self.structure(at));
                let parts = (0..self.parts.len().saturating_sub(1)).rev().map(|at| self.part(at));
                let has_first = |within: &Within| {
                    self.last(*within, path.first(), |what| !matches!(what, What::Open)).is_some()
                };
                structs.chain(parts).find(has_first)?
            }
        };
        self.find_in(within, path)
    }

    fn find_in(&self, mut within: Within, path: &Path) -> Option<&Number> {
        let (last, around) = path.names.split_last()?;
        for name in around {
            let at = self.last(within, name, |what| !matches!(what, What::Number(_)))?;
            within = match self.seen[at].what {
                What::Closed { from } => Within { from: from + 1, until: at, open: None },
                _ => self.structure(within.open? + 1),
            };
        }
        let at = self.last(within, last, |what| matches!(what, What::Number(_)))?;
        match &self.seen[at].what {
            What::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The last field of that name in a structure, of those that are `meant`.
    fn last(&self, within: Within, name: &str, meant: impl Fn(&What) -> bool) -> Option<usize> {
        let mut at = within.until;
        while at > within.from {
            at -= 1;
            let seen = &self.seen[at];
            if *seen.name == *name && meant(&seen.what) {
                return Some(at);
            }
            if let What::Closed { from } = seen.what {
                at = from;
            }
        }
        None
    }

    /// The structure at that place in `open`; without fields if there is none.
    fn structure(&self, at: usize) -> Within {
        let until = self.open.get(at + 1).copied().unwrap_or(self.seen.len());
        let from = self.open.get(at).copied().unwrap_or(until);
        Within { from, until, open: Some(at) }
    }

    /// The outermost structure of the part at that place in `parts`.
    fn part(&self, at: usize) -> Within {
        match self.parts.get(at + 1) {
            Some((_, until)) => Within { from: self.parts[at].1, until: *until, open: None },
            None => self.structure(0),
        }
    }
}
