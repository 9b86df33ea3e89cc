//! Orderings by kind of access: an ordering for loads cannot be passed to a store.
//!
//! `Ordering` itself serves for all accesses, and panics where it does not fit. A table of orderings uses these types
//! instead: an entry used for another kind of access does not compile, and an impossible entry is refused when it is
//! made.

use super::Ordering;

/// The ordering of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadOrder(Ordering);

/// The ordering of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOrder(Ordering);

/// The ordering of a read-modify-write that succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RmwOrder(Ordering);

impl LoadOrder {
    /// # Panics
    /// No load has such an ordering.
    pub const fn new(order: Ordering) -> Self {
        assert!(!matches!(order, Ordering::Release | Ordering::AcqRel), "no ordering of a load");
        Self(order)
    }
}

impl StoreOrder {
    /// # Panics
    /// No store has such an ordering.
    pub const fn new(order: Ordering) -> Self {
        assert!(!matches!(order, Ordering::Acquire | Ordering::AcqRel), "no ordering of a store");
        Self(order)
    }
}

impl RmwOrder {
    /// Accepts any ordering.
    pub const fn new(order: Ordering) -> Self {
        Self(order)
    }
}

/// Orderings that a load accepts.
pub trait OrdersLoads: Copy {
    /// The ordering.
    fn of_load(self) -> Ordering;
}

/// Orderings that a store accepts.
pub trait OrdersStores: Copy {
    /// The ordering.
    fn of_store(self) -> Ordering;
}

/// Orderings that a read-modify-write accepts.
pub trait OrdersRmws: Copy {
    /// The ordering.
    fn of_rmw(self) -> Ordering;
}

macro_rules! implement {
    ($($trait:ident::$method:ident for $typed:ident;)*) => {$(
        impl $trait for $typed {
            #[inline(always)]
            fn $method(self) -> Ordering {
                self.0
            }
        }

        impl $trait for Ordering {
            #[inline(always)]
            fn $method(self) -> Ordering {
                self
            }
        }
    )*};
}

implement! {
    OrdersLoads::of_load for LoadOrder;
    OrdersStores::of_store for StoreOrder;
    OrdersRmws::of_rmw for RmwOrder;
}
