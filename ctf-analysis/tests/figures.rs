//! Figures of traces that were made by hand, against sums made by hand.

mod common;

use common::{LOST, Made, ORIGIN_NS, times};
use ctf::read::{Reader, Records};
use ctf_analysis::Stats;
use ctf_analysis::diff::Diff;
use ctf_analysis::report::Unmatched;
use std::path::Path;

const FUNCTIONS: &[(&str, &[&str])] = &[
    ("p:outer_entry", &["n"]),
    ("p:outer_exit", &[]),
    ("p:inner_entry", &[]),
    ("p:inner_exit", &[]),
    ("p:slow", &["path", "duration", "outcome"]),
    ("p:tick", &[]),
];

#[test]
fn events_are_counted_by_class_process_and_thread() {
    let made = Made::of(FUNCTIONS);
    made.thread(7, &[(100, "p:tick", &[]), (300, "p:slow", &[1, 2, 3]), (500, "p:tick", &[])]);
    made.thread(8, &[(200, "p:tick", &[]), (2100, "p:tick", &[])]);
    let other = Made::of_process(43, "other", "vtid", FUNCTIONS);
    other.thread(7, &[(50, "p:tick", &[])]);
    let mut stats = Stats::new(vec![]);
    for made in [&made, &other] {
        stats.read(Records::open(made.path()).unwrap(), |error| panic!("{error}"));
    }
    let report = stats.report();
    assert_eq!((report.events, report.duration_ns), (6, 2050));
    assert_eq!(report.first_ns, Some(ORIGIN_NS + 50));
    assert_eq!(report.last_ns, Some(ORIGIN_NS + 2100));
    assert_eq!(report.events_per_second, Some(6.0 / 2.05e-6));
    let classes: Vec<_> = report.classes.iter().map(|class| (&*class.name, class.events)).collect();
    assert_eq!(classes, [("p:tick", 5), ("p:slow", 1)]);
    let of_process = report
        .processes
        .iter()
        .map(|process| (process.pid, &*process.name, process.events, process.threads));
    assert_eq!(
        of_process.collect::<Vec<_>>(),
        [(Some(42), "prog", 5, 2), (Some(43), "other", 1, 1)]
    );
    let of_thread = report.threads.iter().map(|thread| (thread.pid, thread.tid, thread.events));
    assert_eq!(
        of_thread.collect::<Vec<_>>(),
        [(Some(42), Some(7), 3), (Some(42), Some(8), 2), (Some(43), Some(7), 1)]
    );
    assert!(!report.is_uncertain && !report.is_damaged);
}

/// Two threads run the same functions at the same time.
#[test]
fn entries_and_exits_of_a_thread_are_spans_within_each_other() {
    let made = Made::of(FUNCTIONS);
    made.thread(
        7,
        &[
            (1000, "p:outer_entry", &[1]),
            (1100, "p:inner_entry", &[]),
            (1150, "p:slow", &[0, 30, 0]),
            (1200, "p:inner_exit", &[]),
            (1900, "p:slow", &[0, 500, 0]),
            (2000, "p:outer_exit", &[]),
        ],
    );
    made.thread(
        8,
        &[
            (1050, "p:outer_entry", &[1]),
            (1120, "p:inner_entry", &[]),
            (1130, "p:inner_exit", &[]),
            (1250, "p:outer_exit", &[]),
        ],
    );
    let report = made.report();
    assert_eq!(
        times(&report),
        [
            ("p:outer", 2, 1200, Some(1000 - 100 - 500 + 200 - 10)),
            ("p:slow", 2, 530, Some(530)),
            ("p:inner", 2, 110, Some(70 + 10)),
        ]
    );
    assert_eq!(report.unmatched, Unmatched::default());
}

#[test]
fn what_has_no_partner_is_counted() {
    let made = Made::of(FUNCTIONS);
    made.thread(7, &[(10, "p:inner_exit", &[]), (20, "p:outer_entry", &[1])]);
    let report = made.report();
    assert_eq!(times(&report), []);
    assert_eq!(report.unmatched, Unmatched { entries: 1, exits: 1, ..Unmatched::default() });
}

