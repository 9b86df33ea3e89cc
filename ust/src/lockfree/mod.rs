//! What carries the runtime's orderings: small types that know nothing of what they are used for. Loom's models compile
//! these very files (`loom-tests`), so nothing of the rest of this crate stands in them.
//!
//! | type | between whom |
//! | --- | --- |
//! | [`Place`] (of `ust_core::sync`) | who makes something that stays, and who finds it by a pointer |
//! | [`Announced32`], [`Announced64`] (likewise) | who does something, and who learns it by a number |
//! | [`Holder`] | threads that change a value, threads that fork meanwhile, and their children |
//! | [`Turn`] | threads of a forked child, of which one at a time makes what it has its own |
//! | [`Mark`], [`Lent`], [`reclaim`] | a thread that uses something in a tracepoint, and who takes it away from all threads |
//! | [`Tenant`] | threads that have the same cache one after the other, and who finds that its thread has ended |
//! | [`Left`] | who leaves something behind, and one of those that take it |
//! | [`Installed`] | threads that make the same file at once |
//! | [`Claims`] | threads that have the same stream of a file one after the other |
//!
//! Every ordering that is not Relaxed stands in one table, [`orderings`], with its partner; the fences that are none on
//! most machines stand in [`barrier`].

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
