//! The environment of a program that this one starts: what leads the loader to the shim and the shim to the recorder is there,
//! even if this program cleared it; or is not, if children are not to be followed.
//!
//! ```text
//!   execve(path, argv, ["HOME=/"])  -->  execve(path, argv, ["HOME=/", "LD_PRELOAD=.../libust_preload.so", "UST_..."])
//! ```
//!
//! Where the shim was loaded by hand, the runtime directory may follow from the user's (`XDG_RUNTIME_DIR`). That variable is the
//! program's to clear and to change: children who lack it, or have another one, get `UST_RUNTIME_DIR` in its place.
//!
//! Called in children of fork and vfork: nothing is allocated. The array of the changed environment is on the stack. What cannot
//! be read is left to the kernel, which refuses it.
#![allow(unsafe_code)]

use crate::options::options;
use crate::readable::Reader;
use core::ffi::{CStr, c_char};
use core::ptr;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use ust_core::paths::{RUNTIME_DIR_VARIABLE, RuntimeDir, USER_DIR_VARIABLE};
use ust_core::shim::OPTIONS_VARIABLE;

const LOADER_VARIABLE: &str = "LD_PRELOAD";

/// The name by which the shim's element of the loader's list is known.
const SHIM: &[u8] = b"libust_preload.so";

/// The most bytes of the loader's list.
const MAX_LIST_BYTES: usize = 4096;

/// A program's environment: pointers to `NAME=value`, the last one null.
pub type Environment = *const *const c_char;

/// What is handed on, as it was when the shim was loaded.
struct Kept {
    /// The shim's element of the loader's list.
    shim: Vec<u8>,
    /// `NAME=value` of our variables that were set.
    variables: Vec<CString>,
    /// `None` if one of our variables names the runtime directory.
    place: Option<Place>,
}

/// The runtime directory, and what it followed from.
struct Place {
    /// `UST_RUNTIME_DIR=...`
    named: CString,
    /// The user's variable, if it was set.
    user_dir: Option<CString>,
}

impl Kept {
    /// The entry that leads a child with this environment to the runtime directory. `None` if the child finds it by itself, or
    /// is to find another one.
    fn place_for<'a>(&self, mut given: impl Iterator<Item = &'a CStr> + Clone) -> Option<&CStr> {
        let Place { named, user_dir } = self.place.as_ref()?;
        if given.clone().any(|entry| value_of(entry, RUNTIME_DIR_VARIABLE).is_some()) {
            return None;
        }
        let given_dir = given.find(|entry| value_of(entry, USER_DIR_VARIABLE).is_some());
        (given_dir != user_dir.as_deref()).then_some(named)
    }

    /// Whether a program's entry gives way. Followed children keep what the program sets of a variable that we were not given.
    fn replaces(&self, entry: &CStr, follows: bool) -> bool {
        let is_kept = |name| self.variables.iter().any(|kept| value_of(kept, name).is_some());
        OUR_VARIABLES
            .iter()
            .any(|name| value_of(entry, name).is_some() && (!follows || is_kept(name)))
    }
}

static KEPT: OnceLock<Kept> = OnceLock::new();

/// Keeps what is handed on.
pub fn keep() {
    let list = std::env::var_os(LOADER_VARIABLE).unwrap_or_default();
    let list = list.as_bytes();
    let Some(shim) = elements(list).find(|element| is_shim(element)) else {
        // Not loaded by the variable: then it is not handed on by it either.
        return;
    };
    let entry_of = |name: &str| entry(name, &std::env::var_os(name)?);
    let variables = OUR_VARIABLES.iter().filter_map(|name| entry_of(name)).collect();
    let place = || {
        let named = entry(RUNTIME_DIR_VARIABLE, RuntimeDir::from_environment().path().as_os_str())?;
        Some(Place { named, user_dir: entry_of(USER_DIR_VARIABLE) })
    };
    let is_named = std::env::var_os(RUNTIME_DIR_VARIABLE).is_some();
    let place = if is_named { None } else { place() };
    let kept = Kept { shim: shim.to_vec(), variables, place };
    if !options().follow {
        leave(list);
    }
    let _ = KEPT.set(kept);
}

/// `NAME=value`, which has no zero in it: it comes from the environment.
fn entry(name: &str, value: &OsStr) -> Option<CString> {
    CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).ok()
}

/// Takes out of this process's environment what would lead children here: `system` and `popen` hand it on themselves.
fn leave(list: &[u8]) {
    let mut buffer = [0; MAX_LIST_BYTES];
    let others = joined(&[], list, &mut buffer).and_then(|entry| value_of(entry, LOADER_VARIABLE));
    // SAFETY: before `main`; no thread of the program is there, and the agent's does not look at the environment.
    unsafe {
        match others {
            Some(others) => std::env::set_var(LOADER_VARIABLE, OsStr::from_bytes(others)),
            None => std::env::remove_var(LOADER_VARIABLE),
        }
        OUR_VARIABLES.iter().for_each(|name| std::env::remove_var(name));
    }
}

const OUR_VARIABLES: [&str; 2] = [RUNTIME_DIR_VARIABLE, OPTIONS_VARIABLE];

