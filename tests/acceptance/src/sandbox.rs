//! What the program `gives_up_descriptors` and its test agree on.

/// Children that the program forks.
pub const FORKS: u64 = 5;

/// Events of each child, and of the program after its forks.
pub const EVENTS: u64 = 100;
