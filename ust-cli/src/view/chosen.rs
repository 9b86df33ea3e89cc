//! Which events are printed.

use super::moment::{Extent, Moment};
use ctf::read::{Class, Record};
use ust_core::protocol::glob_matches;

/// Which events are printed, as the command line says it.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Print only events of these names: `provider:name`, with `*` and `?`
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,
    /// Print only events from this time on: 12:09:33.5, 2026-11-28T12:09:33, seconds since 1970, +1.5s (after the
    /// first event), -5s (before the last one)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    begin: Option<Moment>,
    /// Print only events up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    end: Option<Moment>,
    /// Print only the first N events of those
    #[arg(long, value_name = "N", conflicts_with = "last")]
    pub first: Option<u64>,
    /// Print only the last N events of those
    #[arg(long, value_name = "N")]
    pub last: Option<usize>,
}

/// The same for one trace.
#[derive(Debug)]
pub struct Chosen {
    events: Vec<String>,
    begin: Option<Moment>,
    end: Option<Moment>,
    /// When the trace ends, if a time depends on it.
    last_ns: Option<i64>,
    /// Both times in nanoseconds since 1970, from the first event on.
    between: Option<(i64, i64)>,
    /// By the numbers of classes, whether they are wanted.
    classes: Vec<Option<bool>>,
}

/// Whether an event is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Wanted,
    /// It is not.
    Unwanted,
    /// Neither this one nor any later one is.
    Over,
}

impl Choice {
    /// Whether it must be known when the trace ends.
    pub fn needs_last(&self) -> bool {
        [self.begin, self.end].into_iter().flatten().any(Moment::needs_last)
    }

    /// The choice for a trace that ends then, if that is known.
    pub fn of(&self, last_ns: Option<i64>) -> Chosen {
        let (events, begin, end) = (self.events.clone(), self.begin, self.end);
        Chosen { events, begin, end, last_ns, between: None, classes: Vec::new() }
    }
}

impl Chosen {
    /// Whether an event is printed. Events are asked for in the order of time.
    #[inline]
    pub fn verdict(&mut self, record: &Record<'_>) -> Verdict {
        let now_ns = record.time_ns();
        if !record.has_time() {
            // It is at no time, so it is within none.
            let is_at_any = self.begin.is_none() && self.end.is_none();
            return if is_at_any && self.is_named(record) {
                Verdict::Wanted
            } else {
                Verdict::Unwanted
            };
        }
        let (begin, end) = match self.between {
            Some(between) => between,
            None => self.resolve(now_ns),
        };
        if now_ns > end {
            return Verdict::Over;
        }
        if now_ns >= begin && self.is_named(record) { Verdict::Wanted } else { Verdict::Unwanted }
    }

    #[inline]
    fn is_named(&mut self, record: &Record<'_>) -> bool {
        let number = record.class_number();
        let known = self.classes.get(number).copied().flatten();
        known.unwrap_or_else(|| self.look_at(number, record.class()))
    }

    #[cold]
    fn resolve(&mut self, first_ns: i64) -> (i64, i64) {
        let extent = Extent { first_ns, last_ns: self.last_ns.unwrap_or(first_ns) };
        let resolved = |moment: Option<Moment>, or| moment.map_or(or, |it| it.resolve(extent));
        *self.between.insert((resolved(self.begin, i64::MIN), resolved(self.end, i64::MAX)))
    }

    #[cold]
    fn look_at(&mut self, number: usize, class: &Class) -> bool {
        let name = &class.event.name;
        let is_named =
            self.events.is_empty() || self.events.iter().any(|glob| glob_matches(glob, name));
        if self.classes.len() <= number {
            self.classes.resize(number + 1, None);
        }
        self.classes[number] = Some(is_named);
        is_named
    }
}
