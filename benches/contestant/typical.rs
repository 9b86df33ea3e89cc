//! Typical tracepoints, and the same records encoded by hand: what a programmer of C would write who knows the format.
//!
//! ```text
//!   typical_pair     pair(a, b)                        the expansion, by `wire`'s fields
//!   by_hand_pair     two stores into the reserved room
//! ```
//!
//! Both ask the same switch, reserve in the same way, and write the same bytes: the consumer checks them against the class. The
//! difference is what the macro and the fields' traits cost. `ust_benches::typical` has the table.
#![allow(unsafe_code)]

use std::fmt::{self, Display, Formatter};
use std::hint::black_box;
use ust::__private::{CallsiteState, record_otherwise, try_record};
use ust::{Field, tracepoint};
use ust_core::wire::Payload;

#[derive(Field)]
struct Point {
    x: i32,
    y: i32,
    colour: u16,
}

#[tracepoint(provider = "bench", level = Info)]
fn nothing();
#[tracepoint(provider = "bench", level = Info)]
fn number(a: u32);
#[tracepoint(provider = "bench", level = Info)]
fn pair(a: u64, b: u64);
#[tracepoint(provider = "bench", level = Info)]
fn text(a: &str);
#[tracepoint(provider = "bench", level = Info)]
fn structure(a: &Point);
#[tracepoint(provider = "bench", level = Info)]
fn option(a: Option<u32>, b: bool);
#[tracepoint(provider = "bench", level = Info)]
fn slice(a: &[u32]);

/// An error with a text.
#[derive(Debug)]
struct IsZero;

impl Display for IsZero {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("is zero")
    }
}

#[tracepoint(provider = "bench", level = Info)]
#[inline(never)]
fn before(a: u32) -> Result<u32, IsZero> {
    a.checked_sub(1).ok_or(IsZero)
}

/// As the outcome of `before`.
#[derive(Field)]
#[allow(dead_code)] // Only its type is of use: the bytes are written by hand.
enum Outcome<'a> {
    Returned(u32),
    Err(&'a str),
}

