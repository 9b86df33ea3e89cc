//! Event classes as the source code states them.
//!
//! Each `#[tracepoint]` has one [`EventDescription`] in read-only memory. It has everything that a reader must know
//! about the event: its provider, name and level, and its fields in the order of the record. The process writes it
//! into its process file once, and the consumer turns it into CTF metadata.
//!
//! Nothing here changes while the program runs.

use crate::wire::FieldType;

/// What a `#[tracepoint]` declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventDescription {
    /// The subsystem that the event belongs to: the part before the colon in `provider:name`.
    pub provider: &'static str,
    /// The event's own name: the part after the colon.
    pub name: &'static str,
    /// How important the event is.
    pub level: Level,
    /// The fields, in the order of their bytes in the record.
    pub fields: &'static [FieldDescription],
    /// Path of the source file that declares it, as the compiler got it.
    pub file: &'static str,
    /// Line of the declaration, counted from 1.
    pub line: u32,
    /// Path of the Rust module that declares it.
    pub module_path: &'static str,
    /// What the source says of the event, and then of each field; empty texts where it says nothing. Empty if it says
    /// nothing at all.
    pub docs: &'static [&'static str],
}

/// One field of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldDescription {
    /// The parameter's name, without any prefix.
    pub name: &'static str,
    /// The type of the value.
    pub ty: &'static FieldType,
}

/// How important an event is: syslog's levels, then LTTng's finer debug levels.
///
/// The numbers are those of LTTng-UST's `TRACE_*` levels, so filters and viewers that know one set know the other.
/// A lower number is more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// The system is unusable.
    Emerg = 0,
    /// Somebody must act at once.
    Alert = 1,
    /// Critical condition.
    Crit = 2,
    /// Error condition.
    Err = 3,
    /// Warning condition.
    Warning = 4,
    /// Normal but significant.
    Notice = 5,
    /// Informational.
    Info = 6,
    /// Debugging, system scope.
    DebugSystem = 7,
    /// Debugging, program scope.
    DebugProgram = 8,
    /// Debugging, process scope.
    DebugProcess = 9,
    /// Debugging, module scope.
    DebugModule = 10,
    /// Debugging, compilation unit scope.
    DebugUnit = 11,
    /// Debugging, function scope.
    DebugFunction = 12,
    /// Debugging, line scope: the level of an event that states none.
    DebugLine = 13,
    /// Debugging, everything else.
    Debug = 14,
}

impl Level {
    /// Every level, the most urgent first. Each is at the index of its number.
    pub const ALL: [Level; 15] = [
        Level::Emerg,
        Level::Alert,
        Level::Crit,
        Level::Err,
        Level::Warning,
        Level::Notice,
        Level::Info,
        Level::DebugSystem,
        Level::DebugProgram,
        Level::DebugProcess,
        Level::DebugModule,
        Level::DebugUnit,
        Level::DebugFunction,
        Level::DebugLine,
        Level::Debug,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_stands_at_its_number() {
        assert!(Level::ALL.iter().enumerate().all(|(number, level)| *level as usize == number));
    }
}
