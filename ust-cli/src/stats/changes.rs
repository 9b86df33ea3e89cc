//! What changed between two recordings, as tables.

use super::text::Lines;
use crate::figures::{counted, duration, grouped};
use ctf_analysis::diff::{ClassChange, Diff, Figures, Side, SpanChange};

/// The changes, with lists of at most `top` lines.
pub fn text(diff: &Diff, top: usize) -> String {
    let mut lines = Lines { text: String::new(), top };
    for (name, side) in [("A", &diff.a), ("B", &diff.b)] {
        lines.line(of_side(name, side));
    }
    if diff.spans.is_empty() {
        lines.line("No durations in either.".to_owned());
    } else {
        lines.line("Durations, the greatest change of the total first:".to_owned());
        let pairs = ["count", "total", "p50", "p99"]
            .map(|name| format!("{:>12}{:>12}", format!("{name} A"), format!("{name} B")));
        lines.line(format!("{:>13}{:>9}{}  name", "total", "change", pairs.concat()));
        lines.items(&diff.spans, of_span);
    }
    let changed: Vec<_> = diff.classes.iter().filter(|class| class.change != 0).collect();
    if changed.is_empty() {
        lines.line("As many events of each class.".to_owned());
    } else {
        lines.line("Events, the greatest change first:".to_owned());
        let (a, b) = ("A", "B");
        lines.line(format!("{:>13}{:>9}{a:>12}{b:>12}  class", "events", "change"));
        lines.items(&changed, |class| of_class(class));
    }
    lines.text
}

fn of_side(name: &str, side: &Side) -> String {
    let (events, time) = (counted(side.events, "event", "events"), duration(side.duration_ns));
    let lost = match (side.lost_events, side.is_uncertain) {
        (0, false) => String::new(),
        (0, true) => "; uncertain: a part is missing".to_owned(),
        (lost, _) => format!("; uncertain: {} lost", counted(lost, "event", "events")),
    };
    format!("{name}: {events} in {time}{lost}")
}

fn of_span(change: &SpanChange) -> String {
    let sign = if change.total_change_ns < 0 { '-' } else { '+' };
    let total = format!("{sign}{}", duration(change.total_change_ns.unsigned_abs()));
    let of = |of: &dyn Fn(Figures) -> String| {
        let shown = |figures: Option<Figures>| figures.map_or("-".to_owned(), of);
        format!("{:>12}{:>12}", shown(change.a), shown(change.b))
    };
    let totals = (change.a.map_or(0, |a| a.total_ns), change.b.map_or(0, |b| b.total_ns));
    let columns = [
        of(&|figures| grouped(figures.count)),
        of(&|figures| duration(figures.total_ns)),
        of(&|figures| duration(figures.p50_ns)),
        of(&|figures| duration(figures.p99_ns)),
    ];
    format!("{total:>13}{:>9}{}  {}", share(totals.0, totals.1), columns.concat(), change.name)
}

fn of_class(class: &ClassChange) -> String {
    let ClassChange { name, change, a, b } = class;
    let sign = if *change < 0 { '-' } else { '+' };
    let shown = format!("{sign}{}", grouped(change.unsigned_abs()));
    format!("{shown:>13}{:>9}{:>12}{:>12}  {name}", share(*a, *b), grouped(*a), grouped(*b))
}

/// How much more it is: `+12.3%`, `new`, `gone`.
fn share(a: u64, b: u64) -> String {
    match (a, b) {
        (0, 0) => String::new(),
        (0, _) => "new".to_owned(),
        (_, 0) => "gone".to_owned(),
        (a, b) if b / a >= 10 => format!("x{}", grouped(b / a)),
        (a, b) => format!("{:+.1}%", (b as f64 / a as f64 - 1.0) * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_as_people_say_it() {
        for (a, b, shown) in [
            (0, 0, ""),
            (0, 5, "new"),
            (5, 0, "gone"),
            (100, 112, "+12.0%"),
            (100, 50, "-50.0%"),
            (3, 3000, "x1,000"),
        ] {
            assert_eq!(share(a, b), shown);
        }
    }
}
