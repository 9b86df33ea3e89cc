//! The registry: every callsite of every module, and the rules that switch them.
//!
//! Off the hot path altogether. It allocates, and is held by one thread at a time: a constructor or the
//! agent. Whoever forks meanwhile waits a moment for it (see [`fork`](super::fork)), no tracepoint ever
//! does.

use super::{ProcessFile, channel, channel_uid, process, set_channel, set_process, set_starved};
use crate::abi::{Geometry, ShmPath};
use crate::agent::protocol::{ChannelRules, MAX_CHANNELS, Rules};
use crate::callsite::Callsite;
use crate::channel::{Channel, ChannelShape};
use crate::shm::{Mapping, private};
use crate::sync::{AtomicBool, Ordering};
use crate::thread_cache;
use core::cell::UnsafeCell;
use std::time::Duration;
use wildmatch::WildMatch;

/// How long memory of a channel that is gone waits for a thread that stays in a tracepoint.
const PATIENCE: Duration = Duration::from_secs(1);

/// A callsite and what has been said of it.
#[derive(Debug)]
struct Known {
    callsite: &'static Callsite,
    /// `provider:name`.
    full_name: String,
    /// Where it stands in the class log.
    entry_offset: Option<usize>,
    class_id: Option<u32>,
}

/// A channel that has no slot any more.
struct Gone {
    slot: usize,
    /// If it had memory.
    channel: Option<&'static Channel>,
    /// Of the process file, in the channel's directory.
    mirror: Option<&'static Mapping>,
}

#[derive(Debug, Default)]
pub(super) struct Registry {
    known: Vec<Known>,
    rules: Rules,
    next_class_id: u32,
}

/// The registry and the flag of whoever holds it. Not a `Mutex`: the child of a fork must be able to take
/// it over from a thread that does not exist there.
pub(super) struct Holder {
    is_held: AtomicBool,
    registry: UnsafeCell<Option<Registry>>,
}

// SAFETY: the registry is reached only by whoever holds the flag.
#[allow(unsafe_code)]
unsafe impl Sync for Holder {}

pub(super) static HOLDER: Holder =
    Holder { is_held: AtomicBool::new(false), registry: UnsafeCell::new(None) };

impl Holder {
    /// Takes the flag if nobody has it.
    pub(super) fn try_hold(&self) -> bool {
        !self.is_held.swap(true, Ordering::Acquire)
    }

    /// Gives the flag back.
    pub(super) fn let_go(&self) {
        self.is_held.store(false, Ordering::Release);
    }

    /// Waits for the flag, and gives it back.
    #[allow(unsafe_code)]
    fn with<R>(&self, job: impl FnOnce(&mut Registry) -> R) -> R {
        while !self.try_hold() {
            std::thread::sleep(Duration::from_micros(50));
        }
        // SAFETY: the flag is held, and `job` cannot get here again: it is private to this file.
        let registry = unsafe { &mut *self.registry.get() };
        let result = job(registry.get_or_insert_default());
        self.let_go();
        result
    }
}

/// Adds a module's callsites, and switches them by the rules in force.
pub fn register(callsites: impl Iterator<Item = &'static Callsite>) {
    HOLDER.with(|registry| {
        for callsite in callsites {
            let description = callsite.description();
            registry.known.push(Known {
                callsite,
                full_name: format!("{}:{}", description.provider, description.name),
                entry_offset: None,
                class_id: None,
            });
        }
        if process().is_some() {
            registry.switch_all();
        }
    });
}

/// Puts rules into force. Channels that they no longer name are taken away from all threads and freed.
pub fn apply(rules: Rules) {
    let gone = HOLDER.with(|registry| {
        if create_process().is_none() {
            return Vec::new();
        }
        registry.rules = rules;
        registry.add_channels();
        registry.switch_all();
        registry.remove_channels()
    });
    gone.into_iter().for_each(free);
}

/// Tries again to get memory for channels that have none.
pub fn feed() {
    HOLDER.with(Registry::add_channels);
}

/// This process's file, made now if it was not before.
pub fn process_or_create() -> Option<&'static ProcessFile> {
    HOLDER.with(|_| create_process())
}

fn create_process() -> Option<&'static ProcessFile> {
    if process().is_none() {
        set_process(ProcessFile::create().and_then(private::place)?);
    }
    process()
}

