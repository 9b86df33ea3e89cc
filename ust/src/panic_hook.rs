//! A flight recorder's snapshot at a panic: asked for by the program that panics, before it goes on.

use crate::module;
use std::panic;
use std::sync::Once;
use std::time::Duration;

/// How long a panic waits for its snapshot: a recorder that hangs must not keep the program from its end.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(1);

/// Has every panic of this program, caught or not, take a snapshot of the flight recorders that want one
/// (`ust record --snapshot-on panic`, and sessions of the daemon created with `--snapshot`), and then do what
/// panics did before. Without a recorder it costs a panic one system call. To call it again changes nothing.
///
/// ```
/// ust::snapshot_on_panic();
/// ```
pub fn snapshot_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            module::runtime().want_snapshot(SNAPSHOT_TIMEOUT.as_nanos() as u64);
            before(info);
        }));
    });
}
