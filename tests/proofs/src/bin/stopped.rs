//! `stopped ROLE HOW POINT NTH JOURNAL_FD STREAM_FD`: stops or dies at a named point of the ring.

fn main() {
    ust_proofs::stop::run();
}
