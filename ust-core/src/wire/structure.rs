//! Several values as one field: a tuple, whose members are named by their indices.
//!
//! ```text
//!   (x, y)    { 0 = x, 1 = y }
//! ```

#![allow(unsafe_code)]

use super::{Field, FieldType, Member, Part, Payload};

macro_rules! structure {
    ($($field:ident $name:literal)*) => {
        // SAFETY: what `Payload` promises of the same tuple.
        unsafe impl<$($field: Field),*> Field for ($($field,)*) {
            const TYPE: &'static FieldType = &FieldType::Structure {
                members: Part::Static(const {
                    &[$(Member { name: Part::Static($name), ty: Part::Static($field::TYPE) }),*]
                }),
            };
            const FIXED_SIZE_BYTES: Option<usize> = <Self as Payload>::FIXED_SIZE_BYTES;

            #[inline(always)]
            fn size_bytes(&self) -> usize {
                Payload::size_bytes(self)
            }

            #[inline(always)]
            fn is_short(&self) -> bool {
                Payload::is_short(self)
            }

            #[inline(always)]
            unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
                // SAFETY: the same contract.
                unsafe { Payload::encode(self, dst) }
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