#[tracepoint(provider = "bench", level = Info)]
fn hand_entry(a: u32);
#[tracepoint(provider = "bench", level = Info)]
fn hand_exit(a: &Outcome<'_>);

/// A payload whose bytes somebody writes.
struct ByHand<W> {
    size_bytes: usize,
    write: W,
}

// SAFETY: those who make one write `size_bytes` bytes, and do not panic.
unsafe impl<W: Fn(*mut u8)> Payload for ByHand<W> {
    const FIXED_SIZE_BYTES: Option<usize> = None;

    #[inline(always)]
    fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    #[inline(always)]
    fn is_short(&self) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn encode(&self, dst: *mut u8) -> *mut u8 {
        (self.write)(dst);
        dst.wrapping_add(self.size_bytes)
    }
}

/// A function that records an event by hand: `$size_bytes` bytes, which the closure writes at `$at`.
macro_rules! by_hand {
    ($event:ident, fn $name:ident($($value:ident: $ty:ty),*), $size_bytes:expr, |$at:ident| $write:expr) => {
        #[inline(always)]
        fn $name($($value: $ty),*) {
            #[cold]
            #[inline(never)]
            fn record($($value: $ty,)* seen: CallsiteState) {
                let payload = ByHand {
                    size_bytes: $size_bytes,
                    // SAFETY: the record has room for as many bytes as were said.
                    write: move |$at: *mut u8| unsafe { $write },
                };
                if !try_record($event::callsite().switch(), seen, payload) {
                    otherwise($($value),*);
                }
            }

            #[cold]
            #[inline(never)]
            fn otherwise($($value: $ty),*) {
                let payload = ByHand {
                    size_bytes: $size_bytes,
                    // SAFETY: as above.
                    write: move |$at: *mut u8| unsafe { $write },
                };
                record_otherwise($event::callsite().switch(), payload);
            }

            let seen = $event::callsite().state();
            if seen.is_on() {
                record($($value,)* seen);
            }
        }
    };
}

by_hand!(nothing, fn nothing_by_hand(), 0, |at| at.write_bytes(0, 0));
by_hand!(number, fn number_by_hand(a: u32), 4, |at| at.cast::<u32>().write_unaligned(a));
by_hand!(pair, fn pair_by_hand(a: u64, b: u64), 16, |at| {
    at.cast::<u64>().write_unaligned(a);
    at.add(8).cast::<u64>().write_unaligned(b);
});
by_hand!(text, fn text_by_hand(a: &str), a.len() + 1, |at| {
    at.copy_from_nonoverlapping(a.as_ptr(), a.len());
    at.add(a.len()).write(0);
});
by_hand!(structure, fn structure_by_hand(a: &Point), 10, |at| {
    at.cast::<i32>().write_unaligned(a.x);
    at.add(4).cast::<i32>().write_unaligned(a.y);
    at.add(8).cast::<u16>().write_unaligned(a.colour);
});
by_hand!(option, fn option_by_hand(a: Option<u32>, b: bool), if a.is_some() { 6 } else { 2 }, |at| {
    match a {
        Some(a) => {
            at.write(1);
            at.add(1).cast::<u32>().write_unaligned(a);
            at.add(5).write(b.into());
        }
        None => {
            at.write(0);
            at.add(1).write(b.into());
        }
    }
});
by_hand!(slice, fn slice_by_hand(a: &[u32]), 4 + size_of_val(a), |at| {
    at.cast::<u32>().write_unaligned(a.len() as u32);
    at.add(4).copy_from_nonoverlapping(a.as_ptr().cast(), size_of_val(a));
});
by_hand!(hand_entry, fn entry_by_hand(a: u32), 4, |at| at.cast::<u32>().write_unaligned(a));
by_hand!(hand_exit, fn value_by_hand(a: u32), 5, |at| {
    at.write(0);
    at.add(1).cast::<u32>().write_unaligned(a);
});

#[inline(never)]
fn before_by_hand(a: u32) -> Result<u32, IsZero> {
    entry_by_hand(a);
    let result = a.checked_sub(1).ok_or(IsZero);
    match &result {
        Ok(value) => value_by_hand(*value),
        Err(error) => hand_exit(&Outcome::Err(&error.to_string())),
    }
    result
}

/// The function of each pair, and the body's name.
macro_rules! bodies {
    ($($typical:ident, $by_hand:ident: $event:ident, $emit:ident => |$at:ident| ($($value:expr),*);)*) => {
        $(
            #[inline(never)]
            fn $typical(events: u64) {
                for $at in 0..events {
                    let _ = black_box($at);
                    let _ = $event($($value),*);
                }
            }

            #[inline(never)]
            fn $by_hand(events: u64) {
                for $at in 0..events {
                    let _ = black_box($at);
                    let _ = $emit($($value),*);
                }
            }
        )*

        /// What emits the events of that body, if it is one of these.
        pub fn emitter(body: &str) -> Option<fn(u64)> {
            match body {
                $(
                    stringify!($typical) => Some($typical),
                    stringify!($by_hand) => Some($by_hand),
                )*
                _ => None,
            }
        }
    };
}

bodies! {
    typical_nothing, by_hand_nothing: nothing, nothing_by_hand => |at| ();
    typical_number, by_hand_number: number, number_by_hand => |at| (black_box(at as u32));
    typical_pair, by_hand_pair: pair, pair_by_hand => |at| (at, black_box(at));
    typical_text, by_hand_text: text, text_by_hand => |at| (black_box("sixteen bytes ..")) ;
    typical_structure, by_hand_structure: structure, structure_by_hand
        => |at| (black_box(&Point { x: 1, y: 2, colour: 3 }));
    typical_option, by_hand_option: option, option_by_hand => |at| (black_box(Some(7)), black_box(true));
    typical_slice, by_hand_slice: slice, slice_by_hand => |at| (black_box(&[1, 2, 3, 4]));
    typical_function, by_hand_function: before, before_by_hand => |at| (black_box(at as u32 | 1));
}
