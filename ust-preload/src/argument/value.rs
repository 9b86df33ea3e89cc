//! What is recorded of a value of C.

use core::ffi::c_int;
use ust_core::wire::Field;

/// A value of C that is recorded.
pub trait Argument: Copy {
    /// What is recorded.
    type Field: Field;

    /// What is recorded of it behind a call that failed with this error number, or 0. Text that the kernel could not read
    /// (EFAULT) is not read either.
    fn field(self, error: c_int) -> Self::Field;

    /// What else is to be told of it, in front of the call, in an event of its own.
    #[inline(always)]
    fn tell(self) {}
}

/// What a function of C returns.
pub trait Outcome: Copy {
    /// The error number of the call: `errno` if the result says that it failed, else 0.
    fn error(self, errno: c_int) -> c_int;

    /// What a function that is nowhere found returns, with `errno` set to ENOSYS.
    fn missing() -> Self;
}
