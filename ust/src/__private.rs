//! The names that macro expansions use. Not part of the public interface.
//!
//! An expansion reaches everything from here, the standard library included, so no name in the scope around it
//! can shadow what it needs.

pub use crate::anywhere::{begin_span, record_event};
pub use crate::callsite::{Callsite, CallsiteState, Switch};
pub use crate::declared::{CALLSITES, Entry, Site, all as callsites, number_first};
pub use crate::record::{before_vfork, record, record_otherwise, try_record};
pub use crate::sdt;
pub use crate::span::outcome::{choices as outcome_choices, type_of as outcome_type};
pub use crate::span::{
    Captured, Exit, Nothing, Outcome, SPAN_FIELDS, Span, Task, Timed, number as span_number,
};
pub use core;
pub use linkme;
pub use ust_core::event::{EventDescription, FieldDescription, Level};
pub use ust_core::wire::{
    Both, Choice, Field, FieldType, Formatted, Integer, Label, Member, Part, Payload, Shown,
    sum_of_sizes,
};
pub use ust_macros::declared;

/// Called before a thread goes into seccomp's strict mode. All calls of it pass unseen from here on, and if it is the first thread the
/// process is watched.
pub fn before_seal() {
    before_exit_of_thread();
    crate::inside::stay();
}

/// Called before a thread ends by a system call of its own, which nobody else notices.
pub fn before_exit_of_thread() {
    let _inside = crate::inside::Inside::new();
    crate::last_thread::thread_ends_unseen();
}

/// Called by each expansion's `.init_array` entry, before `main` or in `dlopen`.
pub extern "C" fn register_module() {
    // A constructor must not unwind into the loader.
    let _ = std::panic::catch_unwind(crate::startup::register_module);
}

/// Called by each expansion's `.fini_array` entry, in `dlclose` or at the program's end.
pub extern "C" fn unregister_module() {
    // A destructor must not either.
    let _ = std::panic::catch_unwind(crate::startup::unregister_module);
}

/// The crate's name: the first part of every module path.
///
/// `env!("CARGO_CRATE_NAME")` is not used: only Cargo sets it.
pub const fn crate_name(module_path: &'static str) -> &'static str {
    let mut length = 0;
    while length < module_path.len() && module_path.as_bytes()[length] != b':' {
        length += 1;
    }
    module_path.split_at(length).0
}

/// Bytes as text.
#[inline(always)]
pub fn text<T: AsRef<[u8]> + ?Sized>(bytes: &T) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes.as_ref())
}

/// The type of a function's result.
pub const fn type_of_result<T, R: Field>(_: fn(T) -> R) -> &'static FieldType {
    R::TYPE
}

/// Checks that a value is a field.
#[inline(always)]
pub const fn check_field<F: Field>(_: &F) {}

/// Checks that values are fields.
#[inline(always)]
pub const fn check_fields<P: ust_core::wire::Described>(_: &P) {}

/// Calls a function's body. The compiler takes a closure that it is given here for one that is called once: what the body
/// returns may borrow from what it captured by value, such as `&mut self`.
#[inline(always)]
pub fn call_once<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// A field's size, if it is fixed.
#[inline(always)]
pub const fn fixed_size_of<F: Field>(_: &F) -> Option<usize> {
    F::FIXED_SIZE_BYTES
}

/// What is known of a type that may be a field: the inherent items, if it is one, else those of [`NoField`]. So an expansion that
/// names a wrong type several times is told once that it is wrong, and a function's value is recorded if it can be.
pub struct Probe<T: ?Sized>(core::marker::PhantomData<T>);

impl<T: Field> Probe<T> {
    /// What the metadata says of it.
    pub const TYPE: &'static FieldType = T::TYPE;

    /// What is recorded of a value.
    #[inline(always)]
    pub const fn of(value: &T) -> &T {
        value
    }
}

/// What [`Probe`] says of a type that is no field.
pub trait NoField {
    /// The type.
    type Value: ?Sized;
    /// Nothing.
    const TYPE: &'static FieldType = &FieldType::NOTHING;

    /// Nothing.
    #[inline(always)]
    fn of(_: &Self::Value) -> Nothing {
        Nothing
    }
}

impl<T: ?Sized> NoField for Probe<T> {
    type Value = T;
}

/// As [`Probe`], for a value of which only the compiler knows the type: what a function of `#[field(with = ..)]` returned.
pub struct Made<'a, T>(pub &'a T);

impl<'a, T: Field> Made<'a, T> {
    /// The value.
    #[inline(always)]
    pub const fn field(&self) -> &'a T {
        self.0
    }
}

/// What [`Made`] says of a value that is no field.
pub trait MadeNoField {
    /// Nothing.
    #[inline(always)]
    fn field(&self) -> Nothing {
        Nothing
    }
}

impl<T> MadeNoField for Made<'_, T> {}

/// As [`Probe`], for errors: their text is recorded, if they have one.
pub struct ErrorProbe<T: ?Sized>(core::marker::PhantomData<T>);

impl<T: core::fmt::Display> ErrorProbe<T> {
    /// What the metadata says of it.
    pub const TYPE: &'static FieldType = &FieldType::TEXT;

    /// What is recorded of an error.
    #[inline(always)]
    pub fn of(error: &T) -> Formatted {
        Formatted::display(error)
    }
}

impl<T: ?Sized> NoField for ErrorProbe<T> {
    type Value = T;
}

/// The types in a `Result`, which may have another name.
pub trait IsResult {
    /// The value's.
    type Value;
    /// The error's.
    type Error;
}

impl<T, E> IsResult for Result<T, E> {
    type Value = T;
    type Error = E;
}
