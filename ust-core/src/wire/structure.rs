//! Several values as one field: a tuple, whose members are called by their places.
//!
//! ```text
//!   (x, y)    { 0 = x, 1 = y }
//! ```

#![allow(unsafe_code)]

use super::{Field, FieldType, Member, Part, sum_of_sizes};

macro_rules! structure {
    ($($field:ident $name:literal)*) => {
        // SAFETY: each member writes what it measured, from where the one before it ended, and the sizes are the
        // sums of the members'. The members do not panic, nor do saturating sums.
        unsafe impl<$($field: Field),*> Field for ($($field,)*) {
            const TYPE: &'static FieldType = &FieldType::Structure {
                members: Part::Static(const {
                    &[$(Member { name: Part::Static($name), ty: Part::Static($field::TYPE) }),*]
                }),
            };
            const FIXED_SIZE_BYTES: Option<usize> = sum_of_sizes(&[$($field::FIXED_SIZE_BYTES),*]);

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                #[allow(non_snake_case)]
                let ($($field,)*) = self;
                let size_bytes = 0usize;
                $(let size_bytes = size_bytes.saturating_add($field.size_bytes());)*
                size_bytes
            }

            #[inline(always)]
            fn is_short(&self) -> bool {
                #[allow(non_snake_case)]
                let ($($field,)*) = self;
                true $(&& $field.is_short())*
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                #[allow(non_snake_case)]
                let ($($field,)*) = self;
                $(
                    // SAFETY: the members before this one have used their own sizes of what the caller lent,
                    // which is the sum of all.
                    let dst = unsafe { $field.encode(dst) };
                )*
                dst
            }
        }
    };
}

structure!(A "0" B "1");
structure!(A "0" B "1" C "2");
structure!(A "0" B "1" C "2" D "3");
structure!(A "0" B "1" C "2" D "3" E "4");
structure!(A "0" B "1" C "2" D "3" E "4" F "5");
structure!(A "0" B "1" C "2" D "3" E "4" F "5" G "6");
structure!(A "0" B "1" C "2" D "3" E "4" F "5" G "6" H "7");
