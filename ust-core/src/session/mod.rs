//! What this process records: its event classes, the channels that are on, and what a fork does to them.
//!
//! ```text
//!   modules' callsites --register--> Registry --apply(rules)--> callsite words: class id, slots
//!                                        |
//!                                        '--> SLOTS[0..8] --> Channel --> ring files --> streams
//!   PROCESS --> process file: identity, class log
//! ```
//!
//! A *slot* is the number under which threads find a channel's stream in their cache, and the bit that
//! stands for it in a callsite. Rules are applied by one thread at a time, which holds the registry:
//! constructors before `main` or in `dlopen`, then the agent. Tracepoints read `SLOTS` and `PROCESS`
//! without any lock.
//!
//! A channel for which there is no memory has its slot all the same, and callsites are on for it: so its events are
//! counted. It stands in `STARVED` until the agent gets it the memory.

pub mod fork;
mod process_file;
mod registry;

pub use process_file::{ProcessFile, procname};
pub use registry::{apply, between_forks, feed, forget_rules, process_or_create, register};

use crate::agent::protocol::MAX_CHANNELS;
use crate::channel::Channel;
use crate::stream::Stream;
use crate::sync::{AtomicPtr, AtomicU64, Local, Ordering};
use core::ptr;

static SLOTS: [AtomicPtr<Channel>; MAX_CHANNELS] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_CHANNELS];
/// The identity of a channel that has the slot and no memory; 0 if there is none.
static STARVED: [AtomicU64; MAX_CHANNELS] = [const { AtomicU64::new(0) }; MAX_CHANNELS];
static PROCESS: AtomicPtr<ProcessFile> = AtomicPtr::new(ptr::null_mut());

/// The channel at `slot`, if there is one. Async-signal-safe.
///
/// The caller is marked as in a probe, or holds the registry: else the channel may go away.
#[allow(unsafe_code)]
pub fn channel(slot: usize) -> Option<&'static Channel> {
    // SAFETY: a channel that stands here is freed only after it was taken out and no thread is in a probe.
    // Acquire: pairs with `set_channel`.
    unsafe { SLOTS[slot].load(Ordering::Acquire).as_ref() }
}

/// Gives a thread's stream back to the channel that it is of. The caller is marked as in a probe.
pub fn release(stream: &'static Stream<Local>) {
    let stream = ptr::from_ref(stream).cast();
    let _ = (0..MAX_CHANNELS).filter_map(channel).any(|channel| channel.release(stream));
}

fn set_channel(slot: usize, channel: Option<&'static Channel>) {
    let channel = channel.map_or(ptr::null(), ptr::from_ref);
    SLOTS[slot].store(channel.cast_mut(), Ordering::Release);
}

/// The channel that has `slot`, with memory or without. Async-signal-safe; the caller is as for [`channel`].
pub fn channel_uid(slot: usize) -> Option<u64> {
    channel(slot).map(|channel| channel.shape.uid).or_else(|| starved(slot))
}

fn starved(slot: usize) -> Option<u64> {
    // Acquire: pairs with `set_starved`.
    Some(STARVED[slot].load(Ordering::Acquire)).filter(|uid| *uid != 0)
}

/// Release: what is counted for the channel has its place by now.
fn set_starved(slot: usize, channel_uid: Option<u64>) {
    STARVED[slot].store(channel_uid.unwrap_or(0), Ordering::Release);
}

/// Whether a channel waits for memory.
pub fn is_starved() -> bool {
    (0..MAX_CHANNELS).any(|slot| starved(slot).is_some())
}

/// This process's file, if it has had any reason to make one. Async-signal-safe.
#[allow(unsafe_code)]
pub fn process() -> Option<&'static ProcessFile> {
    // SAFETY: never freed but by the child of a fork, before it has a second thread.
    unsafe { PROCESS.load(Ordering::Acquire).as_ref() }
}

/// Forked child: what stands there is its parent's.
fn forget_process() {
    PROCESS.store(ptr::null_mut(), Ordering::Release);
}

fn set_process(process: &'static ProcessFile) {
    PROCESS.store(ptr::from_ref(process).cast_mut(), Ordering::Release);
}
