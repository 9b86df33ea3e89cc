//! Reports as text.

use super::descriptors::Others;
use super::heap::{HeapReport, SiteFigures, StackFigures};
use super::io::IoReport;
use super::locks::{LockReport, LocksReport};
use super::sites::Site;
use crate::figures::{bar, counted, duration, grouped};
use std::fmt::Write;

/// The figures of a process that can be shown.
pub trait Text {
    /// What losses make of them.
    const UNCERTAIN: &'static str;

    /// Their lines, indented.
    fn write(&self, text: &mut String);

    /// Their call sites, which get their names later.
    fn sites(&mut self) -> Vec<&mut Site>;
}

/// A line of a report.
macro_rules! line {
    ($text:expr, $($format:tt)*) => {
        // Writing to a String cannot fail.
        _ = writeln!($text, $($format)*)
    };
}

impl Text for HeapReport {
    const UNCERTAIN: &'static str = "a block whose free was lost counts as live and as leaked, and an allocation that was lost is missing everywhere";

    fn write(&self, text: &mut String) {
        let counts = &self.counts;
        line!(
            text,
            "  total: {}, {}, {} allocated",
            counted(counts.allocations, "allocation", "allocations"),
            counted(counts.frees, "free", "frees"),
            bytes(counts.allocated_bytes)
        );
        let others = [
            (
                counts.frees_of_unknown,
                ("free", "frees"),
                "of what was allocated unseen: before the recording began, or by a parent",
            ),
            (counts.unseen_frees, ("block", "blocks"), "freed unseen: the address was given again"),
            (counts.failed, ("call", "calls"), "got no memory"),
        ];
        for (count, (one, many), what) in others.into_iter().filter(|(count, ..)| *count > 0) {
            line!(text, "  {} {what}", counted(count, one, many));
        }
        line!(
            text,
            "  peak: {} in {}, {} after the first event",
            bytes(self.peak.bytes),
            counted(self.peak.blocks, "block", "blocks"),
            duration(self.peak.since_start_ns as u64)
        );
        let live = &self.live_at_end;
        line!(
            text,
            "  live at the end: {} in {}, from {}",
            bytes(live.bytes),
            counted(live.blocks, "block", "blocks"),
            counted(self.leaking_sites, "call site", "call sites")
        );
        self.leaks.iter().for_each(|leak| of_site(leak, text));
        of_stacks("live at the end, by call stack", &self.leaking_stacks, text);
        of_stacks("live at the peak, by call stack", &self.peak_stacks, text);
        line!(text, "  call sites by bytes:");
        self.top_by_bytes.iter().for_each(|one| of_site(one, text));
        line!(text, "  call sites by count:");
        self.top_by_count.iter().for_each(|one| of_site(one, text));
        line!(text, "  sizes:");
        let most = self.sizes.iter().map(|sizes| sizes.count).max();
        for sizes in &self.sizes {
            let range = format!("{} to {}", grouped(sizes.from_bytes), grouped(sizes.to_bytes));
            line!(text, "    {range:>26}  {:>12} {}", grouped(sizes.count), bar(sizes.count, most));
        }
        line!(text, "  live bytes over time, the largest value of each interval:");
        let most = self.live_over_time.iter().map(|point| point.bytes).max();
        for point in &self.live_over_time {
            let since = duration(point.since_start_ns);
            line!(text, "    {since:>12}  {:>16} {}", grouped(point.bytes), bar(point.bytes, most));
        }
    }

    fn sites(&mut self) -> Vec<&mut Site> {
        let lists = [&mut self.leaks, &mut self.top_by_bytes, &mut self.top_by_count];
        let sites = lists.into_iter().flatten().map(|one| &mut one.site);
        let stacks = [&mut self.leaking_stacks, &mut self.peak_stacks].into_iter().flatten();
        sites.chain(stacks.flat_map(|one| &mut one.frames)).collect()
    }
}

fn of_site(one: &SiteFigures, text: &mut String) {
    let blocks = counted(one.blocks, "block", "blocks");
    line!(text, "    {:>16} bytes in {blocks:<16} {}", grouped(one.bytes), one.site);
}

fn of_stacks(what: &str, stacks: &[StackFigures], text: &mut String) {
    if stacks.is_empty() {
        return;
    }
    line!(text, "  {what}:");
    for one in stacks {
        let blocks = counted(one.blocks, "block", "blocks");
        line!(text, "    {:>16} bytes in {blocks}", grouped(one.bytes));
        one.frames.iter().for_each(|frame| line!(text, "        {frame}"));
    }
}

impl Text for LocksReport {
    const UNCERTAIN: &'static str = "waits and holds that were lost are missing from every sum";

