//! `stepped_tracepoints JOURNAL_FD STREAM_FD`: a traced program as users write them, which emits what the journal
//! orders while its parent steps through it. Its streams are its own; the second file is not used.

use ust::tracepoint;
use ust_core::clock::ClockKind;
use ust_proofs::journal::Outcome;
use ust_proofs::record::{body, signature};
use ust_proofs::scenario::Op;
use ust_proofs::tracee::Tracee;

#[tracepoint(provider = "proof", level = Info)]
fn fixed(number: u32, signature: u64);

#[tracepoint(provider = "proof", level = Info)]
fn with_body(number: u32, body: &[u8]);

fn main() {
    let emit = |number, op| {
        match op {
            Op::Body(bytes) => with_body(number, body(number, bytes.into())),
            _ => fixed(number, signature(number)),
        }
        Outcome::Untold
    };
    Tracee::new(ClockKind::best(), Box::new(emit)).be_stepped();
}
