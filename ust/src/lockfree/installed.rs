//! A file that several threads may want to make at once, and that must be sent before any thread writes to it.

use super::{Announced32, Place};

/// A file, and whether it has been sent. All zeroes: no file.
#[derive(Debug)]
pub struct Installed<F: 'static> {
    file: Place<F>,
    is_sent: Announced32,
}

impl<F: Sync> Installed<F> {
    /// No file.
    #[cfg(loom)]
    pub fn nothing() -> Self {
        Self { file: Place::empty(), is_sent: Announced32::nothing() }
    }

    /// The file, if there is one.
    pub fn file(&self) -> Option<&'static F> {
        self.file.get()
    }

    /// The file, or if there is none, the one that `make` makes. A thread that loses the race uses the winner's file
    /// and throws its own away, which nobody else has seen.
    ///
    /// # Errors
    /// The error of `make`.
    pub fn file_or_make<E>(
        &self,
        make: impl FnOnce() -> Result<&'static F, E>,
        throw_away: impl FnOnce(&'static F),
    ) -> Result<&'static F, E> {
        if let Some(file) = self.file() {
            return Ok(file);
        }
        let own = make()?;
        let installed = self.file.install(own);
        Ok(installed.map_or_else(
            |winner| {
                throw_away(own);
                winner
            },
            |()| own,
        ))
    }

    /// Makes sure that the file has been sent. Sending it twice does no harm, so no thread waits for another.
    ///
    /// # Errors
    /// The error of `send`.
    pub fn ensure_sent<E>(&self, send: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        if self.is_sent.get() == 0 {
            send()?;
            self.is_sent.set(1);
        }
        Ok(())
    }

    /// Takes the file away. Called when no thread looks for it any more.
    pub fn take(&self) -> Option<&'static F> {
        let file = self.file();
        self.file.set(None);
        file
    }
}
