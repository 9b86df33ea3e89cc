//! Events of several threads, and of tasks that move between threads: none is missing, each is in its span, and times add up.

use std::collections::BTreeMap;
use ust_acceptance::judge::{self, Line};
use ust_acceptance::recording::Recording;
use ust_acceptance::skip;

/// What is known of a span.
#[derive(Debug, Default)]
struct Span {
    worker: u64,
    entered: u64,
    busy_ns: u64,
    threads: Vec<u64>,
    next: u64,
    is_closed: bool,
}

impl Span {
    #[track_caller]
    fn hear(&mut self, line: Line<'_>) {
        assert!(!self.is_closed, "after its end: {}", line.text);
        match line.event_of("spreads").expect("no other provider is asked for") {
            "work.new" => self.worker = line.number("worker"),
            "work.enter" => {
                self.entered += 1;
                // Streams of CPUs do not tell it.
                if line.text.contains("vtid") {
                    self.threads.push(line.number("vtid"));
                }
            }
            "work.exit" => self.busy_ns += line.number("busy_ns"),
            "work.close" => {
                self.is_closed = true;
                assert_eq!(line.number("entered"), self.entered);
                assert_eq!(line.number("busy_ns"), self.busy_ns);
                let parts = line.number("busy_ns") + line.number("idle_ns");
                assert_eq!(line.number("total_ns"), parts);
            }
            _ => {
                assert_eq!(line.number("worker"), self.worker, "in another's span: {}", line.text);
                assert_eq!(line.number("sequence"), self.next, "{}", line.text);
                self.next += 1;
            }
        }
    }
}

/// The spans, once it is certain that nothing is missing.
#[track_caller]
fn record(how: &str, workers: u64, events: u64, buffers: &str) -> Vec<Span> {
    let recording = Recording::of("spreads").arg(how).arg(workers).arg(events);
    let options = ["-e", "spreads:*", "--subbuf-size", "4M", "--buffers", buffers];
    let recorded = recording.options(options).run().succeeded();
    let mut spans = BTreeMap::<u64, Span>::new();
    let read = judge::babeltrace2(&recorded.trace(), |line| {
        spans.entry(line.number("span_id")).or_default().hear(line);
    });
    assert_eq!(recorded.summary().lost_in_all(), 0);
    assert_eq!(recorded.summary().recorded, read);
    assert_eq!(spans.len() as u64, workers);
    for span in spans.values() {
        assert!(span.is_closed && span.next == events, "{span:?}");
    }
    spans.into_values().collect()
}

#[test]
fn threads_have_all_their_events_in_their_spans() {
    if skip::judges_are_here() {
        for span in record("threads", 4, 5_000, "per-thread") {
            assert_eq!(span.entered, 5_000);
            assert!(span.threads.iter().all(|thread| *thread == span.threads[0]));
        }
    }
}

#[test]
fn tasks_have_all_their_events_in_their_spans_whichever_thread_polls_them() {
    if !skip::judges_are_here() {
        return;
    }
    for buffers in ["per-thread", "per-cpu"] {
        let spans = record("tasks", 40, 500, buffers);
        // A poll after each event, one before the first; and a span is entered once more to be dropped.
        assert!(spans.iter().all(|span| span.entered == 502), "{:?}", spans[0].entered);
    }
}

/// Each poll on the other thread.
#[test]
fn a_span_that_crosses_threads_at_each_poll_is_one_span() {
    if !skip::judges_are_here() {
        return;
    }
    for span in record("hands", 3, 40, "per-thread") {
        assert_eq!(span.entered, 42);
        // The last one enters it to drop the future.
        let polls = &span.threads[..41];
        assert!(polls.windows(2).all(|two| two[0] != two[1]), "{polls:?}");
    }
}
