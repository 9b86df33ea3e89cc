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

pub mod fork;
mod process_file;
mod registry;

pub use process_file::ProcessFile;
pub use registry::{apply, forget_rules, process_or_create, register};

use crate::agent::protocol::MAX_CHANNELS;
use crate::channel::Channel;
use crate::sync::{AtomicPtr, Ordering};
use core::ptr;

static SLOTS: [AtomicPtr<Channel>; MAX_CHANNELS] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_CHANNELS];
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

fn set_channel(slot: usize, channel: Option<&'static Channel>) {
    let channel = channel.map_or(ptr::null(), ptr::from_ref);
    SLOTS[slot].store(channel.cast_mut(), Ordering::Release);
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
