//! What `ust list --fields` says of a program that nobody has the source of at hand: its events with their fields, where they
//! stand, and what their author says of them.

use ust_acceptance::daemon::Site;
use ust_acceptance::progress::{self, END};
use ust_test_support::wait::wait_until;

#[test]
fn an_event_is_listed_with_its_fields_its_place_and_its_author_s_words() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let progress = site.path("progress");
    let program = site.program("metronome", &[progress.to_str().expect("text")]);
    let pid = program.pid().to_string();
    let list = wait_until("the program in the list", || {
        let list = site.ust(&["list", "--fields"]).succeeded().stdout;
        list.split_whitespace().any(|word| word == pid).then_some(list)
    });
    let source = include_str!("../src/bin/metronome.rs");
    let line = |wanted: &str| {
        let at = source.lines().position(|line| line.starts_with(wanted));
        at.expect("it is declared there") + 1
    };
    let file = "tests/acceptance/src/bin/metronome.rs";
    let (beat, began) = (line("fn beat("), line("fn began("));
    let expected = format!(
        "    metronome:beat (Info), {file}:{beat}
      A beat, which comes each millisecond.
        number  u64   The first is 0.
        text    text
    metronome:began (Info), {file}:{began}
        process  u32"
    );
    assert!(list.contains(&expected), "{list}\nhas not\n{expected}");
    let short = site.ust(&["list"]).succeeded().stdout;
    assert!(short.contains("    metronome:beat (Info)\n    metronome:began (Info)"), "{short}");
    progress::set(&progress, END, 1);
    program.wait().succeeded();
}