/// Futures are polled by any thread, so their entries open nothing in a thread. A field that happens to be called `busy` makes
/// no future without a duration.
#[test]
fn futures_have_a_busy_time_and_no_place_in_a_thread() {
    let made = Made::of(&[
        ("p:work_entry", &["span"]),
        ("p:work_exit", &["span", "duration", "busy", "idle", "polls"]),
        ("p:request", &["id", "duration", "busy", "idle", "polls"]),
        ("app:load.close", &["span_id", "total_ns", "busy_ns", "idle_ns", "entered"]),
        ("p:outer_entry", &[]),
        ("p:outer_exit", &["busy"]),
    ]);
    made.thread(
        7,
        &[
            (100, "p:outer_entry", &[]),
            (110, "p:work_entry", &[1]),
            (400, "p:outer_exit", &[1]),
            (500, "p:request", &[1, 450, 100, 350, 2]),
        ],
    );
    made.thread(
        8,
        &[(600, "p:work_exit", &[1, 490, 90, 400, 3]), (700, "app:load.close", &[1, 77, 7, 70, 1])],
    );
    let report = made.report();
    assert_eq!(
        times(&report),
        [
            ("p:work", 1, 490, None),
            ("p:request", 1, 450, None),
            ("p:outer", 1, 300, Some(300)),
            ("app:load", 1, 77, None),
        ]
    );
    let busy: Vec<_> = report.spans.iter().map(|span| span.busy_ns).collect();
    assert_eq!(busy, [Some(90), Some(100), None, Some(7)]);
    assert_eq!(report.unmatched, Unmatched::default());
}

const TALK: &[(&str, &[&str])] =
    &[("p:sent", &["to", "id"]), ("p:answered", &["id", "from"]), ("p:tick", &[])];

#[test]
fn pairs_are_found_by_their_key_across_threads_or_by_their_thread() {
    let made = Made::of(TALK);
    made.thread(
        7,
        &[
            (100, "p:sent", &[9, 1]),
            (200, "p:sent", &[9, 2]),
            (300, "p:sent", &[9, 3]),
            (1000, "p:tick", &[]),
            (1700, "p:tick", &[]),
        ],
    );
    made.thread(
        8,
        &[
            (250, "p:answered", &[2, 1]),
            (400, "p:answered", &[1, 9]),
            (450, "p:answered", &[7, 9]),
            (1100, "p:tick", &[]),
        ],
    );
    let report = made.report_with(&["p:sent,p:answered,id", "p:tick,p:tick"]);
    assert_eq!(
        times(&report),
        [("p:tick..p:tick", 1, 700, None), ("p:sent..p:answered,id", 2, 350, None)]
    );
    let span = report.span("p:sent..p:answered,id").unwrap();
    assert_eq!((span.min_ns, span.max_ns), (50, 300));
    let expected =
        Unmatched { pairs_without_begin: 3, pairs_without_end: 3, ..Unmatched::default() };
    assert_eq!(report.unmatched, expected);
    // Nobody answers in the thread that asks, and no event has this field.
    let report = made.report_with(&["p:sent,p:answered", "p:sent,p:answered,nothing"]);
    assert_eq!(times(&report), []);
    assert_eq!(report.unmatched.pairs_without_key, 6);
}

/// A structure may have a field of any name.
#[test]
fn fields_within_structures_are_none_of_the_record() {
    let made = Made::of(&[
        ("p:begin", &["s{id duration}", "id", "more{id vtid}"]),
        ("p:end", &["id", "s{id busy}"]),
    ]);
    made.thread(7, &[(100, "p:begin", &[1, 99, 2, 3, 4]), (200, "p:end", &[2, 1, 1])]);
    let report = made.report_with(&["p:begin,p:end,id"]);
    assert_eq!(times(&report), [("p:begin..p:end,id", 1, 100, None)]);
    assert_eq!(report.threads[0].tid, Some(7));
}

