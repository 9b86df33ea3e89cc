//! `ust analyze heap`: what a program had allocated, when, and who had asked for it.
//!
//! ```text
//!   malloc(size) = ptr @ stack --> live[ptr] = (size, stack)      bytes live, peak, stacks, sizes
//!   free(ptr)                  --> live.remove(ptr)               not there: allocated where nobody saw it
//! ```
//!
//! A stack is the call site alone, unless call stacks were recorded.
//!
//! An address that is given while it is live was freed where nobody saw it: its event was lost, or the C library did it. A
//! `realloc` is recorded behind the call. So another thread may be given the old address, and say so, before the `realloc`
//! does: the block that had been there is remembered for as long as such a call may take ([`RACE_NS_MAX`]).

use super::amounts::{AllAmounts, Amount, Amounts};
use super::feed::{Call, Figures};
use super::sites::{Site, Sites};
use super::stacks::Stacks;
use super::timeline::Timeline;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Between the moments in which a `realloc` gives memory back and is recorded, a thread may lose its processor.
const RACE_NS_MAX: i64 = 100_000_000;

/// How many displaced blocks there may be before old ones are forgotten.
const DISPLACED_MAX: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Block {
    size: u64,
    stack: u32,
}

/// See the module page.
#[derive(Debug)]
pub struct Heap {
    live: HashMap<u64, Block>,
    /// Addresses that were given while they were live: when, and to whom.
    displaced: HashMap<u64, (i64, Option<u64>)>,
    live_bytes: u64,
    peak: Peak,
    timeline: Timeline,
    stacks: Stacks,
    amounts: AllAmounts,
    sizes: [u64; 65],
    counts: Counts,
}

/// How often what happened.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Counts {
    /// Calls that returned memory.
    pub allocations: u64,
    /// Bytes that they asked for.
    pub allocated_bytes: u64,
    /// Blocks that were freed, by `realloc` too.
    pub frees: u64,
    /// Frees of addresses that no event gave: allocated before the recording began, by a parent, or unseen.
    pub frees_of_unknown: u64,
    /// Blocks whose address was given again without a free in between.
    pub unseen_frees: u64,
    /// Calls that returned no memory.
    pub failed: u64,
}

/// The largest number of bytes that were live.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Peak {
    /// Bytes.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
    /// When, in nanoseconds since 1970.
    pub time_ns: i64,
    /// The same from the process's first event of the set on.
    pub since_start_ns: i64,
}

impl Default for Heap {
    fn default() -> Self {
        Self {
            live: HashMap::new(),
            displaced: HashMap::new(),
            live_bytes: 0,
            peak: Peak::default(),
            timeline: Timeline::default(),
            stacks: Stacks::default(),
            amounts: AllAmounts::default(),
            sizes: [0; 65],
            counts: Counts::default(),
        }
    }
}

impl Figures for Heap {
    const PROVIDER: &'static str = "libc_mem";

    fn call(&mut self, call: &Call<'_>, sites: &mut Sites) {
        let number = |name| call.number(name).unwrap_or_default();
        let size = match call.name {
            "calloc" | "reallocarray" => number("nmemb").saturating_mul(number("size")),
            _ => number("size"),
        };
        match call.name {
            "malloc" | "calloc" | "memalign" | "aligned_alloc" | "valloc" | "pvalloc" => {
                self.allocated(call, number("ptr"), size, sites);
            }
            "posix_memalign" => self.allocated(call, number("out_ptr"), size, sites),
            "realloc" | "reallocarray" => {
                let (old, new) = (number("in_ptr"), number("ptr"));
                // Where there is no new block, the old one stays, but if no bytes were asked for.
                if old != 0 && (new != 0 || size == 0) {
                    self.freed_by_realloc(call, old);
                }
                if new != 0 || old == 0 || size != 0 {
                    self.allocated(call, new, size, sites);
                }
            }
            "free" => match number("ptr") {
                0 => return,
                address => self.freed(address),
            },
            _ => return,
        }
        self.timeline.set(call.time_ns(), self.live_bytes);
    }
}

