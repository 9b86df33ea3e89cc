//! The shim: `LD_PRELOAD=libust_preload.so PROGRAM` traces a C program that nobody recompiled.
//!
//! ```text
//!   program --malloc(17)--> sets::mem::malloc --(event off)----------------> the C library's malloc
//!                                 |
//!                                 '--(event on)--> real(17), then a tracepoint: size, result, caller
//! ```
//!
//! The loader finds the shim's functions before the C library's, because the shim is loaded first. Each function looks
//! whether its events are on (a load and a branch each) and calls the function of the same name behind it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `calls` | how most functions are declared: one row is a function and its events |
//! | `argument` | arguments and results of C, as fields |
//! | `data` | the first bytes of what a call has read or written |
//! | `readable` | memory that may not be there |
//! | `real` | the functions behind the shim's |
//! | `exports` | what the objects behind the shim export |
//! | `early` | memory for what asks before those are known |
//! | `allocator` | memory for the shim itself |
//! | `entry` | functions that learn who called them |
//! | `switched` | functions that cost next to nothing while their events are off |
//! | `lock_calls` | how functions of locks are declared |
//! | `lock`, `holds` | who holds a lock, and since when |
//! | `objects`, `object`, `object_events` | which libraries a process has |
//! | `context_switches` | how often a thread has left its processor |
//! | `call_stack` | the functions that a thread is in, where programs tell of them |
//! | `unwind` | who called whom, by the tables for exceptions |
//! | `loaded` | what happens when the shim is loaded, and when the process forks |
//! | `frequent` | the events with the short header |
//! | `pass_on` | functions that the program must call itself |
//! | `exceptions` | what exceptions and cancelled threads need of `libgcc_s`, found when they do |
//! | `c_api` | the runtime of programs that carry `include/ust.h` |
//! | `options`, `environment` | what the recorder asked for, and what children are handed on |
//! | `stopwatch`, `errno` | how long a call took, and what it left |
//! | `sets` | the interposed functions, in files by what they are about |
//!
//! What always holds:
//! - **The program's calls do what they did.** Arguments, result and `errno` are the C library's.
//! - **The shim is never traced.** What it and the runtime allocate goes to the C library directly (`allocator`). What they
//!   call otherwise, they call [inside](ust::inside), and it is passed on unseen.
//! - **Nothing allocates, locks or waits in an interposed function** but the function behind it.
//! - **Only interposed names are exported.** The acceptance tests list them.

#![deny(unsafe_code)]

mod allocator;
mod argument;
mod c_api;
mod call_stack;
mod calls;
mod context_switches;
mod data;
mod early;
mod entry;
mod environment;
mod errno;
mod exceptions;
mod exports;
mod frequent;
mod holds;
mod loaded;
mod lock;
mod lock_calls;
mod object;
mod object_events;
mod objects;
mod options;
mod pass_on;
mod readable;
mod real;
mod sets;
mod stopwatch;
mod switched;
mod unwind;
