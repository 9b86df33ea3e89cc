//! Recording by a switch, wherever that lies.

use crate::callsite::Switch;
use crate::record::{record_otherwise, try_record};
use ust_core::wire::Payload;

/// Records the event of a registered switch, if it is on. Async-signal-safe.
///
/// The payload holds the fields as the event's description has them. (Any other bytes make a record that the consumer
/// refuses, which ends the thread's stream.)
#[inline(always)]
pub fn record<P: Payload + Copy>(switch: &Switch, payload: P) {
    // Called in tail position, so that the usual case has no registers to save: see `record`.
    #[cold]
    #[inline(never)]
    fn otherwise<P: Payload>(switch: &Switch, payload: P) {
        record_otherwise(switch, payload);
    }

    let seen = switch.state();
    if seen.is_on() && !try_record(switch, seen, payload) {
        otherwise(switch, payload);
    }
}
