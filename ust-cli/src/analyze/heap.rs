//! `ust analyze heap`: what a program had allocated, when, and who had asked for it.
//!
//! ```text
//!   malloc(size) = ptr @ site  --> live[ptr] = (size, site)       bytes live, peak, sites, sizes
//!   free(ptr)                  --> live.remove(ptr)               not there: allocated where nobody saw it
//! ```
//!
//! An address that is given while it is live was freed where nobody saw it: its event was lost, or the C library did it. A
//! `realloc` is recorded behind the call. So another thread may be given the old address, and say so, before the `realloc`
//! does: the block that had been there is remembered for as long as such a call may take ([`RACE_NS_MAX`]).

use super::feed::{Call, Figures};
use super::sites::{Site, Sites};
use super::timeline::Timeline;
use serde::Serialize;
use std::collections::HashMap;

/// Between the moments in which a `realloc` gives memory back and is recorded, a thread may lose its processor.
const RACE_NS_MAX: i64 = 100_000_000;

/// How many displaced blocks there may be before old ones are forgotten.
const DISPLACED_MAX: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Block {
    size: u64,
    site: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct OfSite {
    count: u64,
    bytes: u64,
    live_count: u64,
    live_bytes: u64,
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
    sites: Vec<OfSite>,
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
            sites: Vec::new(),
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
        let site = sites.number(call.number("call_site").unwrap_or_default());
        if self.sites.len() <= site as usize {
            self.sites.resize(site as usize + 1, OfSite::default());
        }
        if let Some(before) = self.live.insert(address, Block { size, site }) {
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
        let of_site = &mut self.sites[site as usize];
        of_site.count += 1;
        of_site.bytes = of_site.bytes.saturating_add(size);
        of_site.live_count += 1;
        of_site.live_bytes = of_site.live_bytes.saturating_add(size);
        self.live_bytes = self.live_bytes.saturating_add(size);
        if self.live_bytes > self.peak.bytes {
            let (blocks, time_ns) = (self.live.len() as u64, call.time_ns());
            self.peak = Peak { bytes: self.live_bytes, blocks, time_ns, since_start_ns: 0 };
        }
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
        let of_site = &mut self.sites[block.site as usize];
        of_site.live_count = of_site.live_count.saturating_sub(1);
        of_site.live_bytes = of_site.live_bytes.saturating_sub(block.size);
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
        let list = |figures: fn(&OfSite) -> (u64, u64), by: fn(&(u64, u64, u32)) -> u64| {
            let all = (0..).zip(&self.sites).map(|(number, of_site)| {
                let (bytes, blocks) = figures(of_site);
                (bytes, blocks, number)
            });
            let mut all: Vec<_> = all.filter(|(_, blocks, _)| *blocks > 0).collect();
            all.sort_by_key(|one| (std::cmp::Reverse(by(one)), one.2));
            let count = all.len() as u64;
            all.truncate(top);
            let of_site =
                |(bytes, blocks, number)| SiteFigures { bytes, blocks, site: sites.site(number) };
            (all.into_iter().map(of_site).collect::<Vec<_>>(), count)
        };
        let live = |of_site: &OfSite| (of_site.live_bytes, of_site.live_count);
        let all = |of_site: &OfSite| (of_site.bytes, of_site.count);
        let (leaks, leaking_sites) = list(live, |one| one.0);
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
            top_by_bytes: list(all, |one| one.0).0,
            top_by_count: list(all, |one| one.1).0,
            sizes: sizes.collect(),
            live_over_time: points
                .map(|(since_start_ns, bytes)| Point { since_start_ns, bytes })
                .collect(),
            leaking_sites,
        }
    }
}
