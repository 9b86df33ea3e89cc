//! Call sites of a process, and the libraries in which they lie.
//!
//! ```text
//!   address --> number --> (address, object)      the object is looked up when it goes, or at the end:
//!                                                 a library is told after the first calls from it
//! ```
//!
//! The addresses of a library that has gone are forgotten. What is loaded there next has call sites of its own.

use ctf::printable;
use serde::Serialize;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// An executable or library, as the trace says: untrusted.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// Where its first segment lies.
    pub base: u64,
    /// From there to the end of its last segment.
    pub size_bytes: u64,
    /// Its file. It need not be text.
    pub path: PathBuf,
    /// In hexadecimal digits; may be empty.
    pub build_id: String,
}

/// The call sites that were seen.
#[derive(Debug, Default)]
pub struct Sites {
    numbers: HashMap<u64, u32>,
    sites: Vec<(u64, Option<Arc<Object>>)>,
    objects: Vec<Arc<Object>>,
}

/// A call site in a report. The address is that to which the call returns.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// In hexadecimal digits, for JSON has no large numbers.
    pub address: String,
    /// The object's path.
    pub object: Option<String>,
    /// From the object's beginning.
    pub offset: Option<String>,
    /// The function, demangled.
    pub function: Option<String>,
    /// The source file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
    /// What the others are found by.
    #[serde(skip)]
    pub place: Place,
}

/// An address, and the object in which it lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// The address.
    pub address: u64,
    /// The object, if it is known.
    pub object: Option<Arc<Object>>,
}

impl Object {
    fn has(&self, address: u64) -> bool {
        address.checked_sub(self.base).is_some_and(|offset| offset < self.size_bytes)
    }
}

impl Sites {
    /// The number of a call site. A call without one has the address 0.
    pub fn number(&mut self, address: u64) -> u32 {
        let new = self.sites.len() as u32;
        let number = *self.numbers.entry(address).or_insert(new);
        if number == new {
            self.sites.push((address, None));
        }
        number
    }

    /// An object was loaded.
    pub fn loaded(&mut self, object: Object) {
        // Its event may be in two channels.
        if !self.objects.iter().any(|known| **known == object) {
            self.forget(|known| object.has(known.base) || known.has(object.base));
            self.objects.push(Arc::new(object));
        }
    }

    /// The object that was loaded there has gone.
    pub fn gone(&mut self, base: u64) {
        self.forget(|known| known.base == base);
    }

    /// Forgets objects that have gone, and the addresses in them.
    fn forget(&mut self, has_gone: impl Fn(&Object) -> bool) {
        let (gone, kept) = self.objects.drain(..).partition(|object| has_gone(object));
        self.objects = kept;
        let gone: Vec<Arc<Object>> = gone;
        if gone.is_empty() {
            return;
        }
        let sites = &mut self.sites;
        self.numbers.retain(|address, number| {
            let object = gone.iter().find(|object| object.has(*address));
            if let Some(object) = object {
                sites[*number as usize].1 = Some(Arc::clone(object));
            }
            object.is_none()
        });
    }

    /// A call site for a report.
    pub fn site(&self, number: u32) -> Site {
        let (address, object) = &self.sites[number as usize];
        let found = || self.objects.iter().find(|object| object.has(*address)).cloned();
        let object = object.clone().or_else(found);
        let offset = object.as_ref().map(|object| format!("{:#x}", address - object.base));
        Site {
            address: format!("{address:#x}"),
            object: object.as_ref().map(|object| printable::path(&object.path).to_string()),
            offset,
            function: None,
            file: None,
            line: None,
            place: Place { address: *address, object },
        }
    }
}

impl std::fmt::Display for Site {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(object) = &self.object else {
            return write!(out, "{} in an unknown object", self.address);
        };
        let offset = self.offset.as_deref().unwrap_or_default();
        match &self.function {
            Some(function) => write!(out, "{function}")?,
            None => return write!(out, "{} ({object}+{offset})", self.address),
        }
        if let (Some(file), Some(line)) = (&self.file, self.line) {
            write!(out, " at {file}:{line}")?;
        }
        write!(out, " ({object}+{offset})")
    }
}
