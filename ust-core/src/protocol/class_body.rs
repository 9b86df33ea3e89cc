//! What the class log says of an event class.

use crate::event::EventDescription;
use serde::{Deserialize, Serialize};

/// An event class, but for its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassBody<'a> {
    /// Part before the colon.
    pub provider: &'a str,
    /// Part behind the colon.
    pub name: &'a str,
    /// As [`Level`](crate::event::Level)'s discriminants.
    pub level: u8,
    /// Source file of the declaration.
    pub file: &'a str,
    /// Line of the declaration.
    pub line: u32,
    /// Rust module of the declaration.
    pub module_path: &'a str,
    /// Names and types, in the order of the record.
    #[serde(borrow)]
    pub fields: Vec<(&'a str, crate::wire::FieldType)>,
}

impl<'a> ClassBody<'a> {
    /// What a tracepoint declares.
    pub fn of(description: &'a EventDescription) -> Self {
        Self {
            provider: description.provider,
            name: description.name,
            level: description.level as u8,
            file: description.file,
            line: description.line,
            module_path: description.module_path,
            fields: description.fields.iter().map(|field| (field.name, field.ty)).collect(),
        }
    }

    /// `provider:name`, by which rules know it.
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.provider, self.name)
    }

    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        // Serialising plain data into memory cannot fail.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// The class in untrusted bytes; `None` if there is none.
    pub fn decode(untrusted_bytes: &'a [u8]) -> Option<Self> {
        postcard::from_bytes(untrusted_bytes).ok()
    }
}
