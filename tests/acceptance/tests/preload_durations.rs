//! How long calls of `malloc`'s family took, where that is asked for.

use std::collections::BTreeMap;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};

/// `allocates`, with a slow allocator behind the shim, recorded with these options. `None`, and said so, where the judges are missing.
fn recorded<const N: usize>(options: [&str; N]) -> Option<Recorded> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "allocates", &[]);
    let slow = shim::compiled(dir.path(), "slow_malloc", &["-shared", "-fPIC"]);
    let (program, slow) = (program.display(), slow.display());
    let script = format!("LD_PRELOAD=$LD_PRELOAD:{slow} exec {program} 2 10");
    let recording = Recording::of_path("/bin/sh".into()).options(["--subbuf-size", "1M"]);
    let recorded = recording.options(options).arg("-c").arg(script).run();
    assert_eq!(recorded.finished.code(), 3, "{}", recorded.finished.stderr);
    assert_eq!(recorded.summary().lost_in_all(), 0);
    Some(recorded)
}

/// Each call is followed by its duration, which is at least what the allocator waited.
#[track_caller]
fn assert_durations_follow(recorded: &Recorded) {
    let mut before = BTreeMap::new();
    let (mut slow, mut freed) = (0, 0);
    judge::babeltrace2(&recorded.trace(), |line| {
        let thread = line.number("vtid");
        let call =
            |name: &str, ptr| [name, line.value(ptr), line.value("call_site")].map(str::to_owned);
        if let Some(name) = line.event_of("libc_mem") {
            let ptr = if name == "posix_memalign" { "out_ptr" } else { "ptr" };
            let is_slow = name == "malloc" && line.number("size") == 10_001;
            let last = before.insert(thread, Some((call(name, ptr), is_slow)));
            assert!(matches!(last, None | Some(None)), "without a duration: {last:?}");
        } else if let Some(name) = line.event_of("libc_mem_duration") {
            let last = before.insert(thread, None).flatten();
            let (last, is_slow) = last.unwrap_or_else(|| panic!("of no call: {}", line.text));
            assert_eq!(last, call(name, "ptr"));
            let duration = line.number("duration");
            if is_slow {
                slow += 1;
                assert!(duration >= 2_000_000, "{}", line.text);
            } else if name == "free" && line.text.contains(":allocates:") {
                freed += 1;
                assert!(duration >= 1_000_000, "{}", line.text);
            }
        }
    });
    assert_eq!(slow, 20);
    assert!(freed > 100, "{freed}");
    assert!(before.values().all(Option::is_none), "{before:?}");
}

#[test]
fn each_call_is_followed_by_its_duration() {
    let options = ["--preload", "libc_mem", "--durations"];
    let Some(recorded) = recorded(options) else { return };
    assert_durations_follow(&recorded);
}

#[test]
fn durations_and_call_stacks_go_together() {
    let options = ["--preload", "libc_mem", "--durations", "--call-stacks=4"];
    let Some(recorded) = recorded(options) else { return };
    assert_durations_follow(&recorded);
    let mut stacks = 0;
    judge::babeltrace2(&recorded.trace(), |line| {
        stacks +=
            u32::from(line.event_of("libc_mem").is_some() && line.text.contains("call_stack"));
    });
    assert!(stacks > 100, "{stacks}");
}

#[test]
fn the_clock_is_not_looked_at_unless_the_option_says_so() {
    let options = ["--preload", "libc_mem", "-e", "libc_mem_duration:*"];
    let Some(recorded) = recorded(options) else { return };
    let mut calls = 0;
    judge::babeltrace2(&recorded.trace(), |line| {
        assert!(line.event_of("libc_mem_duration").is_none(), "{}", line.text);
        calls += u32::from(line.event_of("libc_mem").is_some());
    });
    assert!(calls > 100, "{calls}");
}
