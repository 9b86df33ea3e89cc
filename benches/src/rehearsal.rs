//! What a bench does under `cargo test`, which runs it too.

/// Whether the program is not to measure, but to show that it works. Says so, if it is. `cargo test` hands on arguments that are not this
/// program's, so ask before they are parsed.
pub fn is_rehearsal() -> bool {
    let is_rehearsal = !std::env::args().any(|argument| argument == "--bench");
    if is_rehearsal {
        println!("A rehearsal: the numbers mean nothing. `cargo bench` measures.");
    }
    is_rehearsal
}
