//! What the shim costs while nothing is recorded, in instructions, which are the same on every run.

use std::collections::BTreeMap;
use ust_acceptance::{shim, skip};
use ust_test_support::command::Running;
use ust_test_support::sandbox::Sandbox;

/// Of a function of `malloc`'s family, `posix_memalign` aside: two tests of a callsite and a jump, straight to the C library's.
const INSTRUCTIONS: u64 = if cfg!(target_arch = "x86_64") { 5 } else { 9 };

/// The exit code of the program if it may not trace its child.
const NOT_TRACED: i32 = 77;

/// When the shim is loaded it takes itself out of the way of these calls: they go to the function behind it without a look at what
/// is known. An allocator behind the shim takes as many instructions for each call.
#[test]
fn a_call_of_malloc_s_family_is_two_tests_and_a_jump() {
    if !skip::has("cc", &["--version"]) {
        return;
    }
    let site = Sandbox::new();
    let (program, allocator) = (site.path("program"), site.path("allocator"));
    for place in [&program, &allocator] {
        std::fs::create_dir(place).expect("a directory");
    }
    let program = shim::compiled(&program, "counts_instructions", &[]);
    let allocator =
        shim::compiled(&allocator, "counts_instructions", &["-DALLOCATOR", "-shared", "-fPIC"]);
    let counted = |preloaded: String| {
        let ended = Running::start(site.command(&program).env("LD_PRELOAD", preloaded)).wait();
        if ended.code() == NOT_TRACED {
            skip::skipped("processes may not be traced here (ptrace is refused)");
            return None;
        }
        assert_eq!(ended.code(), 0, "{}", ended.stderr);
        let row = |line: &str| {
            let (name, count) = line.split_once(' ').expect("a name and a count");
            (name.to_owned(), count.parse::<u64>().expect("a number"))
        };
        Some(ended.stdout.lines().map(row).collect::<BTreeMap<_, _>>())
    };
    let Some(alone) = counted(allocator.display().to_string()) else { return };
    let with_shim = format!("{}:{}", shim::built().display(), allocator.display());
    let Some(with_shim) = counted(with_shim) else { return };
    assert_eq!(alone.len(), 9, "{alone:?}");
    let more: BTreeMap<_, _> =
        alone.iter().map(|(name, count)| (name.clone(), with_shim[name] - count)).collect();
    assert!(more.values().all(|more| *more == INSTRUCTIONS), "{more:?}");
}
