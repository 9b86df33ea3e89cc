//! Structures and enumerations as bytes: writes both directions from one list of fields, in the order of the bytes.

/// A structure: its fields, in the order of the bytes.
macro_rules! structure {
    ($name:ident $(<$life:lifetime>)? { $($field:ident),+ $(,)? }) => {
        impl $(<$life>)? $crate::protocol::codec::Encode for $name $(<$life>)? {
            fn encode(&self, to: &mut $crate::protocol::codec::Writer<'_>) {
                let Self { $($field),+ } = self;
                $($field.encode(to);)+
            }
        }

        structure!(@decode $name $(<$life>)? { $($field),+ });
    };
    (@decode $name:ident { $($field:ident),+ }) => {
        impl $crate::protocol::codec::Decode<'_> for $name {
            structure!(@body '_ { $($field),+ });
        }
    };
    (@decode $name:ident <$life:lifetime> { $($field:ident),+ }) => {
        impl<$life> $crate::protocol::codec::Decode<$life> for $name<$life> {
            structure!(@body $life { $($field),+ });
        }
    };
    (@body $life:lifetime { $($field:ident),+ }) => {
        fn decode(from: &mut $crate::protocol::codec::Reader<$life>) -> Option<Self> {
            $(let $field = $crate::protocol::codec::Decode::decode(from)?;)+
            Some(Self { $($field),+ })
        }
    };
}

/// An enumeration: its variants by number, each with its fields in the order of the bytes. Numbers never change.
macro_rules! enumeration {
    ($name:ident $(<$life:lifetime>)? {
        $($number:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),+ })?),+ $(,)?
    }) => {
        impl $(<$life>)? $crate::protocol::codec::Encode for $name $(<$life>)? {
            fn encode(&self, to: &mut $crate::protocol::codec::Writer<'_>) {
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),+ })? => {
                        to.count($number);
                        $($inner.encode(to);)?
                        $($($field.encode(to);)+)?
                    })+
                }
            }
        }

        enumeration!(@decode $name $(<$life>)? {
            $($number => $variant $(($inner))? $({ $($field),+ })?),+
        });
    };
    (@decode $name:ident { $($variants:tt)+ }) => {
        impl $crate::protocol::codec::Decode<'_> for $name {
            enumeration!(@body '_ { $($variants)+ });
        }
    };
    (@decode $name:ident <$life:lifetime> { $($variants:tt)+ }) => {
        impl<$life> $crate::protocol::codec::Decode<$life> for $name<$life> {
            enumeration!(@body $life { $($variants)+ });
        }
    };
    (@body $life:lifetime {
        $($number:literal => $variant:ident $(($inner:ident))? $({ $($field:ident),+ })?),+
    }) => {
        fn decode(from: &mut $crate::protocol::codec::Reader<$life>) -> Option<Self> {
            match <u32 as $crate::protocol::codec::Decode>::decode(from)? {
                $($number => {
                    $(let $inner = $crate::protocol::codec::Decode::decode(from)?;)?
                    $($(let $field = $crate::protocol::codec::Decode::decode(from)?;)+)?
                    Some(Self::$variant $(($inner))? $({ $($field),+ })?)
                })+
                _ => None,
            }
        }
    };
}

pub(super) use {enumeration, structure};
