//! A server of axum under load: what tower-http, and h2 with its deep spans, tell through `tracing`. Which request was the
//! slowest, and why, is in the trace.

use std::collections::BTreeMap;
use ust_acceptance::judge;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::skip;

const CLIENTS: u64 = 8;
const REQUESTS: u64 = 250;

fn record(how: &str, rules: &[&str]) -> Recorded {
    let mut recording = Recording::of("serves").arg(how).arg(CLIENTS).arg(REQUESTS);
    for rule in rules {
        recording = recording.options(["-e", *rule]);
    }
    let recorded = recording.options(["--subbuf-size", "4M"]).run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    recorded
}

/// A request, as tower-http's span tells it.
#[derive(Debug, Default)]
struct Request {
    is_slow: bool,
    events: u64,
    total_ns: u64,
    busy_ns: u64,
}

#[test]
fn every_request_is_told_and_the_slowest_one_says_why() {
    if !skip::judges_are_here() {
        return;
    }
    for how in ["http1", "http2"] {
        let recorded = record(how, &["tower_http:*", "serves:*"]);
        let mut requests = BTreeMap::<u64, Request>::new();
        let mut waits = BTreeMap::<u64, u64>::new();
        let read = judge::babeltrace2(&recorded.trace(), |line| {
            let span = line.number("span_id");
            let event = line.event_of("tower_http").or(line.event_of("serves"));
            match event.expect("of one of the two") {
                "wait.new" => {
                    // Within its request: the one that asked for it.
                    assert!(requests[&line.number("parent_id")].is_slow, "{}", line.text);
                    waits.insert(span, line.number("parent_id"));
                }
                "wait.close" => assert!(line.number("total_ns") >= 20_000_000, "{}", line.text),
                "trace::make_span:request.new" => {
                    assert_eq!(line.value("method"), "\"GET\"");
                    let is_slow = line.text.contains("/slow\"");
                    requests.insert(span, Request { is_slow, ..Request::default() });
                }
                "trace::make_span:request.close" => {
                    let request = requests.get_mut(&span).expect("it has begun");
                    request.total_ns = line.number("total_ns");
                    request.busy_ns = line.number("busy_ns");
                }
                other if other.starts_with("trace::on_re") => {
                    requests.get_mut(&span).expect("within a request").events += 1;
                }
                _ => {}
            }
        });
        assert_eq!(recorded.summary().recorded, read);
        assert_eq!(requests.len() as u64, CLIENTS * REQUESTS);
        assert_eq!(waits.len() as u64, CLIENTS);
        for request in requests.values() {
            // It has started, and it has finished.
            assert!(request.total_ns > 0 && request.events == 2, "{request:?}");
            assert!(!request.is_slow || request.total_ns >= 20_000_000, "{request:?}");
            assert!(request.busy_ns <= request.total_ns, "{request:?}");
        }
    }
}

/// h2 enters spans of its own at each poll, some ten deep.
#[test]
fn deep_spans_are_left_in_the_order_in_which_they_were_entered() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = record("http2", &["h2:*"]);
    let (mut inside, mut deepest) = (BTreeMap::<u64, Vec<u64>>::new(), 0);
    let (mut begun, mut ended) = (0, 0);
    let read = judge::babeltrace2(&recorded.trace(), |line| {
        let (thread, span) = (line.number("vtid"), line.number("span_id"));
        let inside = inside.entry(thread).or_default();
        let event = line.event_of("h2").expect("of h2");
        match event.rsplit_once('.').map(|(_, kind)| kind) {
            Some("new") => begun += 1,
            Some("close") => ended += 1,
            Some("enter") => inside.push(span),
            Some("exit") => assert_eq!(inside.pop(), Some(span), "{}", line.text),
            Some("follows_from" | "record") => {}
            // An event: the innermost span of this thread.
            _ => assert_eq!(inside.last().copied().unwrap_or(0), span, "{}", line.text),
        }
        deepest = deepest.max(inside.len());
    });
    assert_eq!(recorded.summary().recorded, read);
    assert!(read > 10 * CLIENTS * REQUESTS, "only {read} events");
    assert!(deepest >= 3, "only {deepest} deep");
    assert!(inside.values().all(Vec::is_empty), "{inside:?}");
    assert!(begun >= ended && ended > 0, "{begun} begun, {ended} ended");
}
