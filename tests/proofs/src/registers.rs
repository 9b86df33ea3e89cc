//! What is read and written of a stopped tracee's registers.

#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

#[cfg(not(target_arch = "x86_64"))]
pub use elsewhere::*;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use crate::tracer::Tracer;
    use nix::sys::ptrace;
    use std::ffi::c_void;
    use std::mem::offset_of;

    /// The address of the next instruction.
    pub fn address(tracer: &Tracer) -> u64 {
        word(tracer, offset_of!(libc::user_regs_struct, rip))
    }

    /// The thread pointer.
    pub fn thread_pointer(tracer: &Tracer) -> u64 {
        word(tracer, offset_of!(libc::user_regs_struct, fs_base))
    }

    fn word(tracer: &Tracer, offset: usize) -> u64 {
        let offset = offset_of!(libc::user, regs) + offset;
        let word = ptrace::read_user(tracer.pid(), offset as *mut c_void);
        word.expect("a stopped tracee has registers").cast_unsigned()
    }

    /// Sets the one breakpoint, or takes it away; whether that could be done.
    pub fn set_breakpoint(tracer: &Tracer, address: Option<u64>) -> bool {
        const ENABLE_FIRST: i64 = 1;
        let debug_register = |number: usize, value: i64| {
            let offset = offset_of!(libc::user, u_debugreg) + number * size_of::<u64>();
            ptrace::write_user(tracer.pid(), offset as *mut c_void, value).is_ok()
        };
        match address {
            Some(address) => {
                debug_register(0, address.cast_signed()) && debug_register(7, ENABLE_FIRST)
            }
            None => debug_register(7, 0),
        }
    }

    /// What the sequence is about to store (`r11`), and where (`rcx`).
    pub fn store(tracer: &Tracer) -> (u64, u64) {
        let word = |offset| word(tracer, offset);
        let value = word(offset_of!(libc::user_regs_struct, r11));
        (value, word(offset_of!(libc::user_regs_struct, rcx)))
    }

    /// The zero flag: behind the sequence it says whether the store was made.
    const ZERO: u64 = 1 << 6;

    /// Whether the last comparison found equals.
    pub fn were_equal(tracer: &Tracer) -> bool {
        word(tracer, offset_of!(libc::user_regs_struct, eflags)) & ZERO != 0
    }

    /// Has the tracee go on at an address, as if a comparison had found equals.
    pub fn go_on_as_if_equal(tracer: &Tracer, address: u64) {
        let mut registers = ptrace::getregs(tracer.pid()).expect("a stopped tracee has registers");
        registers.rip = address;
        registers.eflags |= ZERO;
        ptrace::setregs(tracer.pid(), registers).expect("a stopped tracee takes registers");
    }
}

/// Never called: on other machines no path is recorded (see [`crate::path::require_support`]).
#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    use crate::tracer::Tracer;

    const NEVER: &str = "paths are recorded on x86-64 only";

    pub fn address(_: &Tracer) -> u64 {
        panic!("{NEVER}")
    }

    pub fn thread_pointer(_: &Tracer) -> u64 {
        panic!("{NEVER}")
    }

    pub fn set_breakpoint(_: &Tracer, _: Option<u64>) -> bool {
        panic!("{NEVER}")
    }

    pub fn store(_: &Tracer) -> (u64, u64) {
        panic!("{NEVER}")
    }

    pub fn were_equal(_: &Tracer) -> bool {
        panic!("{NEVER}")
    }

    pub fn go_on_as_if_equal(_: &Tracer, _: u64) {
        panic!("{NEVER}")
    }
}
