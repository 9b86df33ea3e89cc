//! The callsites that constructors have declared: a list, newest first, which only grows.
//!
//! ```text
//!   NEWEST --> Callsite --> Callsite --> Callsite --> null
//!                              ^
//!   TAKEN ---------------------'  from here on they are registered
//! ```
//!
//! The expansion of each `#[tracepoint]` has a constructor that puts its callsite here (`.init_array.00099`), and one
//! that has the runtime take what is new (`.init_array.00100`): so the first of the latter finds all of its module.
//!
//! A program may hold several copies of this library, which is a normal result of Cargo. A callsite comes to the copy
//! that its expansion was compiled against, because that is the copy whose function it calls; no section of the file is
//! searched by its name, so that no copy ever finds, or has to check, what is another's.
#![allow(unsafe_code)]

use crate::callsite::Callsite;
use crate::sync::{AtomicPtr, Ordering};
use core::ptr;

static NEWEST: AtomicPtr<Callsite> = AtomicPtr::new(ptr::null_mut());
static TAKEN: AtomicPtr<Callsite> = AtomicPtr::new(ptr::null_mut());

/// Adds a callsite. Each once.
pub fn declare(callsite: &'static Callsite) {
    loop {
        let newest = NEWEST.load(Ordering::Relaxed);
        callsite.older.store(newest, Ordering::Relaxed);
        let own = ptr::from_ref(callsite).cast_mut();
        // Release: pairs with the acquires below; who finds the callsite finds what is behind it.
        let added = NEWEST.compare_exchange(newest, own, Ordering::Release, Ordering::Relaxed);
        if added.is_ok() {
            return;
        }
    }
}

/// The callsites that nobody has taken, newest first: each is handed out once.
pub fn take_new() -> impl Iterator<Item = &'static Callsite> {
    loop {
        // In this order: what is taken is never newer than the newest.
        let taken = TAKEN.load(Ordering::Acquire);
        let newest = NEWEST.load(Ordering::Acquire);
        if TAKEN.compare_exchange(taken, newest, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            return from(newest).take_while(move |callsite| !ptr::eq(*callsite, taken));
        }
    }
}

/// All of them, newest first.
pub fn all() -> impl Iterator<Item = &'static Callsite> {
    from(NEWEST.load(Ordering::Acquire))
}

fn from(newest: *const Callsite) -> impl Iterator<Item = &'static Callsite> {
    // SAFETY: `declare` took a reference for good. Relaxed: stored before the callsite was added.
    let reference = |callsite: *const Callsite| unsafe { callsite.as_ref::<'static>() };
    core::iter::successors(reference(newest), move |callsite| {
        reference(callsite.older.load(Ordering::Relaxed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventDescription, Level};

    static DESCRIPTION: EventDescription = EventDescription {
        provider: "test",
        name: "event",
        level: Level::Debug,
        fields: &[],
        file: "",
        line: 0,
        module_path: "",
    };

    // One test, because the list is the process's.
    #[test]
    fn what_is_declared_is_taken_once_and_stays_on_the_list() {
        static SITES: [Callsite; 3] = [const { Callsite::new(&DESCRIPTION) }; 3];
        let before = all().count();
        take_new().for_each(drop);
        let is = |found: Vec<&Callsite>, wanted: &[usize]| {
            assert_eq!(found.len(), wanted.len());
            assert!(found.iter().zip(wanted).all(|(site, index)| ptr::eq(*site, &SITES[*index])));
        };
        is(take_new().collect(), &[]);
        declare(&SITES[0]);
        declare(&SITES[1]);
        is(take_new().collect(), &[1, 0]);
        is(take_new().collect(), &[]);
        declare(&SITES[2]);
        is(take_new().collect(), &[2]);
        is(all().take(3).collect(), &[2, 1, 0]);
        assert_eq!(all().count(), before + 3);
    }
}
