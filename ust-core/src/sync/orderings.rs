//! The orderings of what one thread makes and others find, each with its partner.

use super::orderings;

orderings! {
    /// Who finds something: with `place_store` and `place_install`. It is as it was made.
    LoadOrder place_load = Acquire;
    /// With `place_load` and `place_lost_load`.
    StoreOrder place_store = Release;
    /// With `place_load` and `place_lost_load`. Nothing need be acquired: nothing stood there.
    RmwOrder place_install = Release;
    /// Who comes too late with something, and uses what stands there: with `place_install`.
    LoadOrder place_lost_load = Acquire;
    /// Nothing is found by it.
    StoreOrder place_clear = Relaxed;
    /// Likewise.
    RmwOrder place_clear_if = Relaxed;
    /// Likewise.
    LoadOrder place_unread_load = Relaxed;
    /// With `announced_store`: what was done before is done.
    LoadOrder announced_load = Acquire;
    /// With `announced_load`.
    StoreOrder announced_store = Release;
}
