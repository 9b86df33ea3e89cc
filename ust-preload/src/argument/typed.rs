//! Numbers that have another type in the trace than Rust's of their name.

/// Declares them: `NAME(number): what the metadata says of it`.
macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident($inner:ty): $integer:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub struct $name(pub $inner);

        // SAFETY: all is as the number's.
        unsafe impl ust_core::wire::Field for $name {
            const TYPE: &'static ust_core::wire::FieldType =
                &ust_core::wire::FieldType::Integer($integer);
            const FIXED_SIZE_BYTES: Option<usize> = Some(size_of::<$inner>());

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                size_of::<$inner>()
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                // SAFETY: the caller's promise.
                unsafe { ust_core::wire::Field::encode(&self.0, dst) }
            }
        }
    )*};
}
pub(crate) use typed;
