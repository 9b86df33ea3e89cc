//! Several threads fork at the same time, while others emit and modules are loaded. Afterwards the program still listens.
//!
//! Each fork holds the registry for a moment. If a thread gave back what another holds, or did not give it back, the agent
//! would wait for ever. So a session that is started afterwards must record.

use ust_acceptance::daemon::Site;
use ust_acceptance::recording::folders;
use ust_acceptance::{judge, plugin, progress, skip};
use ust_test_support::wait::wait_until;

#[test]
fn a_program_whose_threads_forked_at_once_still_follows_the_daemon() {
    if !skip::judges_are_here() {
        return;
    }
    let plugin = plugin::built("plugin");
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    let first = site.start_session("first", "*");
    let path = site.path("progress");
    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let arguments = [text(&path), text(&plugin), "4".into(), "50".into()];
    let arguments = arguments.each_ref().map(String::as_str);
    let mut program = site.program("forks_together", &arguments);
    wait_until("the last fork", || {
        assert!(program.is_running(), "it ended badly");
        progress::read(&path).filter(|words| words[0] == 1)
    });
    let second = site.start_session("second", "together:*");
    wait_until("a record in the session that came after the forks", || {
        (!folders(&second).is_empty()).then_some(())
    });
    site.end_session("second");
    site.end_session("first");
    assert!(judge::count(&second) > 0);
    // Of each child at least: its only event.
    let (mut told, mut of_plugins) = (0, 0);
    judge::babeltrace2(&first, |line| {
        if line.is_of("together:told") {
            assert_eq!(line.number("process"), line.vpid(), "another's record: {}", line.text);
            told += 1;
        } else {
            of_plugins += 1;
        }
    });
    // By folders: on a busy machine process ids come again.
    assert_eq!((folders(&first).len(), of_plugins), (4 * 50 + 1, 4));
    assert!(told > 4 * 50, "{told}");
    program.signal(libc::SIGTERM);
    assert_eq!(program.wait().code(), 143);
}
