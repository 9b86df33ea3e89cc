//! What the numbers must be: statements, each with its numbers and whether it holds.

use std::fmt;

/// A statement, and whether it holds.
#[derive(Debug)]
pub struct Promise {
    statement: String,
    /// Whether it does not hold.
    pub is_broken: bool,
    /// Whether it is about the bench itself. If such a promise is broken, the run proves nothing.
    pub is_of_bench: bool,
}

impl Promise {
    /// A promise about what is measured.
    pub fn new(statement: String, holds: bool) -> Self {
        Self { statement, is_broken: !holds, is_of_bench: false }
    }

    /// The same, about the bench itself.
    pub fn of_bench(self) -> Self {
        Self { is_of_bench: true, ..self }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_broken { "BROKEN" } else { "holds" };
        write!(f, "{verdict:<8}{}", self.statement)
    }
}

/// Prints them; returns whether the bench succeeds. A broken promise about what is measured is a failure only if
/// `is_checking`.
pub fn show(promises: &[Promise], is_checking: bool) -> bool {
    promises.iter().for_each(|promise| println!("{promise}"));
    !promises.iter().any(|promise| promise.is_broken && (is_checking || promise.is_of_bench))
}
