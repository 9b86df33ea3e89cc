//! The shared object of `benches/plugin`, loaded as a program loads its plugins.
#![allow(unsafe_code)]

use libloading::{Library, Symbol};
use ust_benches::Result;

/// Loads it and gives its emitter.
pub fn load() -> Result<extern "C" fn(u64)> {
    let program = std::env::current_exe()?;
    // Cargo puts a dependency's shared object there, and this program one directory higher.
    let path = program.parent().ok_or("no directory")?.join("deps/libust_bench_plugin.so");
    // SAFETY: our own object, whose constructor registers a tracepoint; it is never closed.
    let library: &Library = Box::leak(Box::new(unsafe { Library::new(&path)? }));
    // SAFETY: the types are those of `benches/plugin/src/lib.rs`.
    let (is_on, emit): (Symbol<extern "C" fn() -> bool>, Symbol<extern "C" fn(u64)>) = unsafe {
        (library.get(b"ust_bench_plugin_is_on")?, library.get(b"ust_bench_plugin_emit")?)
    };
    if is_on() { Ok(*emit) } else { Err("the plugin's tracepoint is not on".into()) }
}
