//! The types of other modules that messages carry, as bytes.

use super::coded::{enumeration, structure};
use crate::abi::{Buffers, Mode, Residency};
use crate::clock::ClockKind;
use crate::version::{Mismatch, Version};
use crate::wire::{Base, ByteOrder, Encoding, Integer};

structure!(Version { major, minor });
structure!(Mismatch { found, own });
enumeration!(ClockKind { 0 => Tsc, 1 => Monotonic });
enumeration!(Buffers { 0 => PerThread, 1 => PerCpu });
enumeration!(Mode { 0 => Discard, 1 => Overwrite, 2 => Block { timeout_ms } });
enumeration!(Residency { 0 => OnEntry, 1 => Prefault, 2 => Lock });
structure!(Integer { bits, signed, base, byte_order, encoding });
enumeration!(Base { 0 => Decimal, 1 => Binary, 2 => Octal, 3 => Hexadecimal });
enumeration!(ByteOrder { 0 => Native, 1 => Network });
enumeration!(Encoding { 0 => None, 1 => Utf8, 2 => Ascii });