#[test]
fn losses_are_told_with_their_stream_and_time_and_cut_open_spans() {
    let made = Made::of(FUNCTIONS);
    made.thread(
        7,
        &[
            (100, "p:outer_entry", &[1]),
            (200, "p:inner_entry", &[]),
            (12, LOST, &[]),
            (900, "p:inner_exit", &[]),
        ],
    );
    // Another thread is not concerned.
    made.thread(8, &[(100, "p:outer_entry", &[1]), (950, "p:outer_exit", &[])]);
    let report = made.report();
    assert_eq!((report.lost_events, report.missing_packets), (12, 0));
    assert!(report.is_uncertain && !report.is_damaged);
    let [loss] = &report.losses[..] else { panic!("{:?}", report.losses) };
    assert_eq!((loss.after_ns, loss.until_ns), (Some(ORIGIN_NS + 200), Some(ORIGIN_NS + 900)));
    assert!(loss.stream.ends_with("vtid-7"), "{loss:?}");
    let [stream] = &report.losses_by_stream[..] else { panic!("{:?}", report.losses_by_stream) };
    assert_eq!((&stream.stream, stream.lost_events), (&loss.stream, 12));
    assert_eq!(times(&report), [("p:outer", 1, 850, Some(850))]);
    let expected = Unmatched { entries_cut_by_losses: 2, exits: 1, ..Unmatched::default() };
    assert_eq!(report.unmatched, expected);
}

/// A packet's count of losses is that of its end: what it opens may be closed by an event that was lost behind it.
#[test]
fn entries_of_a_packet_with_losses_are_given_up_at_its_end() {
    let made = Made::of(FUNCTIONS);
    made.thread(
        7,
        &[
            (100, "p:tick", &[]),
            (3, LOST, &[]),
            (200, "p:outer_entry", &[1]),
            (300, "p:inner_entry", &[]),
            (400, "p:inner_exit", &[]),
            (0, LOST, &[]),
            (960, "p:outer_exit", &[]),
            (970, "p:outer_entry", &[1]),
            (0, LOST, &[]),
            (980, "p:outer_exit", &[]),
        ],
    );
    let report = made.report();
    assert_eq!(times(&report), [("p:inner", 1, 100, Some(100)), ("p:outer", 1, 10, Some(10))]);
    let expected = Unmatched { entries_cut_by_losses: 1, exits: 1, ..Unmatched::default() };
    assert_eq!(report.unmatched, expected);
}

#[test]
fn packets_that_are_missing_are_told_and_cut_open_spans() {
    let made = Made::of(FUNCTIONS);
    // A loss of nothing begins a packet.
    made.thread(
        7,
        &[
            (100, "p:outer_entry", &[1]),
            (0, LOST, &[]),
            (200, "p:outer_exit", &[]),
            (300, "p:outer_entry", &[1]),
            (0, LOST, &[]),
            (900, "p:outer_exit", &[]),
        ],
    );
    let report = made.report();
    assert_eq!(times(&report), [("p:outer", 2, 700, Some(700))]);
    let stream = made.path().join("vtid-7");
    let bytes = std::fs::read(&stream).unwrap();
    let is_begin = |at: &usize| bytes[*at..].starts_with(&0xC1FC_1FC1_u32.to_ne_bytes());
    let begins: Vec<_> = (0..bytes.len()).step_by(4096).filter(is_begin).collect();
    let [first, second, third] = begins[..] else { panic!("{begins:?}") };
    std::fs::write(&stream, [&bytes[first..second], &bytes[third..]].concat()).unwrap();
    let report = made.report();
    assert_eq!((report.missing_packets, report.lost_events, report.is_uncertain), (1, 0, true));
    assert_eq!(report.losses_by_stream[0].missing_packets, 1);
    assert_eq!(times(&report), []);
    let expected = Unmatched { entries_cut_by_losses: 1, exits: 1, ..Unmatched::default() };
    assert_eq!(report.unmatched, expected);
}

/// Streams of CPUs do not say whose the events are: several threads' entries would be mixed up.
#[test]
fn entries_of_unknown_threads_are_not_matched() {
    let made = Made::of_process(42, "prog", "cpu_id", FUNCTIONS);
    made.thread(
        0,
        &[(10, "p:outer_entry", &[1]), (90, "p:outer_exit", &[]), (100, "p:slow", &[1, 20, 1])],
    );
    let report = made.report_with(&["p:outer_entry,p:outer_exit"]);
    assert_eq!(times(&report), [("p:slow", 1, 20, None)]);
    let expected = Unmatched { without_thread: 2, pairs_without_key: 2, ..Unmatched::default() };
    assert_eq!(report.unmatched, expected);
    assert_eq!((report.threads[0].tid, report.processes[0].threads), (None, 0));
}

