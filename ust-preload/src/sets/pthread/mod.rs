//! `pthread`: threads, and what they wait for.
//!
//! ```text
//!   pthread_mutex_lock { mutex, held_by, call_site, result, duration }      held_by: who had it when the wait began; 0: nobody
//!       |                                     '-- how long the wait was
//!       v  the thread holds it
//!   pthread_mutex_unlock { mutex, held, call_site, result }                 held: how long; -1: the lock was not seen
//! ```
//!
//! `pthread_cond_wait` gives the mutex up, and takes it again: its event says how long it was held before.

mod conditions;
mod held;
mod locks;
mod threads;
