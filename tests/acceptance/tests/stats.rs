//! `ust stats` over recordings of real programs: its figures are those that Python reckons from what bt2 reads.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;

/// Of a clock that counts nanoseconds, bt2 has the same times to the nanosecond. It rounds those of others twice.
const CLOCK: [&str; 2] = ["--clock", "monotonic"];

fn nests(threads: u64, rounds: u64, pause_us: u64) -> Recorded {
    let recording = Recording::of("nests").options(CLOCK).options(["--mode", "block"]);
    let recorded = recording.arg(threads).arg(rounds).arg(pause_us).run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    recorded
}

#[track_caller]
fn stats(options: &[&str], traces: &[&Path]) -> String {
    let mut command = Command::new(binaries::ust());
    let report = run(command.arg("stats").args(options).args(traces)).succeeded();
    assert_eq!(report.stderr, "");
    report.stdout
}

#[track_caller]
fn json(options: &[&str], traces: &[&Path]) -> Value {
    let options = [&["--json"], options].concat();
    serde_json::from_str(&stats(&options, traces)).expect("JSON")
}

fn number(of: &Value) -> u64 {
    of.as_u64().unwrap_or_else(|| panic!("{of} is no number"))
}

/// The value that so many of a hundred do not exceed.
fn quantile(sorted: &[u64], percent: usize) -> u64 {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

/// Whether the report is what Python reckons from the same trace. `has_self` says of which names it knows the self time.
#[track_caller]
fn agrees(report: &Value, trace: &Path, has_self: impl Fn(&str) -> bool) {
    let theirs: Value = serde_json::from_str(&judge::python("stats.py", &[trace])).expect("JSON");
    let list = |name: &str| report[name].as_array().expect("a list");
    let tally = |name: &str, key: &str| -> Value {
        let key = |one: &Value| match &one[key] {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        list(name).iter().map(|one| (key(one), one["events"].clone())).collect()
    };
    assert_eq!(tally("classes", "name"), theirs["classes"]);
    assert_eq!(tally("processes", "pid"), theirs["processes"]);
    let by_thread: u64 = list("threads").iter().map(|one| number(&one["events"])).sum();
    assert_eq!(by_thread, number(&report["events"]));
    assert_eq!((&report["first_ns"], &report["last_ns"]), (&theirs["first"], &theirs["last"]));
    assert_eq!(report["lost_events"], theirs["lost"]);

    let spans = theirs["spans"].as_object().expect("an object");
    assert_eq!(list("spans").len(), spans.len());
    for span in list("spans") {
        let name = span["name"].as_str().expect("a name");
        let of = &spans[name];
        let durations = of["durations"].as_array().expect("a list").iter().map(number);
        let mut durations: Vec<_> = durations.collect();
        durations.sort_unstable();
        assert_eq!(number(&span["count"]), durations.len() as u64, "{name}");
        assert_eq!(number(&span["total_ns"]), durations.iter().sum::<u64>(), "{name}");
        assert_eq!(number(&span["min_ns"]), durations[0], "{name}");
        assert_eq!(Some(&number(&span["max_ns"])), durations.last(), "{name}");
        for (percent, field) in [(50, "p50_ns"), (90, "p90_ns"), (99, "p99_ns")] {
            let (ours, theirs) = (number(&span[field]), quantile(&durations, percent));
            assert!(ours.abs_diff(theirs) * 100 <= theirs, "{name} {field}: {ours}, not {theirs}");
        }
        let in_buckets = span["histogram"].as_array().expect("a list");
        let in_buckets: u64 = in_buckets.iter().map(|bucket| number(&bucket["count"])).sum();
        assert_eq!(in_buckets, durations.len() as u64, "{name}");
        if has_self(name) {
            assert_eq!(span["self_ns"], of["self"], "{name}");
        }
        if !span["busy_ns"].is_null() || of["busy"] != 0 {
            assert_eq!(span["busy_ns"], of["busy"], "{name}");
        }
    }
    let unmatched = report["unmatched"].as_object().expect("an object");
    assert!(unmatched.values().all(|count| *count == 0), "{unmatched:?}");
}

#[test]
fn figures_are_what_python_reckons_from_the_same_trace() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = nests(3, 200, 10);
    let report = json(&[], &[&recorded.trace()]);
    agrees(&report, &recorded.trace(), |name| name != "nests:pause");
    let spans = report["spans"].as_array().expect("a list");
    let span = |name: &str| spans.iter().find(|span| span["name"] == name).expect("the span");
    assert_eq!(number(&span("nests:outer")["count"]), 600);
    // Two calls in a round, and one more for each number that 4 divides.
    assert_eq!(number(&span("nests:inner")["count"]), 3 * (400 + 100));
    // Nothing happens while it sleeps.
    assert_eq!(span("nests:pause")["self_ns"], span("nests:pause")["total_ns"]);
    assert_eq!(report["threads"].as_array().map(Vec::len), Some(3));

    let recorded = Recording::of("instrumented").options(CLOCK).run().succeeded();
    let report = json(&[], &[&recorded.trace()]);
    let is_of_entries = |name: &str| matches!(name, "fns:add" | "fns:fetch" | "fns:Cache_insert");
    agrees(&report, &recorded.trace(), is_of_entries);
}

#[test]
fn requests_of_an_async_server_are_what_python_reckons() {
    if !skip::judges_are_here() {
        return;
    }
    let server = binaries::program_of("ust-examples", "slow_request");
    let recorded = Recording::of_path(server).options(CLOCK).run().succeeded();
    let report = json(&[], &[&recorded.trace()]);
    agrees(&report, &recorded.trace(), |_| false);
    // The moment of the longest one leads to it.
    let longest = &report["spans"][0];
    assert_eq!(longest["name"], "shop:request");
    let mut found = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.time_ns == number(&longest["longest_at_ns"]) {
            found.push(line.number("duration"));
        }
    });
    assert!(found.contains(&number(&longest["max_ns"])), "{found:?} {longest:#}");
}

