//! Small types that carry the runtime's orderings and know nothing of their use. Loom's models compile these very files
//! (`loom-tests`), so they name nothing of the rest of this crate.
//!
//! | type | used between |
//! | --- | --- |
//! | [`Place`] (of `ust_core::sync`) | a thread that makes something lasting, and threads that find it by a pointer |
//! | [`Announced32`], [`Announced64`] (likewise) | a thread that does something, threads that learn of it by a number |
//! | [`Holder`] | threads that change a value, threads that fork meanwhile, and their children |
//! | [`Turn`] | threads of a forked child, one of which at a time makes the child's own files and channels |
//! | [`Mark`], [`Lent`], [`reclaim`] | a thread that uses something in a tracepoint, a thread that takes it from all |
//! | [`Tenant`] | threads that own the same cache in turn, a thread that finds that the owner has ended |
//! | [`Left`] | the thread that leaves something, and the threads that may take it |
//! | [`Installed`] | threads that make the same file at once |
//! | [`Claims`] | threads that own the same stream of a file one after the other |
//!
//! Every ordering that is not Relaxed is in one table, [`orderings`], with its partner. [`barrier`] has the fences that
//! cost nothing on most machines.

pub mod barrier;
mod claims;
mod holder;
mod installed;
mod left;
mod lent;
pub mod mark;
pub mod orderings;
pub mod reclaim;
mod tenant;
pub mod turn;

pub use claims::Claims;
pub use holder::Holder;
pub use installed::Installed;
pub use left::Left;
pub use lent::Lent;
pub use mark::Mark;
pub use tenant::Tenant;
pub use turn::Turn;
pub use ust_core::sync::{Announced32, Announced64, Place};
