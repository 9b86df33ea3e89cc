//! What an event is that is described while the program runs.

use core::ffi::c_void;
use ust_core::event::Level;
use ust_core::protocol::ClassBody;
use ust_core::wire::FieldType;
use ust_core::wire::bounds::Beyond;

/// What an event declares, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The part of `provider:name` before the colon.
    pub provider: String,
    /// The part after it.
    pub name: String,
    /// How important it is.
    pub level: Level,
    /// The source file that declares it; empty if there is none.
    pub file: String,
    /// The line of the declaration, counted from 1; 0 if there is none.
    pub line: u32,
    /// Names and types of the fields, in the order of their bytes in the record.
    pub fields: Vec<(String, FieldType)>,
}

impl Description {
    /// As the class log has it.
    pub(super) fn body(&self) -> ClassBody<'_, &FieldType> {
        let Self { provider, name, level, file, line, fields } = self;
        ClassBody {
            provider,
            name,
            level: *level as u8,
            file,
            line: *line,
            module_path: "",
            fields: fields.iter().map(|(name, ty)| (name.as_str(), ty)).collect(),
            docs: Vec::new(),
        }
    }

    /// Checks that the description is within the [`bounds`](super::bounds) of a class.
    ///
    /// # Errors
    /// The bound that it exceeds.
    pub fn check(&self) -> Result<(), Beyond> {
        self.body().encode().map(drop)
    }
}

/// Called when an event is switched on or off, by the switching thread, which holds a lock. It must neither wait nor
/// register anything.
#[derive(Debug, Clone, Copy)]
pub struct Observer {
    /// The function: called with `data`, and whether the event is on.
    pub notify: extern "C" fn(data: *mut c_void, is_on: bool),
    /// Its first argument.
    pub data: *mut c_void,
}
