//! The parts of a table of orderings: a function for each entry, which is a constant in a normal build.
//!
//! Under loom `UST_WEAKEN=<name>` makes the entry of that name Relaxed, or leaves a fence out, without a rebuild. A
//! model must fail for each entry that is not Relaxed already. Otherwise the ordering is not needed, or a model is
//! missing (`just mutants`).

use super::{Ordering, fence};

/// Makes a function of each entry: `/// With whom. KIND name = ORDER;`, where the kind is
/// [`LoadOrder`](super::LoadOrder), [`StoreOrder`](super::StoreOrder) or [`RmwOrder`](super::RmwOrder).
#[macro_export]
#[doc(hidden)]
macro_rules! __orderings {
    ($($(#[$doc:meta])* $kind:ident $name:ident = $order:ident;)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            pub fn $name() -> $crate::sync::$kind {
                if $crate::sync::is_weakened(stringify!($name)) {
                    const { $crate::sync::$kind::new($crate::sync::Ordering::Relaxed) }
                } else {
                    const { $crate::sync::$kind::new($crate::sync::Ordering::$order) }
                }
            }
        )*
    };
}

#[doc(inline)]
pub use __orderings as orderings;

/// Makes a function const, except under loom, whose words are made at run time.
#[macro_export]
#[doc(hidden)]
macro_rules! __const_unless_loom {
    ($(#[$doc:meta])* pub fn $name:ident($($argument:ident: $ty:ty)?) -> Self $body:block) => {
        $(#[$doc])*
        #[cfg(not(loom))]
        pub const fn $name($($argument: $ty)?) -> Self $body

        $(#[$doc])*
        #[cfg(loom)]
        pub fn $name($($argument: $ty)?) -> Self $body
    };
}

#[doc(inline)]
pub use __const_unless_loom as const_unless_loom;

/// The fence of that name, unless it is weakened.
#[inline(always)]
pub fn weakenable_fence(name: &str, order: Ordering) {
    if !is_weakened(name) {
        fence(order);
    }
}

/// Whether the entry of that name must be Relaxed. Never, except under loom.
#[cfg(not(loom))]
#[inline(always)]
pub fn is_weakened(_name: &str) -> bool {
    false
}

/// Whether the entry of that name must be Relaxed: `UST_WEAKEN` names it.
#[cfg(loom)]
pub fn is_weakened(name: &str) -> bool {
    use std::sync::OnceLock;
    static WEAKENED: OnceLock<Option<String>> = OnceLock::new();
    let weakened = WEAKENED.get_or_init(|| std::env::var("UST_WEAKEN").ok());
    weakened.as_deref() == Some(name)
}
