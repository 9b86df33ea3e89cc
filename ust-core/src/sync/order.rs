//! Orderings by the kind of access that they are for: one for loads is no argument of a store.
//!
//! `Ordering` itself serves for all, and panics where it does not fit. A table of orderings has these types instead, so
//! that an entry used for another kind of access does not compile, and one that cannot be is refused when it is made.

use super::Ordering;

/// Of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadOrder(Ordering);

/// Of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOrder(Ordering);

/// Of a read-modify-write that succeeds.
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
    /// Each will do.
    pub const fn new(order: Ordering) -> Self {
        Self(order)
    }
}

/// What a load may be given.
pub trait OrdersLoads: Copy {
    /// The ordering.
    fn of_load(self) -> Ordering;
}

/// What a store may be given.
pub trait OrdersStores: Copy {
    /// The ordering.
    fn of_store(self) -> Ordering;
}

/// What a read-modify-write may be given.
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
