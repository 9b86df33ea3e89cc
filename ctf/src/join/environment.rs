//! The environment of a joined trace: what all processes agree on, and by process what they do not.
//!
//! ```text
//!   prog-7/  hostname = "a"  procname = "prog"  vpid = 7            hostname = "a"
//!   prog-9/  hostname = "a"  procname = "prog"  vpid = 9     ->     procname = "prog"
//!   sh-9/    hostname = "a"  procname = "sh"    vpid = 9            process_7_procname = "prog"
//!                                                                   process_9_procname = "prog"
//!                                                                   process_9_2_procname = "sh"
//! ```
//!
//! - A fact that all traces have with the same value stands under its name.
//! - Any other would be untrue of some, and stands under `process_VPID_NAME`, once for each process that has it. The vpid
//!   itself is in the names. Two processes that had one number, one after the other, are told apart by a second number.
//! - The checksum's fact is the writer's own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::metadata::EnvValue;
use crate::packet::CHECKSUM_ENV;
use crate::reader::Trace;

/// The joined trace's environment.
pub(super) fn environment(traces: &[Arc<Trace>]) -> Vec<(String, EnvValue)> {
    let Some((first, others)) = traces.split_first() else { return Vec::new() };
    let facts = |trace: &Trace| {
        let facts = trace.metadata.env.clone().into_iter();
        facts.filter(|(name, _)| name != CHECKSUM_ENV.0).collect::<Vec<_>>()
    };
    let mut agreed = facts(first);
    for trace in others {
        agreed.retain(|(name, value)| trace.env(name) == Some(value));
    }
    let mut environment = agreed.clone();
    let is_agreed = |name: &str| agreed.iter().any(|(agreed, _)| agreed == name);
    let mut with_vpid = HashMap::<u32, u32>::new();
    for trace in traces {
        let vpid = vpid(trace);
        let nth = with_vpid.entry(vpid).or_default();
        *nth += 1;
        let process = match nth {
            1 => format!("process_{vpid}"),
            nth => format!("process_{vpid}_{nth}"),
        };
        let own = facts(trace).into_iter().filter(|(name, _)| name != "vpid" && !is_agreed(name));
        environment.extend(own.map(|(name, value)| (format!("{process}_{name}"), value)));
    }
    environment
}

/// The process's number, as its trace says; a number of the kernel's is not negative.
fn vpid(trace: &Trace) -> u32 {
    match trace.env("vpid") {
        Some(EnvValue::Int(pid)) => *pid as u32,
        _ => 0,
    }
}