    fn write(&self, text: &mut String) {
        line!(
            text,
            "  {}, {}, waited {}",
            counted(self.locks, "lock", "locks"),
            counted(self.waits, "wait", "waits"),
            duration(self.wait_ns)
        );
        self.most_contended.iter().for_each(|lock| of_lock(lock, text));
    }

    fn sites(&mut self) -> Vec<&mut Site> {
        let waiters = self.most_contended.iter_mut().flat_map(|lock| &mut lock.waiters);
        waiters.map(|one| &mut one.site).collect()
    }
}

fn of_lock(lock: &LockReport, text: &mut String) {
    line!(
        text,
        "  {} {}: taken {}, {} {} in all, longest {}",
        lock.kind,
        lock.address,
        counted(lock.acquisitions, "time", "times"),
        counted(lock.waits, "wait", "waits"),
        duration(lock.wait_ns),
        duration(lock.longest_wait_ns)
    );
    if lock.failed > 0 {
        line!(text, "    {} failed", counted(lock.failed, "attempt", "attempts"));
    }
    if lock.holds > 0 {
        let by = lock.longest_held_by.map_or(String::new(), |tid| format!(" by thread {tid}"));
        let (held, longest) = (duration(lock.held_ns), duration(lock.longest_hold_ns));
        line!(
            text,
            "    held {held} in {}, longest {longest}{by}",
            counted(lock.holds, "hold", "holds")
        );
    }
    for holder in &lock.held_by {
        let name = holder.name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
        let waits = counted(holder.waits, "wait", "waits");
        line!(text, "    {waits}, {} for thread {}{name}", duration(holder.wait_ns), holder.tid);
    }
    for waiter in &lock.waiters {
        let waits = counted(waiter.waits, "wait", "waits");
        line!(text, "    {waits}, {} at {}", duration(waiter.wait_ns), waiter.site);
    }
}

impl Text for IoReport {
    const UNCERTAIN: &'static str = "calls that were lost are missing from every sum, and a descriptor whose opening or closing was lost may bear \
         another's name";

    fn write(&self, text: &mut String) {
        line!(text, "  slowest calls:");
        for call in &self.slowest {
            let fd = call.fd.map_or(String::new(), |fd| format!(" on {fd}"));
            let on = call.on.as_ref().map_or(String::new(), |on| format!(" {on}"));
            let result = match (call.errno, call.result) {
                (0, Some(result)) => format!(" = {result}"),
                (0, None) => String::new(),
                (errno, _) => format!(" failed: {}", error(errno, call.error)),
            };
            let by = call.tid.map_or(String::new(), |tid| format!(", thread {tid}"));
            line!(
                text,
                "    {:>12}  {}{fd}{on}{result}{by}",
                duration(call.duration_ns),
                call.function
            );
        }
        line!(text, "  descriptors by time:");
        for one in &self.descriptors {
            let (time, calls) = (duration(one.duration_ns), counted(one.calls, "call", "calls"));
            let (read, written) = (bytes(one.read_bytes), bytes(one.written_bytes));
            let (fd, name) = (one.fd, &one.stands_for);
            let errors = match one.errors {
                0 => String::new(),
                errors => format!(", {}", counted(errors, "error", "errors")),
            };
            line!(
                text,
                "    {time:>12}  {fd} {name}: {calls}, {read} read, {written} written{errors}"
            );
        }
        let Others { descriptors, calls, read_bytes, written_bytes, duration_ns } =
            self.other_descriptors;
        if descriptors > 0 {
            let (time, calls) = (duration(duration_ns), counted(calls, "call", "calls"));
            let others = counted(descriptors, "other", "others");
            let (read, written) = (bytes(read_bytes), bytes(written_bytes));
            line!(text, "    {time:>12}  {others}: {calls}, {read} read, {written} written");
        }
        line!(text, "  errors:");
        for one in &self.errors {
            line!(
                text,
                "    {:>12}  {} {}",
                grouped(one.count),
                one.function,
                error(one.errno, one.error)
            );
        }
        line!(text, "  functions by time:");
        for one in &self.functions {
            let calls = counted(one.calls, "call", "calls");
            let errors = counted(one.errors, "error", "errors");
            let (time, longest) = (duration(one.duration_ns), duration(one.longest_ns));
            let bytes = bytes(one.bytes);
            line!(
                text,
                "    {time:>12}  {}: {calls}, longest {longest}, {bytes}, {errors}",
                one.function
            );
        }
    }

    fn sites(&mut self) -> Vec<&mut Site> {
        vec![]
    }
}

fn error(errno: i64, name: Option<&str>) -> String {
    name.map_or_else(|| format!("error {errno}"), |name| format!("{name} ({errno})"))
}

fn bytes(count: u64) -> String {
    counted(count, "byte", "bytes")
}
