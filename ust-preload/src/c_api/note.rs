//! The note by which programs find the shim: it exports no name of its own, and most executables would not ask for one.

use super::TABLE;
use ust_core::abi::{C_API, ELF_NOTE_KIND_C_API};

ust_core::table_note!(kind: ELF_NOTE_KIND_C_API, version: C_API, table: TABLE);
