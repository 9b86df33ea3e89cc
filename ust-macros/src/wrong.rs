//! All mistakes of one use of a macro, each at its place.

use quote::ToTokens;
use syn::{Error, Result};

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Wrong(Option<Error>);

impl Wrong {
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.also(Error::new_spanned(tokens, message));
    }

    pub(crate) fn also(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The value; or none, and one mistake more.
    pub(crate) fn take<T>(&mut self, checked: Result<T>) -> Option<T> {
        checked.map_err(|error| self.also(error)).ok()
    }

    pub(crate) fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
