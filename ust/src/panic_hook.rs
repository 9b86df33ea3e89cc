//! Snapshots at a panic: the panicking program asks for them before it goes on.

use crate::module;
use std::panic;
use std::sync::Once;
use std::time::Duration;

/// How long a panic waits for its snapshot. A consumer that hangs must not keep the program from ending.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes every panic of this program, caught or not, take a snapshot of the flight recorders that want one
/// (`ust record --snapshot-on panic`, and the daemon's sessions created with `--snapshot`). Then the previous
/// panic hook runs. Without a consumer it costs a panic one system call. Calling this again changes nothing.
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
