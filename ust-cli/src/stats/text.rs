//! A report as tables.

use crate::figures::{counted, duration, grouped};
use ctf::text::Printer;
use ctf_analysis::report::{Loss, Report, Span, Unmatched};

const UNCERTAIN: &str = "events that were lost are in no figure, and a function whose entry or exit was lost has no duration";

/// The report, with lists of at most `top` lines.
pub fn text(report: &Report, top: usize) -> String {
    let mut lines = Lines { text: String::new(), top };
    let mut times = Printer::new();
    let (Some(first), Some(last)) = (report.first_ns, report.last_ns) else {
        lines.line("There are no events.".to_owned());
        losses(report, &mut times, &mut lines);
        return lines.text;
    };
    let rate =
        report.events_per_second.map_or(String::new(), |rate| format!(" ({})", per_second(rate)));
    let (events, time) = (counted(report.events, "event", "events"), duration(report.duration_ns));
    let (first, last) = (times.time(first), times.time(last));
    lines.line(format!("{events} in {time}{rate}, from {first} to {last}"));
    losses(report, &mut times, &mut lines);

    lines.list("Events by class:", &report.classes, |class| {
        let rate = class.events_per_second.map_or(String::new(), per_second);
        format!("{:>12}  {rate:>20}  {}", grouped(class.events), class.name)
    });
    lines.list("Events by process:", &report.processes, |process| {
        let threads = match process.threads {
            0 => String::new(),
            count => format!(", {}", counted(count, "thread", "threads")),
        };
        format!("{:>12}  {} {}{threads}", grouped(process.events), of(process.pid), process.name)
    });
    lines.list("Events by thread:", &report.threads, |thread| {
        let (tid, pid) = (of(thread.tid), of(thread.pid));
        format!("{:>12}  {tid} of process {pid} {}", grouped(thread.events), thread.process)
    });
    if report.spans.is_empty() {
        lines.line(
            "No durations: no event has a field `duration`, none is the entry or exit of a function. Name two events with \
             --pair."
                .to_owned(),
        );
    } else {
        let has_busy = report.spans.iter().take(top).any(|span| span.busy_ns.is_some());
        lines.line("Durations, the greatest total first:".to_owned());
        lines.text += &header(has_busy);
        lines.items(&report.spans, |span| durations(span, has_busy).trim_end().to_owned());
    }
    for line in unmatched(&report.unmatched) {
        lines.line(format!("note: {line}"));
    }
    lines.text
}

/// Text that grows by lines.
pub(super) struct Lines {
    pub(super) text: String,
    /// How long a list may be.
    pub(super) top: usize,
}

impl Lines {
    pub(super) fn line(&mut self, line: String) {
        self.text += &line;
        self.text.push('\n');
    }

    fn list<T>(&mut self, title: &str, all: &[T], line: impl Fn(&T) -> String) {
        self.line(title.to_owned());
        self.items(all, line);
    }

    /// The first ones of a list, and how many there are more.
    pub(super) fn items<T>(&mut self, all: &[T], line: impl Fn(&T) -> String) {
        all.iter().take(self.top).for_each(|one| self.line(line(one)));
        if all.len() > self.top {
            self.line(format!(
                "{:>12}",
                format!("... {} more", grouped((all.len() - self.top) as u64))
            ));
        }
    }
}

fn losses(report: &Report, times: &mut Printer, lines: &mut Lines) {
    if report.is_uncertain {
        let mut what = Vec::new();
        if report.lost_events > 0 {
            what.push(format!("{} lost", counted(report.lost_events, "event", "events")));
        }
        if report.missing_packets > 0 {
            what.push(format!("{} missing", counted(report.missing_packets, "packet", "packets")));
        }
        if report.is_damaged {
            what.push("a part of the trace unreadable".to_owned());
        }
        lines.line(format!("Uncertain, with {}: {UNCERTAIN}", what.join(", ")));
    } else {
        lines.line("Nothing was lost.".to_owned());
    }
    if report.losses.is_empty() {
        return;
    }
    lines.list("Lost by stream:", &report.losses_by_stream, |one| {
        format!("{}  {}", amounts(one.lost_events, one.missing_packets), one.stream)
    });
    let when: Vec<_> = report.losses.iter().map(|loss| when(loss, times)).collect();
    lines.list("Lost, in the order of the trace:", &when, String::clone);
}

