//! A plugin with tracepoints may be closed while threads live that were in it: its events are in the trace.
//!
//! What tracing leaves in a thread (a stream, to be given back at the thread's end) belongs to the runtime that the plugin
//! has joined. So it is still there when the thread ends after the plugin.

use std::path::PathBuf;
use ust_acceptance::{judge, plugin, recording::Recording, skip};

#[test]
fn a_plugin_may_be_closed_before_the_threads_end_that_emitted_in_it() {
    assert_recorded(plugin::built("plugin"));
}

/// With the feature `dynamic-tls` a plugin is loaded, and recorded, whose thread-locals would find no room without it.
#[test]
fn a_plugin_with_many_thread_locals_is_recorded() {
    assert_recorded(plugin::built("large_plugin"));
}

#[track_caller]
fn assert_recorded(plugin: PathBuf) {
    if !skip::judges_are_here() {
        return;
    }
    let (rounds, events) = (5, 40);
    let recorded = Recording::of("loads_plugin")
        .arg(plugin.display())
        .arg(rounds)
        .arg(events)
        .run()
        .succeeded();
    let [of_plugin, of_host]: [u64; 2] = recorded.report();
    let mut seen = [0, 0];
    judge::babeltrace2(&recorded.trace(), |line| {
        seen[usize::from(line.is_of("host:told"))] += 1;
    });
    assert_eq!(seen, [of_plugin, of_host]);
    assert_eq!(recorded.summary().lost_in_all(), 0);
}
