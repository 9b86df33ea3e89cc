//! Each kind of field, and each kind of event of a span, as Python's bt2 reads it.

use ust_acceptance::recording::Recording;
use ust_acceptance::skip;
use ust_tracing_tests::{events, number};

/// What is left of a long text: the event's 4 KiB without the span's id, what is reserved for the number behind it, the
/// terminating zero and the mark.
const LEFT_BYTES: usize = 4096 - 8 - 8 - 1 - "…".len();

fn expected() -> Vec<String> {
    let long = |first: &str, text: &str| {
        let text = first.to_owned() + &text.repeat((LEFT_BYTES - first.len()) / text.len());
        format!("10 fields:texts span_id=0u64 long='{text}…' after=7i64")
    };
    let fixed = |lines: &str| lines.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    let mut expected = fixed(
        "6 fields:numbers span_id=0u64 u8=200u64 u64=18446744073709551615u64 i8=-100i64 i64=-9223372036854775808i64 \
         i128='-170141183460469231731687303715884105728' u128='340282366920938463463374607431768211455' f32=0.5f \
         f64=-1e+300f yes=true no=false
         3 fields:texts span_id=0u64 text='plain' debug='\"quoted\"' display='shown' error='not written: no space'
         4 fields:texts span_id=0u64 nul='a\\x1ab' empty='' wide='Größe →'",
    );
    expected.extend([long("", "x"), long("", "ä"), long("", "ä"), long("x", "ä")]);
    expected.extend(fixed(
        "14 fields:texts span_id=0u64 message='a message, and bytes' bytes=[1u8 2u8 255u8]",
    ));
    for which in 0..16_u64 {
        let present = (0..4_u64).filter(|bit| which & 1 << bit != 0);
        let name = |bit: u64| ["a", "b", "c", "d"][bit as usize];
        let value = |bit: u64| match bit {
            3 => "'text'".to_owned(),
            _ => format!("{}u64", which + bit),
        };
        let fields: Vec<_> = match which {
            // The first shapes have classes of their own.
            0..8 => present.map(|bit| format!("{}={}", name(bit), value(bit))).collect(),
            _ => {
                let field = |bit| format!("{{name={} value={}}}", name(bit), value(bit));
                vec![format!("fields=[{}]", present.map(field).collect::<Vec<_>>().join(" "))]
            }
        };
        if which == 8 {
            expected
                .push("5 ust_tracing:many_shapes provider='fields' name='shapes:LINE'".to_owned());
        }
        let event = format!("6 fields:shapes span_id=0u64 {}", fields.join(" "));
        expected.push(event.trim_end().to_owned());
    }
    expected.extend(fixed(
        "6 fields:spans:outer.new span_id=1u64 parent_id=0u64 id=1i64
         6 fields:spans:outer.record span_id=1u64 later='now'
         6 fields:spans:outer.enter span_id=1u64
         6 fields:spans span_id=1u64 message='in outer'
         10 fields:spans:inner.new span_id=2u64 parent_id=1u64 http_method='GET'
         10 fields:spans:inner.follows_from span_id=2u64 follows_id=1u64
         10 fields:spans:inner.enter span_id=2u64
         6 fields:spans span_id=2u64 message='in inner'
         10 fields:spans:inner.exit span_id=2u64
         6 fields:spans span_id=2u64 message='said to be in inner'
         6 fields:spans span_id=0u64 message='in none'
         10 fields:spans:inner.close span_id=2u64 entered=1u64
         6 fields:spans:root.new span_id=3u64 parent_id=0u64
         6 fields:spans:root.close span_id=3u64 entered=0u64
         6 fields:spans:outer.exit span_id=1u64
         6 fields:spans:outer.close span_id=1u64 entered=1u64
         6 fields:odd span_id=0u64 message='within' number=1i64
         6 fields:odd span_id=0u64 message='around' before=1i64 talks='talks' after=2i64
         6 fields:odd span_id=0u64 message='goes on'",
    ));
    expected
}

/// Times differ from run to run.
fn without_times(event: &str) -> String {
    let is_time = |word: &&str| word.contains("_ns=");
    event.split(' ').filter(|word| !is_time(word)).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_fields(how: &str, is_beside: bool) {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("tells_fields").arg(how).run().succeeded();
    let events = events(&recorded.trace());
    let mut expected = expected();
    if is_beside {
        // The other layer formats the field that emits an event, too.
        let within = expected.iter().find(|it| it.contains("within")).expect("it is there").clone();
        expected.insert(expected.len() - 1, within);
        expected.push(BY_LOG.to_owned());
    }
    for (event, expected) in events.iter().zip(&expected) {
        let event = without_times(event);
        if event.starts_with("5 ust_tracing:many_shapes provider='fields' name='shapes:") {
            continue;
        }
        let is_right = match expected.ends_with("log_line=") {
            true => event.starts_with(expected),
            false => event == *expected,
        };
        assert!(is_right, "{event}\nis not\n{expected}");
    }
    assert_eq!(events.len(), expected.len());
    assert_eq!(recorded.summary().lost_in_all(), 0);

    let find =
        |name: &str| events.iter().find(|it| it.contains(name)).expect("it was just compared");
    for span in ["inner", "outer"] {
        let (exit, close) = (find(&format!("{span}.exit")), find(&format!("{span}.close")));
        assert_eq!(number(exit, "busy_ns"), number(close, "busy_ns"));
        let parts = number(close, "busy_ns") + number(close, "idle_ns");
        assert_eq!(number(close, "total_ns"), parts, "{close}");
        assert!(number(close, "busy_ns") > 0, "{close}");
    }
}

/// The number of the line follows.
const BY_LOG: &str = "4 log:log_event span_id=0u64 message='by log' log_target='of_log' \
                      log_module_path='tells_fields' \
                      log_file='tests/tracing/src/bin/tells_fields.rs' log_line=";

#[test]
fn every_field_is_read_as_it_was_recorded() {
    assert_fields("alone", false);
}

/// Two of these layers in one subscriber record each event once. `log` comes through, as for any subscriber.
#[test]
fn beside_other_layers_it_is_the_same_and_log_comes_through() {
    assert_fields("beside", true);
}
