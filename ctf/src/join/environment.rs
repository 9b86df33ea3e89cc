//! The environment of a joined trace: facts on which all processes agree, and by process the others.
//!
//! ```text
//!   prog-7/  hostname = "a"  procname = "prog"  vpid = 7            hostname = "a"
//!   prog-9/  hostname = "a"  procname = "prog"  vpid = 9     ->     procname = "prog"
//!   sh-9/    hostname = "a"  procname = "sh"    vpid = 9            process_7_procname = "prog"
//!                                                                   process_9_procname = "prog"
//!                                                                   process_9_2_procname = "sh"
//! ```
//!
//! - A fact that all traces have with the same value is under its name.
//! - Any other fact would be untrue for some, and is under `process_VPID_NAME`, once for each process that has it. The
//!   vpid itself is in the names. A second number tells apart two processes that had the same vpid, one after the
//!   other.
//! - The checksum's fact is the writer's own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::read::Trace;
use crate::write::metadata::EnvValue;
use crate::write::packet::CHECKSUM_ENV;

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

/// The process id that its trace states. The kernel's process ids are not negative.
fn vpid(trace: &Trace) -> u32 {
    match trace.env("vpid") {
        Some(EnvValue::Int(pid)) => *pid as u32,
        _ => 0,
    }
}
