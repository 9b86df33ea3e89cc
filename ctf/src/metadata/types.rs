//! What a writer declares of a trace: its clock, its streams, its event classes.

/// What all streams of a trace share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Ties metadata and packets together: each packet header carries it too.
    pub uuid: [u8; 16],
    /// Facts about who was traced (`hostname`, `procname`, `vpid`, `tracer_name`, ...).
    pub env: Vec<(String, EnvValue)>,
    /// The clock of all timestamps.
    pub clock: Clock,
    /// The kinds of streams.
    pub streams: Vec<StreamClass>,
}

/// A value in the trace's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// Text.
    Str(String),
    /// A number.
    Int(i64),
}

/// A clock: `offset_s + (offset_cycles + value) / freq_hz` are the seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// An identifier, as `monotonic`.
    pub name: String,
    /// Clocks of different traces with the same uuid are the same clock to readers that merge
    /// traces.
    pub uuid: Option<[u8; 16]>,
    /// For people.
    pub description: String,
    /// Cycles in a second.
    pub freq_hz: u64,
    /// Whole seconds from 1970 to the clock's zero.
    pub offset_s: u64,
    /// What is left of them, in cycles.
    pub offset_cycles: u64,
}

/// A kind of stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamClass {
    /// What packet headers and event classes name it by.
    pub id: u32,
    /// Packet context fields behind the standard ones, as `vtid` or `cpu_id`; their names are used
    /// as they are.
    pub extra: Vec<(String, Integer)>,
    /// What each event has between its header and its payload, as `vpid`; names are used as they are.
    pub context: Vec<(String, FieldType)>,
}

/// A kind of event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventClass {
    /// What event headers name it by; unique in its stream class. `u32::MAX` crashes babeltrace
    /// 1.5.
    pub id: u32,
    /// The stream class in whose streams it occurs.
    pub stream_id: u32,
    /// By convention `provider:name`.
    pub name: String,
    /// Severity, in LTTng-UST's numbers: 0 is an emergency, 14 is debug; any other number is left
    /// out.
    pub loglevel: i32,
    /// The payload.
    pub fields: Vec<Field>,
}

/// A field of an event's payload.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// The user's name for it.
    pub name: String,
    /// How its bytes are read.
    pub ty: FieldType,
}

/// How a field's bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// A whole number.
    Integer(Integer),
    /// An IEEE 754 number.
    Float(Float),
    /// UTF-8 text ended by a NUL.
    String,
    /// A number of elements known beforehand.
    Array {
        /// What each is.
        elem: Scalar,
        /// How many.
        len: u32,
    },
    /// A number of elements that each record states.
    Sequence {
        /// What each is.
        elem: Scalar,
    },
}

/// What arrays and sequences hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// A whole number.
    Integer(Integer),
    /// An IEEE 754 number.
    Float(Float),
}

/// A whole number of 1, 2, 4 or 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Integer {
    /// Its size.
    pub width: Width,
    /// Two's complement, or without sign.
    pub signed: bool,
    /// How readers show it.
    pub base: Base,
}

/// Size of an [`Integer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// One byte.
    W8 = 8,
    /// Two bytes.
    W16 = 16,
    /// Four bytes.
    W32 = 32,
    /// Eight bytes.
    W64 = 64,
}

/// How readers show an [`Integer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// `1204`.
    Decimal = 10,
    /// `0x4B4`.
    Hexadecimal = 16,
}

/// Size of an IEEE 754 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Float {
    /// `f32`.
    F32 = 32,
    /// `f64`.
    F64 = 64,
}

impl StreamClass {
    /// Bytes of the extra fields: as many as
    /// [`StreamIdentity::extra`](crate::packet::StreamIdentity::extra) must have.
    pub fn extra_bytes(&self) -> usize {
        self.extra.iter().map(|(_, ty)| ty.width as usize / 8).sum()
    }
}

impl Integer {
    /// `u8`.
    pub const U8: Integer = Integer::new(Width::W8, false);
    /// `u16`.
    pub const U16: Integer = Integer::new(Width::W16, false);
    /// `u32`.
    pub const U32: Integer = Integer::new(Width::W32, false);
    /// `u64`.
    pub const U64: Integer = Integer::new(Width::W64, false);
    /// `i8`.
    pub const I8: Integer = Integer::new(Width::W8, true);
    /// `i16`.
    pub const I16: Integer = Integer::new(Width::W16, true);
    /// `i32`.
    pub const I32: Integer = Integer::new(Width::W32, true);
    /// `i64`.
    pub const I64: Integer = Integer::new(Width::W64, true);

    /// A decimal integer.
    pub const fn new(width: Width, signed: bool) -> Integer {
        Integer { width, signed, base: Base::Decimal }
    }

    /// The same, shown in hexadecimal.
    pub const fn hex(self) -> Integer {
        Integer { base: Base::Hexadecimal, ..self }
    }
}
