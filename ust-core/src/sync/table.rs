//! What a table of orderings is made of: a function for each, which in a normal build is a constant.
//!
//! Under loom `UST_WEAKEN=<name>` makes the one of that name Relaxed, or leaves a fence out, with no rebuild: a model must
//! fail for each that is not Relaxed already, or the ordering, or the model, is not needed (`just mutants`).

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

/// Makes a function const, but under loom, whose words are made at run time.
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

/// The fence of that name in a table.
#[inline(always)]
pub fn weakenable_fence(name: &str, order: Ordering) {
    if !is_weakened(name) {
        fence(order);
    }
}

/// Whether the entry of that name is to be Relaxed. Never but under loom.
#[cfg(not(loom))]
#[inline(always)]
pub fn is_weakened(_name: &str) -> bool {
    false
}

/// Whether the entry of that name is to be Relaxed: `UST_WEAKEN` says so.
#[cfg(loom)]
pub fn is_weakened(name: &str) -> bool {
    use std::sync::OnceLock;
    static WEAKENED: OnceLock<Option<String>> = OnceLock::new();
    let weakened = WEAKENED.get_or_init(|| std::env::var("UST_WEAKEN").ok());
    weakened.as_deref() == Some(name)
}