/// The names of the documents' parts are in the page that describes them.
#[test]
fn the_page_has_each_name_of_the_documents() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/stats.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let recording = Recording::of("flood").options(["--subbuf-size", "4K", "--subbufs", "2"]);
    let (flood, nests) = (recording.arg(1).arg(1_000_000).run().succeeded(), nests(1, 1, 0));
    let traces = [&*flood.trace(), &*nests.trace()];
    for document in [json(&[], &traces), json(&["--diff"], &traces)] {
        let mut names = BTreeSet::new();
        names_of(&document, &mut names);
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }
}

fn names_of(document: &Value, names: &mut BTreeSet<String>) {
    match document {
        Value::Array(all) => all.iter().for_each(|one| names_of(one, names)),
        Value::Object(all) => all.iter().for_each(|(name, one)| {
            names.insert(name.clone());
            names_of(one, names);
        }),
        _ => {}
    }
}

#[test]
fn a_pair_with_a_key_takes_what_is_between_its_events() {
    let recorded = nests(2, 50, 10);
    let report = json(
        &["--pair", "nests:asked,nests:answered,id", "--pair", "nests:asked,nests:answered"],
        &[&recorded.trace()],
    );
    let spans = report["spans"].as_array().expect("a list");
    let of = |name: &str| {
        let span = spans.iter().find(|span| span["name"] == name).expect("the span");
        (number(&span["count"]), number(&span["total_ns"]))
    };
    // Each thread waits for its own answer, so both ways find the same.
    let (by_key, by_thread) =
        (of("nests:asked..nests:answered,id"), of("nests:asked..nests:answered"));
    assert_eq!(by_key, by_thread);
    assert_eq!(by_key.0, 100);
    assert!(by_key.1 > of("nests:outer").1 + of("nests:pause").1, "{report:#}");
}

