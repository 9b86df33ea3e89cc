//! Rules switch what `tracing` caches of its callsites: on, off, and on again, whatever else goes on.

use std::io::Write;
use std::process::ChildStdin;
use ust_acceptance::daemon::Site;
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::Running;
use ust_test_support::wait::{until, wait_until};

/// The program `switches`, which answers.
struct Switches {
    running: Running,
    input: ChildStdin,
    answers: usize,
}

impl Switches {
    fn start(site: &Site, how: &str) -> Self {
        let mut command = site.command(&binaries::program("switches"));
        let (running, input) = Running::start_at_input(command.arg(how));
        Self { running, input, answers: 0 }
    }

    #[track_caller]
    fn ask(&mut self, what: &str) -> String {
        writeln!(self.input, "{what}").expect("it reads");
        self.answers += 1;
        wait_until(&format!("an answer to {what}"), || {
            assert!(self.running.is_running(), "{}", self.running.stderr());
            let said = self.running.stdout();
            let whole = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            whole.map(str::trim_end).nth(self.answers - 1).map(str::to_owned)
        })
    }

    #[track_caller]
    fn until_state(&mut self, state: &str) {
        until(state, || self.ask("state") == state);
    }

    /// All callsites, registered.
    #[track_caller]
    fn register(&mut self, number: u64) {
        self.ask(&format!("register {number}"));
    }

    fn end(self) {
        drop(self.input);
        self.running.wait().succeeded();
    }
}

/// Rules that come in addition.
#[track_caller]
fn enable(site: &Site, session: &str, glob: &str) {
    site.ust(&["enable-event", "-s", session, glob]).succeeded();
}

/// As the only subscriber it says "never" of what nobody wants, and "always" of what a session wants.
#[test]
fn interest_follows_the_rules_and_comes_back() {
    assert_follows("alone");
}

/// A subscriber of one thread is asked as well.
#[test]
fn interest_of_one_thread_alone_follows_the_rules() {
    assert_follows("scoped");
}

#[track_caller]
fn assert_follows(how: &str) {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let mut program = Switches::start(&site, how);
    program.register(100);
    program.until_state("100 never 100 sometimes 0 always 0");
    for session in ["first", "second"] {
        // Lines 10 to 19.
        let trace = site.start_session(session, "switches:1?");
        program.until_state("100 never 90 sometimes 0 always 10");
        program.ask("emit 7");
        enable(&site, session, "switches:2?");
        program.until_state("100 never 80 sometimes 0 always 20");
        program.ask("emit 5");
        site.end_session(session);
        program.until_state("100 never 100 sometimes 0 always 0");
        program.ask("emit 3");
        assert_eq!(judge::count(&trace), 7 * 10 + 5 * 20);
    }
    program.end();
}

#[test]
fn a_layer_beside_loses_nothing_whether_a_session_records_or_not() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let mut program = Switches::start(&site, "beside");
    program.register(100);
    // The other layer wants all of them: this one is asked at each event.
    program.until_state("100 never 0 sometimes 100 always 0");
    let lines = |answer: String| answer.parse::<u64>().expect("a number");
    let before = lines(program.ask("emit 0"));
    assert_eq!(lines(program.ask("emit 50")) - before, 50 * 100);
    for session in ["first", "second"] {
        let before = lines(program.ask("emit 0"));
        let trace = site.start_session(session, "switches:10?");
        program.until_state("100 never 0 sometimes 90 always 10");
        assert_eq!(lines(program.ask("emit 50")) - before, 50 * 100);
        site.end_session(session);
        program.until_state("100 never 0 sometimes 100 always 0");
        assert_eq!(lines(program.ask("emit 50")) - before, 100 * 100);
        assert_eq!(judge::count(&trace), 50 * 10);
    }
    program.end();
}

/// Callsites register, and other threads have interest rebuilt, while rules come and go: afterwards everything is as the
/// rules say.
#[test]
fn nothing_sticks_while_rules_change_and_callsites_register() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let mut program = Switches::start(&site, "alone");
    program.register(300);
    site.start_session("session", "switches:*");
    for _ in 0..10 {
        site.ust(&["stop", "session"]).succeeded();
        site.ust(&["start", "session"]).succeeded();
    }
    program.until_state("300 never 0 sometimes 0 always 300");
    site.ust(&["stop", "session"]).succeeded();
    program.until_state("300 never 300 sometimes 0 always 0");
    site.ust(&["start", "session"]).succeeded();
    program.until_state("300 never 0 sometimes 0 always 300");
    program.end();
}

/// A thread is told what interests nobody, and stores that when a session has come to want it.
#[test]
fn what_was_told_before_the_rules_changed_and_is_stored_after_loses_nothing() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let mut program = Switches::start(&site, "slow");
    program.register(1);
    program.until_state("1 never 1 sometimes 0 always 0");
    program.ask("ask");
    let trace = site.start_session("session", "switches:*");
    // The other layer does not want it.
    program.until_state("1 never 0 sometimes 1 always 0");
    program.ask("store");
    program.ask("emit 4");
    site.end_session("session");
    assert_eq!(judge::count(&trace), 4);
    program.end();
}

/// Each child is forked while interest is being rebuilt, and hears of the rules that follow.
#[test]
fn children_of_forks_hear_of_rules() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let mut program = Switches::start(&site, "alone");
    program.register(100);
    program.until_state("100 never 100 sometimes 0 always 0");
    for generation in 0..8 {
        let session = format!("session{generation}");
        let trace = site.start_session(&session, "switches:*");
        // In every other generation the parent may be about to rebuild.
        if generation % 2 == 0 {
            program.until_state("100 never 0 sometimes 0 always 100");
        }
        let child: u64 = program.ask("fork").parse().expect("a process id");
        program.until_state("100 never 0 sometimes 0 always 100");
        program.ask("emit 3");
        site.end_session(&session);
        program.until_state("100 never 100 sometimes 0 always 0");
        let mut of_child = 0;
        judge::babeltrace2(&trace, |line| of_child += u64::from(line.vpid() == child));
        assert_eq!(of_child, 300);
    }
    // The parent was about to rebuild: the child does it.
    for more in 101..110 {
        program.ask("renew");
        program.until_state(&format!("{more} never {more} sometimes 0 always 0"));
    }
    program.end();
}
