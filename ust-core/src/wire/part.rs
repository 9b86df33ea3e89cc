//! A part of a description, borrowed or owned.
//!
//! ```text
//!   #[tracepoint]           Static(&'static T)    constants, in read-only memory
//!   made at run time        Owned(Box<T>)         what a C program, or another library, says about its events
//!   read from a class log   Owned(Box<T>)
//! ```

use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

/// A value in read-only memory, or owned. It dereferences to the value.
pub enum Part<T: ?Sized + 'static> {
    /// In read-only memory.
    Static(&'static T),
    /// Owned, on the heap.
    Owned(Box<T>),
}

impl<T: ?Sized> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Static(part) => part,
            Self::Owned(part) => part,
        }
    }
}

impl<T: ?Sized> Clone for Part<T>
where
    Box<T>: Clone,
{
    fn clone(&self) -> Self {
        match self {
            Self::Static(part) => Self::Static(part),
            Self::Owned(part) => Self::Owned(part.clone()),
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq> Eq for Part<T> {}

impl<T: ?Sized + Hash> Hash for Part<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T> From<T> for Part<T> {
    fn from(part: T) -> Self {
        Self::Owned(Box::new(part))
    }
}

impl<T> From<Vec<T>> for Part<[T]> {
    fn from(parts: Vec<T>) -> Self {
        Self::Owned(parts.into())
    }
}

impl From<&str> for Part<str> {
    fn from(text: &str) -> Self {
        Self::Owned(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_stands_makes_no_difference() {
        let (fixed, owned) = (Part::Static("text"), Part::<str>::from("text"));
        assert_eq!((&fixed, fixed.len()), (&owned, owned.len()));
        assert_eq!(format!("{fixed:?}"), format!("{owned:?}"));
        assert_eq!(owned.clone(), fixed);
        assert_ne!(Part::from(vec![1, 2]), Part::Static(&[1][..]));
    }
}
