//! Functions and scopes: what their records say of how they ended, and how long they took.
//!
//! ```text
//!   #[tracepoint] fn f(..) { .. }          f_entry { args }      f_exit { outcome }          Exit
//!   #[tracepoint(span)] fn f(..) { .. }    f { args, duration, outcome }                     Captured, Timed
//!   async fn                               f_entry, f_resume, f_suspend, f_exit { duration, busy, idle, polls, outcome }     Task
//!   #[tracepoint(span)] fn r(..);          r { args, duration, busy, idle, polls, outcome }    Span
//! ```
//!
//! All of it is called by the macros' expansions.

mod captured;
mod exit;
pub mod outcome;
mod task;
mod timed;

pub use captured::Captured;
pub use exit::Exit;
pub use outcome::{Nothing, Outcome};
pub use task::{SPAN_FIELDS, Span, Task, number};
pub use timed::Timed;
