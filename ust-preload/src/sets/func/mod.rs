//! `func`: functions of programs built with `-finstrument-functions`, whose compiler calls these two at their begin and end.
//!
//! ```text
//!   as it is                       func:entry { addr, call_site }      func:exit { addr, call_site }
//!   --min-duration, --max-depth    func:call { addr, call_site, depth, duration }     at the end, if the call is long enough
//! ```
#![allow(unsafe_code)]

mod stack;

use crate::options::options;
use core::ffi::c_void;
use stack::Stack;
use ust::inside::is_inside;
use ust_core::hint::unlikely;
use ust_core::shim::Options;

type Address = *const c_void;

#[allow(dead_code)]
mod event {
    use super::Address;

    #[ust::tracepoint(provider = "func", level = DebugFunction)]
    pub fn entry(addr: Address, call_site: Address);
    #[ust::tracepoint(provider = "func", level = DebugFunction)]
    pub fn exit(addr: Address, call_site: Address);
    #[ust::tracepoint(provider = "func", level = DebugFunction)]
    pub fn call(addr: Address, call_site: Address, depth: u32, duration: u64);
}

/// Whether calls are told when they are over, by how long they took and how deep they are.
fn is_selective(options: &Options) -> bool {
    options.min_duration_ns > 0 || options.max_depth < u32::MAX
}

/// The compiler calls it at the begin of a function.
#[unsafe(no_mangle)]
pub extern "C" fn __cyg_profile_func_enter(function: Address, call_site: Address) {
    if !event::entry::enabled() || is_inside() {
        return;
    }
    if is_selective(&options()) {
        unlikely();
        if let Some(stack) = Stack::own() {
            stack.push(function);
        }
    } else {
        event::entry(function, call_site);
    }
}

/// The compiler calls it at the end of a function.
#[unsafe(no_mangle)]
pub extern "C" fn __cyg_profile_func_exit(function: Address, call_site: Address) {
    if !event::exit::enabled() || is_inside() {
        return;
    }
    let options = options();
    if !is_selective(&options) {
        event::exit(function, call_site);
        return;
    }
    unlikely();
    let Some((depth, duration)) = Stack::own().and_then(|stack| stack.pop(function)) else {
        return;
    };
    if duration >= options.min_duration_ns && depth <= options.max_depth {
        event::call(function, call_site, depth, duration);
    }
}