#[test]
fn a_stream_that_cannot_be_read_is_told_and_the_others_are_counted() {
    let made = Made::of(FUNCTIONS);
    made.thread(7, &[(100, "p:tick", &[])]);
    std::fs::write(made.path().join("broken"), [0x5a; 4096]).unwrap();
    let (mut stats, mut errors) = (Stats::new(vec![]), Vec::new());
    stats.read(Records::open(made.path()).unwrap(), |error| errors.push(error.to_string()));
    let report = stats.report();
    assert_eq!((report.events, report.is_damaged, report.is_uncertain), (1, true, true));
    assert!(errors.len() == 1 && errors[0].contains("broken"), "{errors:?}");
}

#[test]
fn names_are_harmless() {
    let made = Made::of_process(42, "\x1b[31mprog", "vtid", &[("p:\x1b]0;x\x07", &["duration"])]);
    made.thread(7, &[(100, "p:\x1b]0;x\x07", &[5])]);
    let report = made.report();
    assert_eq!(report.processes[0].name, r"\x1b[31mprog");
    assert_eq!(report.classes[0].name, r"p:\x1b]0;x\a");
    assert_eq!(report.spans[0].name, r"p:\x1b]0;x\a");
}

/// Traces of other writers, some of which only the general decoder reads: each event is counted, and a key is found by both ways
/// of reading.
#[test]
fn every_event_of_other_writers_is_counted() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ctf/tests/data");
    let ctf2 = std::fs::read_dir(data.join("ctf2")).unwrap();
    let traces = ctf2.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut read = 0;
    for path in traces.chain([data.join("lttng-ust")]) {
        let mut events = Vec::new();
        for event in Reader::open(&path).unwrap() {
            events.push(event.unwrap());
        }
        let pairs = events.iter().flat_map(|event| {
            let fields = event.fields.iter().flat_map(|fields| fields.fields());
            let names = event.trace.metadata.names;
            let of = fields.map(move |(name, value)| (names.shown(name).to_owned(), value));
            let of = of.filter(|(_, value)| value.as_integer().is_some());
            of.map(|(name, _)| format!("{0},{0},{name}", event.class.name))
        });
        let pairs: Vec<_> = pairs.take(1).map(|pair| pair.parse().unwrap()).collect();
        let mut stats = Stats::new(pairs.clone());
        stats.read(Records::open(&path).unwrap(), |error| panic!("{error}"));
        let report = stats.report();
        assert_eq!(report.events, events.len() as u64, "{}", path.display());
        for class in &report.classes {
            let count = events.iter().filter(|event| event.class.name == class.name).count();
            assert_eq!(class.events, count as u64, "{} {}", path.display(), class.name);
        }
        assert_eq!(report.unmatched.pairs_without_key, 0, "{} {pairs:?}", path.display());
        read += 1;
    }
    assert!(read > 9, "{read}");
}

#[test]
fn a_diff_begins_with_what_changed_most() {
    let before = Made::of(FUNCTIONS);
    before.thread(
        7,
        &[
            (100, "p:outer_entry", &[1]),
            (1100, "p:outer_exit", &[]),
            (1200, "p:inner_entry", &[]),
            (1300, "p:inner_exit", &[]),
            (2000, "p:tick", &[]),
        ],
    );
    let after = Made::of(FUNCTIONS);
    after.thread(
        7,
        &[
            (100, "p:outer_entry", &[1]),
            (900, "p:outer_exit", &[]),
            (1200, "p:inner_entry", &[]),
            (1700, "p:inner_exit", &[]),
            (1800, "p:slow", &[0, 10, 0]),
        ],
    );
    let diff = Diff::of(&before.report(), &after.report());
    let spans = diff
        .spans
        .iter()
        .map(|span| (&*span.name, span.total_change_ns, span.mean_change_ns, span.a.is_some()));
    assert_eq!(
        spans.collect::<Vec<_>>(),
        [
            ("p:inner", 400, Some(400), true),
            ("p:outer", -200, Some(-200), true),
            ("p:slow", 10, None, false),
        ]
    );
    let classes = diff.classes.iter().map(|class| (&*class.name, class.change, class.a, class.b));
    let changed: Vec<_> = classes.take(2).collect();
    assert_eq!(changed, [("p:slow", 1, 0, 1), ("p:tick", -1, 1, 0)]);
    assert_eq!((diff.a.events, diff.b.events), (5, 5));
}