/// A joined trace has the processes in the context of each event, and one stream.
#[test]
fn a_joined_trace_has_the_figures_of_its_processes() {
    if !skip::judges_are_here() {
        return;
    }
    let program = binaries::program("nests");
    let script = format!("{0} 2 30 10 & {0} 1 40 10; wait", program.display());
    let recording =
        Recording::of_path("/bin/sh".into()).options(CLOCK).options(["--mode", "block"]);
    let recorded = recording.arg("-c").arg(script).run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    let joined = recorded.path("joined");
    let mut join = Command::new(binaries::ust());
    run(join.arg("join").arg(recorded.trace()).arg("-o").arg(&joined)).succeeded();
    let report = json(&[], &[&joined]);
    agrees(&report, &joined, |name| name != "nests:pause");
    let apart = json(&[], &[&recorded.trace()]);
    for part in ["events", "classes", "processes", "threads", "spans", "first_ns", "last_ns"] {
        assert_eq!(report[part], apart[part], "{part}");
    }
    assert_eq!(report["processes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn losses_are_told_with_their_stream_and_time() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("flood").options(CLOCK);
    let recording = recording.options(["--subbuf-size", "4K", "--subbufs", "2"]);
    let recorded = recording.arg(2).arg(2_000_000).run().succeeded();
    let lost = recorded.summary().lost_in_all();
    assert!(lost > 0, "nothing was lost");
    let report = json(&[], &[&recorded.trace()]);
    agrees(&report, &recorded.trace(), |_| false);
    assert_eq!((number(&report["lost_events"]), &report["is_uncertain"]), (lost, &true.into()));
    let sum = |list: &str| -> u64 {
        let list = report[list].as_array().expect("a list").iter();
        list.map(|loss| number(&loss["lost_events"])).sum()
    };
    assert_eq!(sum("losses_by_stream"), lost);
    let not_listed = number(&report["unmatched"]["losses_not_listed"]);
    assert!(sum("losses") == lost || not_listed > 0 && sum("losses") < lost);
    let first = &report["losses"][0];
    let (from, to) = (report["first_ns"].as_i64(), report["last_ns"].as_i64());
    assert!(first["after_ns"].as_i64() >= from && first["until_ns"].as_i64() <= to, "{first}");
    let text = stats(&[], &[&recorded.trace()]);
    assert!(text.contains("Lost by stream:\n") && text.contains(" between ["), "{text}");
    assert!(text.contains("Uncertain, with "), "{text}");
}

#[test]
fn a_diff_names_what_got_slower_first() {
    let (before, after) = (nests(1, 20, 1_000), nests(1, 20, 10_000));
    let diff = json(&["--diff"], &[&before.trace(), &after.trace()]);
    let slower = &diff["spans"][0];
    assert_eq!(slower["name"], "nests:pause");
    // Each of them sleeps at least so long; nothing bounds how much longer it does.
    assert!(number(&slower["b"]["total_ns"]) >= 20 * 10_000_000, "{slower}");
    let change = slower["b"]["total_ns"].as_i64().zip(slower["a"]["total_ns"].as_i64());
    assert_eq!(slower["total_change_ns"].as_i64(), change.map(|(b, a)| b - a));
    assert_eq!((&slower["a"]["count"], &slower["b"]["count"]), (&20.into(), &20.into()));
    let classes = diff["classes"].as_array().expect("a list");
    assert!(classes.iter().all(|class| class["change"] == 0), "{classes:?}");

    let back = json(&["--diff"], &[&after.trace(), &before.trace()]);
    assert_eq!(back["spans"][0]["total_change_ns"].as_i64(), change.map(|(b, a)| a - b));
    let text = stats(&["--diff"], &[&before.trace(), &after.trace()]);
    let first = text.lines().find(|line| line.contains("nests:")).expect("a line");
    assert!(first.ends_with("nests:pause") && first.trim_start().starts_with('+'), "{text}");
    assert!(text.ends_with("As many events of each class.\n"), "{text}");
}
