//! Events whose switches lie in the caller's memory.
#![allow(unsafe_code)]

use super::description::{Description, Observer};
use crate::callsite::Switch;
use crate::module;
use crate::registry::ModuleId;
use crate::table::{DeclaredCallsite, Table};
use crate::undisturbed::Undisturbed;
use core::ptr;

/// An event and its switch.
#[derive(Debug)]
pub struct Declaration<'a> {
    /// Where rules switch the event.
    pub switch: *const Switch,
    /// What is recorded.
    pub description: &'a Description,
    /// Whom to tell when it is switched.
    pub observer: Option<Observer>,
}

/// Events that were registered together. They are off until rules name them. Dropping it unregisters them: their switches
/// are then off, and nothing points to them.
///
/// Registering and dropping allocate, and wait for any thread that changes the registry: do neither in a signal handler.
pub struct Registration {
    /// The runtime that they are registered with. This copy of the library may join another copy's runtime later.
    runtime: &'static Table,
    module: ModuleId,
}

impl Registration {
    /// Registers events.
    ///
    /// # Safety
    /// Each switch is valid, and no other registration's, until the result is dropped.
    pub unsafe fn of<'a>(declarations: impl Iterator<Item = Declaration<'a>>) -> Self {
        // A description beyond the bounds gives an empty body, which the runtime counts.
        let body = |it: Declaration<'a>| (it.description.body().encode().unwrap_or_default(), it);
        let bodies: Vec<_> = declarations.map(body).collect();
        let declared: Vec<_> = bodies.iter().map(|(body, it)| declared(body, it)).collect();
        let runtime = module::runtime();
        // A signal handler that forks or ends the program would wait for the registry, which this thread holds.
        let _undisturbed = Undisturbed::new();
        Self { runtime, module: runtime.register(&declared) }
    }
}

fn declared(body: &[u8], declaration: &Declaration<'_>) -> DeclaredCallsite {
    let observer = declaration.observer;
    DeclaredCallsite {
        switch: declaration.switch,
        body: body.as_ptr(),
        body_bytes: body.len(),
        notify: observer.map(|observer| observer.notify),
        data: observer.map_or(ptr::null_mut(), |observer| observer.data),
        owner: module::own(),
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.module != 0 {
            let _undisturbed = Undisturbed::new();
            self.runtime.unregister(self.module);
        }
    }
}
