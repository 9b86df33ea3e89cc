//! The objects whose rules are kept. By them it shows that one of them is gone.
//!
//! ```text
//!   63     48 47        12 11     0
//!   | check | place      | check |      of an object: the page it begins at, and bits that its end and its tables decide
//! ```
//!
//! glibc unloads objects by itself: modules for character sets, when a descriptor of `iconv`, a stream or a locale that has
//! used them ends. No function of the program's says so. So the C library is asked behind each function that may do it,
//! for each object: is the one at this place still the same?
//!
//! Both an object's entry and its rules are written by a thread with a function of that object on its stack. So the object is
//! there meanwhile, and nobody takes the entry away. A reader forgets all rules before it takes an entry away: what another
//! thread does not find here any more, it does not find among the rules either.

use super::rule_cache;
use super::tables::Object;
use ust_core::sync::{AtomicBool, AtomicU64, Ordering};

/// Large programs have some hundred.
const MAX_OBJECTS: usize = 512;

/// Objects begin at a page.
const PLACE: u64 = 0x0000_ffff_ffff_f000;

/// The entry of one that is gone. Behind an entry of 0 there are none.
const GONE: u64 = 1;

static KNOWN: [AtomicU64; MAX_OBJECTS] = [const { AtomicU64::new(0) }; MAX_OBJECTS];

/// Whether there were more. Then any object may be gone.
static IS_FULL: AtomicBool = AtomicBool::new(false);

/// A rule of this object is about to be kept. The object is on the calling thread's stack.
pub fn note(object: &Object) {
    note_word(word_of(object));
}

/// Forgets all rules if an object is gone of which there may be some.
pub fn forget_if_one_is_gone() {
    if IS_FULL.load(Ordering::Relaxed) {
        rule_cache::forget();
        return;
    }
    for entry in &KNOWN {
        let word = entry.load(Ordering::Relaxed);
        if word == 0 {
            break;
        }
        if word == GONE || is_there(word) {
            continue;
        }
        rule_cache::forget();
        // Another thread may have done all this, and noted another object here.
        let taken = entry.compare_exchange(word, GONE, Ordering::Relaxed, Ordering::Relaxed);
        // The same object may have come again meanwhile, and been found here.
        if taken.is_ok() && is_there(word) {
            note_word(word);
        }
    }
}

fn note_word(word: u64) {
    let is_noted = KNOWN.iter().any(|entry| {
        let found = match entry.load(Ordering::Relaxed) {
            free @ (0 | GONE) => {
                entry.compare_exchange(free, word, Ordering::Relaxed, Ordering::Relaxed)
            }
            other => Err(other),
        };
        found.map_or_else(|other| other == word, |_| true)
    });
    if !is_noted {
        IS_FULL.store(true, Ordering::Relaxed);
    }
}

fn is_there(word: u64) -> bool {
    Object::at((word & PLACE) as usize).is_some_and(|object| word_of(&object) == word)
}

fn word_of(object: &Object) -> u64 {
    (object.place() as u64 & PLACE) | (object.check() & !PLACE)
}
