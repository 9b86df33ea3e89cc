//! What the shim does when it is loaded, in the child of a fork, and at the program's end.
#![allow(unsafe_code)]

use crate::sets::func;
use crate::{
    call_stack, context_switches, environment, frequent, objects, options, real, switched, unwind,
};

// Before the constructors of tracepoints, which call functions of the C library, so that these are known.
#[used]
#[unsafe(link_section = ".init_array.00001")]
static FIRST: extern "C" fn() = before_all;

#[used]
#[unsafe(link_section = ".init_array")]
static LOADED: extern "C" fn() = loaded;

#[used]
#[unsafe(link_section = ".fini_array")]
static ENDING: extern "C" fn() = objects::tell_at_end;

extern "C" fn before_all() {
    frequent::number_first();
    switched::look_up_all();
    real::look_up_early();
    let options = options::read();
    func::limit(&options);
    unwind::limit(&options);
}

extern "C" fn loaded() {
    // Constructors come in any order. Events that are on already are on from here.
    ust::__private::register_module();
    environment::keep();
    // SAFETY: a function that stays linked. Without memory for it, children tell less.
    unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    objects::tell();
}

unsafe extern "C" fn forked() {
    objects::forget();
    call_stack::keep_only_own();
    context_switches::forget();
}
