//! `stepped JOURNAL_FD STREAM_FD`: emits what the journal orders while its parent steps through it.

use ust_proofs::tracee::Tracee;

fn main() {
    Tracee::of_stream().be_stepped();
}
