//! The events. Each is a function; [`emit!`](crate::emitted::emit) calls it and counts.

use ust::tracepoint;

/// A worker begins to list a directory.
#[tracepoint(provider = "indexer", level = Info)]
pub fn directory_entered(path: &str, depth: u32);

/// A file has been read to its end, or (`ok` is false) as far as it could be.
#[tracepoint(provider = "indexer", level = Info)]
pub fn file_indexed(path: &str, bytes: u64, words: u32, ok: bool);

/// A worker got a job: how long it waited, and how many jobs it left behind.
#[tracepoint(provider = "indexer", level = DebugProgram)]
pub fn queue_wait(ns: u64, depth: u32);

/// A worker found nothing left to do: what it has done.
#[tracepoint(provider = "indexer", level = Notice)]
pub fn thread_done(number: u32, files: u64, bytes: u64, words: u64);

/// How many files are done so far. A signal handler emits it, possibly in the middle of any other event.
#[tracepoint(provider = "indexer", level = Debug)]
pub fn tick(number: u64, files: u64);
