//! A file that several threads may want to make at once, and that has to be sent before anybody writes to it.

use super::{Announced32, Place};

/// A file, and whether it has been sent. Zeroes are no file.
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

    /// The file; if there is none, what `make` comes with. Who comes too late with it uses that of the other, and has its own
    /// thrown away, which nobody has seen.
    ///
    /// # Errors
    /// That of `make`.
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

    /// Makes sure that it has been sent. Sent twice is no harm, so nobody waits for anybody.
    ///
    /// # Errors
    /// That of `send`.
    pub fn ensure_sent<E>(&self, send: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        if self.is_sent.get() == 0 {
            send()?;
            self.is_sent.set(1);
        }
        Ok(())
    }

    /// Takes it away, where nobody looks any more.
    pub fn take(&self) -> Option<&'static F> {
        let file = self.file();
        self.file.set(None);
        file
    }
}
