//! How often threads have left their processors, where that is asked for.

use std::collections::{BTreeMap, BTreeSet};
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};

/// `switches`, recorded with these options. `None`, and said so, where the judges are missing.
fn recorded<const N: usize>(options: [&str; N]) -> Option<Recorded> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "switches", &[]);
    let recorded = Recording::of_path(program).options(options).run().succeeded();
    assert_eq!(recorded.summary().lost_in_all(), 0);
    Some(recorded)
}

/// What was told of a thread up to its last wait is what the kernel's account said around that.
#[test]
fn the_switches_of_each_thread_add_up_to_the_kernel_s_account() {
    let options = ["--preload", "libc_io", "--context-switches"];
    let Some(recorded) = recorded(options) else { return };
    let (mut told, mut has_ended) = (BTreeMap::<u64, u64>::new(), BTreeSet::new());
    judge::babeltrace2(&recorded.trace(), |line| {
        let thread = line.number("vtid");
        if line.is_of("proc:context_switches") && !has_ended.contains(&thread) {
            assert!(line.number("voluntary") + line.number("involuntary") > 0, "{}", line.text);
            *told.entry(thread).or_default() += line.number("voluntary");
        } else if line.is_of("libc_io:printf") {
            has_ended.insert(thread);
        }
    });
    let mut threads = 0;
    for line in recorded.finished.stdout.lines() {
        let numbers: Vec<u64> =
            line.split(' ').map(|number| number.parse().expect("a number")).collect();
        let [thread, before, behind] = numbers[..] else { panic!("{line}") };
        assert!((before..=behind).contains(&told[&thread]), "{line}: {told:?}");
        assert!(before >= 20, "each wait leaves the processor: {line}");
        threads += 1;
    }
    assert_eq!(threads, 3);
}

#[test]
fn the_kernel_is_not_asked_unless_the_option_says_so() {
    let options = ["--preload", "all", "-e", "proc:context_switches"];
    let Some(recorded) = recorded(options) else { return };
    let mut waits = 0;
    judge::babeltrace2(&recorded.trace(), |line| {
        assert!(!line.is_of("proc:context_switches"), "{}", line.text);
        waits += u32::from(line.is_of("libc_io:nanosleep"));
    });
    assert_eq!(waits, 63);
}
