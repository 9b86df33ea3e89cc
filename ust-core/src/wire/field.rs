//! The values that can be fields.
//!
//! ```text
//!   Field   u8 ... i64  usize isize  bool  f32 f64  char       (scalar.rs)
//!           NonZero  Wrapping  atomics                         (number.rs)
//!           *const T  *mut T  NonNull                          (address.rs)
//!           [Field]  [Field; N]                                (sequence.rs)
//!           str  CStr  OsStr  Path                             (text.rs, text_of_system.rs)
//!           Option<Field>  Result<Field, Field>                (option.rs)
//!           tuples of 2 to 8 Fields                            (structure.rs)
//!           &Field  Box  Rc  Arc  Cow  String  Vec  PathBuf    (pointer.rs)
//!           Duration  SystemTime  Instant                      (time.rs, crate::moment)
//!           IpAddr  SocketAddr                                 (net.rs)
//!           structures and enumerations with #[derive(Field)]  (ust-macros)
//!             |
//!             +-- Payload   tuples of up to 16 Fields          (payload.rs)
//! ```
//!
//! Both traits are unsafe to implement for the same reason: the bytes written after the reservation must be
//! exactly the bytes measured before it.

#![allow(unsafe_code)]

use super::FieldType;

/// A value that can be a field of an event.
///
/// # Safety
///
/// - [`encode`](Field::encode) writes exactly [`size_bytes`](Field::size_bytes) bytes, all of them, and
///   returns the address behind the last.
/// - `size_bytes` gives the same answer however often it is asked while the value is borrowed, and that
///   answer is `FIXED_SIZE_BYTES` if there is one.
/// - Neither of them panics: a reservation must not be left behind.
/// - The same holds for [`size_of_all_bytes`](Field::size_of_all_bytes) and [`encode_all`](Field::encode_all), which do what
///   those two do for one value after the other.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of an event",
    label = "not a field type",
    note = "fields are integers up to 64 bits, floats, `bool`, `char`, texts, paths, addresses, times, and slices, arrays, `Option`s and tuples of fields",
    note = "for a type of your own write `#[derive(Field)]` on it; for any type with `Debug` or `Display` write `#[field(debug)]` or `#[field(display)]` before the parameter"
)]
pub unsafe trait Field {
    /// What the metadata says of the field.
    const TYPE: &'static FieldType;
    /// The field's size in bytes, if it is the same for every value.
    const FIXED_SIZE_BYTES: Option<usize>;

    /// The size of this value in bytes; `usize::MAX` if the number does not fit.
    fn size_bytes(&self) -> usize;

    /// Whether [`encode`](Field::encode) calls no function for this value. A field of variable size has few bytes
    /// then. Not a promise: the fast path is made for such values.
    #[inline(always)]
    fn is_short(&self) -> bool {
        true
    }

    /// Writes the value at `dst`, which need not be aligned, and returns the address after it.
    ///
    /// # Safety
    ///
    /// `dst` is valid for writes of [`size_bytes`](Field::size_bytes) bytes and does not overlap with
    /// anything that `self` borrows.
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8;

    /// Writes the value within `room` bytes, and returns the address after it. If it is longer and can be cut, as texts and
    /// sequences can, writes its beginning. If it cannot, returns `None`, and what the bytes are then is not said.
    ///
    /// # Safety
    ///
    /// `dst` is valid for writes of `room` bytes and does not overlap with anything that `self` borrows.
    #[inline]
    unsafe fn encode_cut(&self, dst: *mut u8, room: usize) -> Option<*mut u8> {
        // SAFETY: there is room for the whole value.
        (self.size_bytes() <= room).then(|| unsafe { self.encode(dst) })
    }

    /// How many bytes these values take together; `usize::MAX` if the number does not fit.
    #[inline(always)]
    fn size_of_all_bytes(all: &[Self]) -> usize
    where
        Self: Sized,
    {
        match Self::FIXED_SIZE_BYTES {
            Some(bytes) => all.len().saturating_mul(bytes),
            None => all.iter().fold(0, |sum, value| value.size_bytes().saturating_add(sum)),
        }
    }

    /// As [`is_short`](Field::is_short), for these values together.
    #[inline(always)]
    fn are_short(_all: &[Self]) -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Writes these values at `dst`, one behind the other, and returns the address behind the last.
    ///
    /// # Safety
    ///
    /// As for [`encode`](Field::encode), with [`size_of_all_bytes`](Field::size_of_all_bytes) bytes.
    #[inline(always)]
    unsafe fn encode_all(all: &[Self], dst: *mut u8) -> *mut u8
    where
        Self: Sized,
    {
        // SAFETY: each value ends where the next one begins, and the last where the caller's bytes end.
        all.iter().fold(dst, |dst, value| unsafe { value.encode(dst) })
    }
}

/// The total size of fields of these sizes, if all of them are fixed.
pub const fn sum_of_sizes(sizes_bytes: &[Option<usize>]) -> Option<usize> {
    let (mut sum_bytes, mut rest) = (0_usize, sizes_bytes);
    while let [first, more @ ..] = rest {
        let Some(bytes) = *first else { return None };
        sum_bytes = sum_bytes.saturating_add(bytes);
        rest = more;
    }
    Some(sum_bytes)
}
