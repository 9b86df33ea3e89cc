//! Versions of everything in which two builds may meet: shared memory, protocols, published files, the in-process
//! table.
//!
//! One rule for all. A different **major** is refused, with one line that names both ([`Mismatch`]). A **minor** only
//! adds: an earlier build ignores what a later one has added, and does without it.

use core::fmt;

/// A version of a format or a protocol. In JSON it is two keys of the versioned object: `"version":6,"minor":0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
pub struct Version {
    /// A build does not understand another major.
    #[cfg_attr(any(test, feature = "serde"), serde(rename = "version"))]
    pub major: u16,
    /// Grows when something is added.
    #[cfg_attr(any(test, feature = "serde"), serde(default))]
    pub minor: u16,
}

impl Version {
    /// As one word in memory, with the major in the lower half. (Before there were minors, the word was the major.)
    pub const fn to_word(self) -> u32 {
        self.major as u32 | (self.minor as u32) << 16
    }

    /// Reads a word that may hold anything.
    pub const fn from_word(word: u32) -> Self {
        Self { major: word as u16, minor: (word >> 16) as u16 }
    }

    /// Whether a build of this version understands the `other` side.
    pub const fn understands(self, other: Self) -> bool {
        self.major == other.major
    }

    /// Whether a build of this version understands the `other` side.
    ///
    /// # Errors
    /// It does not; the error names both.
    pub fn check(self, other: Self) -> Result<(), Mismatch> {
        if self.understands(other) { Ok(()) } else { Err(Mismatch { found: other, own: self }) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Two versions that do not understand each other, as a phrase: `version 5.0, where this build has version 6.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(any(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
pub struct Mismatch {
    /// The other side's version.
    pub found: Version,
    /// This build's version.
    pub own: Version,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}, where this build has version {}", self.found, self.own)
    }
}

impl core::error::Error for Mismatch {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_minor_is_understood_and_another_major_refused_by_name() {
        let version = |major, minor| Version { major, minor };
        let own = version(6, 1);
        assert_eq!((own.check(version(6, 0)), own.check(version(6, 9))), (Ok(()), Ok(())));
        for other in [version(5, 1), version(7, 0)] {
            let refused = own.check(other).unwrap_err().to_string();
            assert_eq!(refused, format!("version {other}, where this build has version 6.1"));
        }
    }
}