/// Calls `call` with the environment that a child gets in place of `given`.
pub fn handed_on<R>(given: Environment, call: impl FnOnce(Environment) -> R) -> R {
    let Some(kept) = KEPT.get().filter(|_| can_be_read(given)) else { return call(given) };
    // SAFETY: it can be read.
    let given_entries = || unsafe { entries(given) };
    let follows = options().follow;
    let (mut count, mut has_shim, mut ours) = (0, false, 0);
    for entry in given_entries() {
        count += 1;
        has_shim |=
            value_of(entry, LOADER_VARIABLE).is_some_and(|list| elements(list).any(is_shim));
        ours += usize::from(kept.replaces(entry, follows));
    }
    let place = if follows { kept.place_for(given_entries()) } else { None };
    let is_complete = has_shim && ours == kept.variables.len() && place.is_none();
    let is_clean = !has_shim && ours == 0;
    if if follows { is_complete } else { is_clean } {
        return call(given);
    }
    // The new ones, the runtime directory's, the loader's list, and the null.
    let needed = count + kept.variables.len() + 3;
    let change = Change { kept, given, follows, place };
    // The smallest array that is large enough: a program's stack may be small.
    match needed {
        0..=64 => change.call_with::<64, R>(call),
        65..=256 => change.call_with::<256, R>(call),
        257..=1024 => change.call_with::<1024, R>(call),
        1025..=8192 => change.call_with::<8192, R>(call),
        _ => call(given),
    }
}

struct Change<'a> {
    kept: &'a Kept,
    given: Environment,
    follows: bool,
    place: Option<&'a CStr>,
}

impl Change<'_> {
    #[inline(never)]
    fn call_with<const N: usize, R>(self, call: impl FnOnce(Environment) -> R) -> R {
        let mut list = [0; MAX_LIST_BYTES];
        let mut environment = [ptr::null(); N];
        let mut next = 0;
        let mut add = |entry: *const c_char| {
            environment[next] = entry;
            next += 1;
        };
        // SAFETY: `handed_on` has made sure.
        let given = unsafe { entries(self.given) };
        let mut given_list = None;
        for entry in given {
            match value_of(entry, LOADER_VARIABLE) {
                Some(_) => given_list = Some(entry),
                None if self.kept.replaces(entry, self.follows) => {}
                None => add(entry.as_ptr()),
            }
        }
        let shim: &[u8] = if self.follows { &self.kept.shim } else { &[] };
        let others = given_list.and_then(|entry| value_of(entry, LOADER_VARIABLE)).unwrap_or(&[]);
        match joined(shim, others, &mut list) {
            Some(list) => add(list.as_ptr()),
            // A list that does not fit is the program's to keep, whatever becomes of the shim.
            None if others.len() + shim.len() + LOADER_VARIABLE.len() + 3 > MAX_LIST_BYTES => {
                given_list.iter().for_each(|entry| add(entry.as_ptr()));
            }
            None => {}
        }
        if self.follows {
            self.kept.variables.iter().for_each(|variable| add(variable.as_ptr()));
        }
        self.place.iter().for_each(|place| add(place.as_ptr()));
        call(environment.as_ptr())
    }
}

/// `LD_PRELOAD=shim:others`, without other elements of that name; `None` if nothing is left, or it does not fit.
fn joined<'a>(shim: &[u8], others: &[u8], out: &'a mut [u8; MAX_LIST_BYTES]) -> Option<&'a CStr> {
    let mut length = 0;
    let mut push = |bytes: &[u8]| {
        let room = out.get_mut(length..length + bytes.len())?;
        room.copy_from_slice(bytes);
        length += bytes.len();
        Some(())
    };
    let kept = elements(others).filter(|element| !is_shim(element));
    let mut all = Some(shim).into_iter().filter(|shim| !shim.is_empty()).chain(kept).peekable();
    all.peek()?;
    push(LOADER_VARIABLE.as_bytes())?;
    for (index, element) in all.enumerate() {
        push(if index == 0 { b"=" } else { b":" })?;
        push(element)?;
    }
    push(&[0])?;
    CStr::from_bytes_until_nul(out).ok()
}

/// The elements of the loader's list.
fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| b" :".contains(byte)).filter(|element| !element.is_empty())
}

fn is_shim(element: &[u8]) -> bool {
    element.rsplit(|byte| *byte == b'/').next() == Some(SHIM)
}

/// The value of a variable, if the entry is that variable's.
fn value_of<'a>(entry: &'a CStr, name: &str) -> Option<&'a [u8]> {
    entry.to_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

/// Whether all of it can be read: the array up to its null, and each string.
fn can_be_read(environment: Environment) -> bool {
    if environment.is_null() {
        return true;
    }
    let (mut array, mut strings) = (Reader::new(), Reader::new());
    for index in 0.. {
        match array.read(environment.wrapping_add(index)) {
            Some(entry) if entry.is_null() => return true,
            Some(entry) if strings.length(entry, usize::MAX).is_some() => {}
            _ => return false,
        }
    }
    false
}

/// # Safety
/// It is an environment, or null, and does not change.
unsafe fn entries<'a>(environment: Environment) -> impl Iterator<Item = &'a CStr> + Clone {
    let mut at = environment;
    core::iter::from_fn(move || {
        // SAFETY: the caller's promise: the entry that is null is the last one.
        unsafe {
            if at.is_null() || (*at).is_null() {
                return None;
            }
            let entry = CStr::from_ptr(*at);
            at = at.add(1);
            Some(entry)
        }
    })
}