/// Switches everything off: the daemon is gone.
pub fn forget_rules() {
    if process().is_some() {
        apply(Rules::default());
    }
}

/// Frees a channel that stands in no slot any more. Without the registry: it may take a while.
#[allow(unsafe_code)]
fn free(Gone { slot, channel, mirror }: Gone) {
    if thread_cache::quiesce(slot, PATIENCE) {
        // SAFETY: no cache leads to its streams, no slot to it, and no thread was in a tracepoint since.
        unsafe {
            if let Some(channel) = channel {
                channel.free_files();
                private::free(channel);
            }
            mirror.into_iter().for_each(|mirror| private::free(mirror));
        }
    }
}

impl Registry {
    /// Makes a channel for each that is new, or had no memory.
    fn add_channels(&mut self) {
        for wanted in &self.rules.channels {
            let own_slot = slot_of(wanted);
            if own_slot.is_some_and(|slot| channel(slot).is_some()) {
                continue;
            }
            let geometry = Geometry::new(wanted.subbuf_size_bytes, wanted.subbuf_count.into());
            let free_slot = || (0..MAX_CHANNELS).find(|slot| channel_uid(*slot).is_none());
            let shm_path =
                match wanted.shm_path.as_deref().map(|path| ShmPath::new(path.as_bytes())) {
                    // Rings that the user wants to find again are not made where nobody would.
                    Some(None) => continue,
                    Some(path) => path,
                    None => None,
                };
            let (Ok(geometry), Some(slot)) = (geometry, own_slot.or_else(free_slot)) else {
                continue;
            };
            let shape = ChannelShape {
                uid: wanted.channel_uid,
                geometry,
                clock: wanted.clock,
                buffers: wanted.buffers,
                mode: wanted.mode,
                residency: wanted.residency,
                shm_path,
            };
            if let Some(process) = process().filter(|_| own_slot.is_none()) {
                process.set_mirror(slot, shape.shm_path);
                process.begin_losses(slot, shape.uid);
            }
            let placed = Channel::place(shape);
            // In this order the slot is never nobody's, if the channel had it before.
            set_channel(slot, placed);
            set_starved(slot, placed.is_none().then_some(shape.uid));
        }
    }

    /// Takes the channels out of their slots that the rules do not name.
    fn remove_channels(&mut self) -> Vec<Gone> {
        let is_named = |uid| self.rules.channels.iter().any(|rules| rules.channel_uid == uid);
        let gone =
            (0..MAX_CHANNELS).filter(|slot| channel_uid(*slot).is_some_and(|uid| !is_named(uid)));
        let take = |slot| {
            let channel = channel(slot);
            set_channel(slot, None);
            set_starved(slot, None);
            let mirror = process().and_then(|process| process.take_mirror(slot));
            Gone { slot, channel, mirror }
        };
        gone.map(take).collect()
    }

    /// Logs every class that is not, and sets every callsite's word.
    fn switch_all(&mut self) {
        let Some(process) = process() else { return };
        let patterns =
            self.rules.channels.iter().filter(|rules| rules.is_active).filter_map(|rules| {
                let globs =
                    rules.events.iter().map(|glob| WildMatch::new(glob)).collect::<Vec<_>>();
                Some((1u32 << slot_of(rules)?, globs))
            });
        let patterns: Vec<_> = patterns.collect();
        for known in &mut self.known {
            if known.entry_offset.is_none() {
                known.entry_offset = process.log_class(known.callsite.description());
            }
            // A class that the log has no room for cannot be recorded: nobody could read it.
            let Some(entry_offset) = known.entry_offset else { continue };
            let matches =
                |globs: &[WildMatch]| globs.iter().any(|glob| glob.matches(&known.full_name));
            let slots = patterns
                .iter()
                .filter(|(_, globs)| matches(globs))
                .fold(0, |all, (bit, _)| all | bit);
            if slots != 0 && known.class_id.is_none() {
                process.assign_class_id(entry_offset, self.next_class_id);
                known.class_id = Some(self.next_class_id);
                self.next_class_id += 1;
            }
            known.callsite.set(known.class_id.unwrap_or(0), slots);
        }
    }
}

fn slot_of(rules: &ChannelRules) -> Option<usize> {
    (0..MAX_CHANNELS).find(|slot| channel_uid(*slot) == Some(rules.channel_uid))
}