impl Heap {
    fn allocated(&mut self, call: &Call<'_>, address: u64, size: u64, sites: &mut Sites) {
        if address == 0 {
            self.counts.failed += 1;
            return;
        }
        let stack = self.stack(call, sites);
        if let Some(before) = self.live.insert(address, Block { size, stack }) {
            self.counts.unseen_frees += 1;
            self.is_dead(before);
            let now_ns = call.time_ns();
            if self.displaced.len() >= DISPLACED_MAX {
                self.displaced.retain(|_, (then_ns, _)| is_recent(*then_ns, now_ns));
            }
            self.displaced.insert(address, (now_ns, call.tid()));
        }
        self.counts.allocations += 1;
        self.counts.allocated_bytes = self.counts.allocated_bytes.saturating_add(size);
        self.sizes[(u64::BITS - size.leading_zeros()) as usize] += 1;
        self.amounts.given(stack, size);
        self.live_bytes = self.live_bytes.saturating_add(size);
        if self.live_bytes > self.peak.bytes {
            let (blocks, time_ns) = (self.live.len() as u64, call.time_ns());
            self.peak = Peak { bytes: self.live_bytes, blocks, time_ns, since_start_ns: 0 };
            self.amounts.is_peak();
        }
    }

    /// The number of a call's stack.
    fn stack(&mut self, call: &Call<'_>, sites: &mut Sites) -> u32 {
        let call_site = sites.number(call.number("call_site").unwrap_or_default());
        // A recorded stack begins with the call site.
        let callers = call.addresses("call_stack").skip(1);
        self.stacks.number(call_site, callers.map(|address| sites.number(address)))
    }

    fn freed(&mut self, address: u64) {
        match self.live.remove(&address) {
            Some(block) => {
                self.counts.frees += 1;
                self.is_dead(block);
            }
            None => self.counts.frees_of_unknown += 1,
        }
    }

    fn freed_by_realloc(&mut self, call: &Call<'_>, address: u64) {
        let displaced = self.displaced.remove(&address);
        // A thread that was given the address before it called `realloc` means the block that is there now.
        let is_race = displaced.is_some_and(|(then_ns, tid)| {
            is_recent(then_ns, call.time_ns()) && (tid.is_none() || tid != call.tid())
        });
        if is_race {
            // This is the free that was not seen; what is there now is another thread's.
            self.counts.unseen_frees -= 1;
            self.counts.frees += 1;
        } else {
            self.freed(address);
        }
    }

    fn is_dead(&mut self, block: Block) {
        self.live_bytes = self.live_bytes.saturating_sub(block.size);
        self.amounts.freed(block.stack, block.size);
    }
}

fn is_recent(then_ns: i64, now_ns: i64) -> bool {
    now_ns.saturating_sub(then_ns) <= RACE_NS_MAX
}

/// What is reported of a process.
#[derive(Debug, Serialize)]
pub struct HeapReport {
    /// Calls.
    #[serde(flatten)]
    pub counts: Counts,
    /// The largest number of bytes.
    pub peak: Peak,
    /// What was still live at the end.
    pub live_at_end: Live,
    /// The call sites of these, the largest first.
    pub leaks: Vec<SiteFigures>,
    /// The call sites with the most bytes.
    pub top_by_bytes: Vec<SiteFigures>,
    /// The call sites with the most calls.
    pub top_by_count: Vec<SiteFigures>,
    /// How many allocations had which size.
    pub sizes: Vec<Sizes>,
    /// Live bytes over time.
    pub live_over_time: Vec<Point>,
    /// How many call sites have leaks, shown or not.
    pub leaking_sites: u64,
    /// The call stacks of what was live at the end, the largest first; none if no call stacks were recorded.
    pub leaking_stacks: Vec<StackFigures>,
    /// The call stacks of what was live at the peak, the largest first.
    pub peak_stacks: Vec<StackFigures>,
}

/// Bytes and blocks.
#[derive(Debug, Serialize)]
pub struct Live {
    /// Bytes.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
}