fn when(loss: &Loss, times: &mut Printer) -> String {
    let mut time = |ns: Option<i64>| ns.map(|ns| times.time(ns));
    let when = match (time(loss.after_ns), time(loss.until_ns)) {
        (Some(after), Some(until)) => format!("between {after} and {until}"),
        (None, Some(until)) => format!("before {until}"),
        (Some(after), None) => format!("after {after}"),
        (None, None) => "at an unknown time".to_owned(),
    };
    format!("{}  {when}: {}", amounts(loss.lost_events, loss.missing_packets), loss.stream)
}

/// `12 events, 2 packets`, without what is none.
fn amounts(events: u64, packets: u64) -> String {
    let amounts = [(events, "event", "events"), (packets, "packet", "packets")];
    let some = amounts.into_iter().filter(|(count, ..)| *count > 0);
    let some: Vec<_> = some.map(|(count, one, many)| counted(count, one, many)).collect();
    format!("{:>19}", some.join(", "))
}

/// The names of the columns.
pub(super) fn header(has_busy: bool) -> String {
    let busy = if has_busy { format!("{:>11}", "busy") } else { String::new() };
    let [count, total, own] = ["count", "total", "self"];
    let quantiles = ["min", "p50", "p90", "p99", "max"].map(|name| format!("{name:>11}")).concat();
    format!("{count:>12}{total:>11}{own:>11}{busy}{quantiles}  name\n")
}

/// The line of a name.
pub(super) fn durations(span: &Span, has_busy: bool) -> String {
    let known = |ns: Option<u64>| format!("{:>11}", ns.map_or("-".to_owned(), duration));
    let busy = if has_busy { known(span.busy_ns) } else { String::new() };
    let Span { total_ns, min_ns, p50_ns, p90_ns, p99_ns, max_ns, .. } = *span;
    let quantiles = [min_ns, p50_ns, p90_ns, p99_ns, max_ns].map(|ns| known(Some(ns))).concat();
    let (count, total, own) = (grouped(span.count), known(Some(total_ns)), known(span.self_ns));
    format!("{count:>12}{total}{own}{busy}{quantiles}  {}\n", span.name)
}

fn per_second(rate: f64) -> String {
    if rate >= 100.0 {
        format!("{} a second", grouped(rate.round() as u64))
    } else {
        format!("{rate:.2} a second")
    }
}

/// A number of a process or a thread.
fn of<T: std::fmt::Display>(id: Option<T>) -> String {
    id.map_or("of unknown id".to_owned(), |id| id.to_string())
}

fn unmatched(unmatched: &Unmatched) -> Vec<String> {
    let Unmatched {
        entries,
        exits,
        entries_cut_by_losses,
        without_thread,
        pairs_without_end,
        pairs_without_begin,
        pairs_without_key,
        beyond_limits,
        names_beyond_limits,
        losses_not_listed,
    } = *unmatched;
    let of_entries = ("entry", "entries");
    let notes = [
        (entries, of_entries, "without an exit: the function had not ended, or was left by a jump"),
        (exits, ("exit", "exits"), "without an entry: the function had begun before the recording"),
        (
            entries_cut_by_losses,
            of_entries,
            "given up because later events of the thread were lost",
        ),
        (
            without_thread,
            ("entry or exit", "entries and exits"),
            "of unknown threads: streams of CPUs do not say whose they are",
        ),
        (pairs_without_end, ("pair", "pairs"), "without an end"),
        (pairs_without_begin, ("pair", "pairs"), "without a begin"),
        (
            pairs_without_key,
            ("event of a pair", "events of pairs"),
            "without the key, or of an unknown thread",
        ),
        (beyond_limits, ("span", "spans"), "not measured: too many were open at one time"),
        (
            names_beyond_limits,
            ("class", "classes"),
            "of spans not measured: there are too many names",
        ),
        (losses_not_listed, ("loss", "losses"), "not listed"),
    ];
    let told = notes.into_iter().filter(|(count, ..)| *count > 0);
    told.map(|(count, (one, many), what)| format!("{} {what}", counted(count, one, many))).collect()
}
