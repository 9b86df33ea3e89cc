//! The orderings of what one thread makes and others find, each with its partner.

use super::orderings;

orderings! {
    /// A thread that finds something: with `place_store` and `place_install`. It sees the value as
    /// it was made.
    LoadOrder place_load = Acquire;
    /// With `place_load` and `place_lost_load`.
    StoreOrder place_store = Release;
    /// With `place_load` and `place_lost_load`. It need not acquire: the place was empty.
    RmwOrder place_install = Release;
    /// A thread that loses the race to install, and uses the winner's value: with `place_install`.
    LoadOrder place_lost_load = Acquire;
    /// A null pointer publishes nothing.
    StoreOrder place_clear = Relaxed;
    /// Likewise.
    RmwOrder place_clear_if = Relaxed;
    /// Likewise.
    LoadOrder place_unread_load = Relaxed;
    /// With `announced_store`: everything done before the announcement is visible.
    LoadOrder announced_load = Acquire;
    /// With `announced_load`.
    StoreOrder announced_store = Release;
}