/// What a call site asked for: all of it, or what was still live.
#[derive(Debug, Serialize)]
pub struct SiteFigures {
    /// Bytes.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
    /// Where.
    pub site: Site,
}

/// What was live of that which a call stack asked for.
#[derive(Debug, Serialize)]
pub struct StackFigures {
    /// Bytes.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
    /// Where: the call site first, then those of its callers.
    pub frames: Vec<Site>,
}

/// Allocations of a range of sizes.
#[derive(Debug, Serialize)]
pub struct Sizes {
    /// The smallest size.
    pub from_bytes: u64,
    /// The largest size.
    pub to_bytes: u64,
    /// Allocations.
    pub count: u64,
}

/// A point in time.
#[derive(Debug, Serialize)]
pub struct Point {
    /// From the process's first event of the set on.
    pub since_start_ns: u64,
    /// The largest number of live bytes until the next point.
    pub bytes: u64,
}

impl Heap {
    /// The figures, with at most so many call sites in a list.
    pub fn report(self, sites: &Sites, top: usize) -> HeapReport {
        let mut by_site = BTreeMap::<u32, Amounts>::new();
        for (stack, amounts) in self.amounts.all() {
            let of_site = by_site.entry(self.stacks.call_site(stack)).or_default();
            of_site.total.add(amounts.total);
            of_site.live.add(amounts.live);
        }
        let list = |which: fn(&Amounts) -> Amount, by: fn(&Amount) -> u64| {
            let all = largest(by_site.iter().map(|(site, it)| (*site, which(it))), by);
            let (count, shown) = (all.len() as u64, all.into_iter().take(top));
            let of_site = |(number, Amount { bytes, blocks })| {
                let site = sites.site(number);
                SiteFigures { bytes, blocks, site }
            };
            (shown.map(of_site).collect::<Vec<_>>(), count)
        };
        let (leaks, leaking_sites) = list(|it| it.live, |it| it.bytes);
        let have_callers = self.stacks.have_callers();
        let stacks = |which: fn(&Amounts) -> Amount| {
            let all = self.amounts.all().filter(|_| have_callers);
            let all = largest(all.map(|(stack, it)| (stack, which(&it))), |it| it.bytes);
            let of_stack = |(stack, Amount { bytes, blocks })| {
                let frames = self.stacks.frames(stack).into_iter().map(|site| sites.site(site));
                StackFigures { bytes, blocks, frames: frames.collect() }
            };
            all.into_iter().take(top).map(of_stack).collect()
        };
        let sizes = (0..).zip(&self.sizes).filter(|(_, count)| **count > 0);
        let sizes = sizes.map(|(bits, count)| Sizes {
            from_bytes: if bits == 0 { 0 } else { 1 << (bits - 1) },
            to_bytes: u64::MAX.checked_shr(64 - bits).unwrap_or(0),
            count: *count,
        });
        let points = self.timeline.points();
        HeapReport {
            counts: self.counts,
            peak: Peak {
                since_start_ns: self.peak.time_ns.saturating_sub(self.timeline.start_ns()).max(0),
                ..self.peak
            },
            live_at_end: Live { bytes: self.live_bytes, blocks: self.live.len() as u64 },
            leaks,
            top_by_bytes: list(|it| it.total, |it| it.bytes).0,
            top_by_count: list(|it| it.total, |it| it.blocks).0,
            sizes: sizes.collect(),
            live_over_time: points
                .map(|(since_start_ns, bytes)| Point { since_start_ns, bytes })
                .collect(),
            leaking_sites,
            leaking_stacks: stacks(|it| it.live),
            peak_stacks: stacks(|it| it.at_peak),
        }
    }
}

/// Those that have any blocks, the largest first.
fn largest(all: impl Iterator<Item = (u32, Amount)>, by: fn(&Amount) -> u64) -> Vec<(u32, Amount)> {
    let mut all: Vec<_> = all.filter(|(_, amount)| amount.blocks > 0).collect();
    all.sort_by_key(|(number, amount)| (Reverse(by(amount)), *number));
    all
}
