//! The instructions.
//!
//! An area (`struct rseq`) has the CPU's number at byte 4, and at byte 8 the name of a sequence: the address of its
//! [`Descriptor`].

use super::{OfCpu, raw};
use core::arch::{asm, naked_asm};

/// What the kernel reads of a sequence (`struct rseq_cs`).
#[repr(C, align(32))]
struct Descriptor {
    version: u32,
    flags: u32,
    start: *const u8,
    length_bytes: u64,
    abort: *const u8,
}

// SAFETY: nobody writes to it.
unsafe impl Sync for Descriptor {}

/// The one sequence, as the first bytes of [`store_unless_interrupted`].
static SEQUENCE: Descriptor = {
    let code = store_unless_interrupted as *const u8;
    let abort = code.wrapping_add(ABORT_OFFSET);
    Descriptor { version: 0, flags: 0, start: code, length_bytes: SEQUENCE_BYTES, abort }
};

/// Bytes of the sequence's three instructions.
const SEQUENCE_BYTES: u64 = 10;

/// Where aborted threads go on. The four bytes before it are what the kernel wants to find there (`RSEQ_SIG`).
const ABORT_OFFSET: usize = 16;

/// Stores `r11` at `rcx` if the area, `rdi` bytes from the thread pointer, still has the name `rax`. The zero flag says
/// whether it did.
#[unsafe(naked)]
extern "C" fn store_unless_interrupted() {
    naked_asm!(
        ".cfi_startproc",
        "cmp qword ptr fs:[rdi + 8], rax",
        // `jne`, over the store. As bytes, because the assembler may choose a longer one.
        ".byte 0x75, 0x03",
        "mov qword ptr [rcx], r11",
        "ret",
        "int3",
        ".long 0x53053053",
        "test rsp, rsp",
        "ret",
        ".cfi_endproc",
    );
}

impl OfCpu {
    /// Whether there are sequences.
    pub const CAN_BE: bool = true;

    /// The number of the calling thread's CPU, which it may leave at the next instruction. No CPU's if the thread is not
    /// registered.
    ///
    /// # Safety
    /// glibc has registered an area for each thread, which is `area` bytes from the thread pointer.
    #[inline(always)]
    pub unsafe fn number_now(area: isize) -> u32 {
        let number;
        // SAFETY: by the psABI `fs` holds the thread pointer; the caller knows where the area is.
        unsafe {
            asm!(
                "mov {number:e}, dword ptr fs:[{area} + 4]",
                area = in(reg) area,
                number = lateout(reg) number,
                options(nostack, readonly, preserves_flags),
            );
        }
        number
    }

    /// Begins the calling thread's stay on a CPU, if it [is there](Self::is_there). [`end`](Self::end) must follow.
    ///
    /// # Safety
    /// As for [`number_now`](Self::number_now). The result is used by this thread only.
    #[inline(always)]
    pub unsafe fn begin(area: isize, number: u32) -> Self {
        let counter;
        // SAFETY: as above. If this thread is not registered, nobody reads what is stored there.
        unsafe {
            asm!(
                "mov rax, qword ptr [rip + {sequence}@GOTPCREL]",
                "mov qword ptr fs:[{area} + 8], rax",
                "rdtsc",
                "shl rdx, 32",
                "or rdx, rax",
                sequence = sym SEQUENCE,
                area = in(reg) area,
                out("rax") _,
                out("rdx") counter,
                options(nostack),
            );
        }
        Self { number, area, counter }
    }

    /// Whether the thread was on the CPU when the stay began.
    #[inline(always)]
    pub fn is_there(self) -> bool {
        // SAFETY: as above.
        unsafe {
            asm!(
                "cmp {number:e}, dword ptr fs:[{area} + 4]",
                "jne {elsewhere}",
                number = in(reg) self.number,
                area = in(reg) self.area,
                elsewhere = label { return false },
                options(nostack, readonly),
            );
        }
        true
    }

    /// Ends it.
    #[inline(always)]
    pub fn end(self) {
        // SAFETY: as above. No name is always right.
        unsafe {
            asm!(
                "mov qword ptr fs:[{area} + 8], 0",
                area = in(reg) self.area,
                options(nostack, preserves_flags),
            );
        }
    }

    /// Stores `new` if the stay has lasted.
    #[inline(always)]
    pub(super) fn store(self, word: &raw::AtomicU64, new: u64) -> bool {
        // SAFETY: the pointer comes from a reference, and the area is this thread's. The function changes no register. x86-64
        // gives every store release order, and the asm block, which may touch memory, orders the compiler.
        unsafe {
            asm!(
                "mov rax, qword ptr [rip + {sequence}@GOTPCREL]",
                "call {store}",
                "jne {failed}",
                sequence = sym SEQUENCE,
                store = sym store_unless_interrupted,
                in("rdi") self.area,
                in("rcx") word.as_ptr(),
                in("r11") new,
                out("rax") _,
                failed = label { return false },
            );
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_ends_with_the_store_and_the_handler_is_behind_the_signature() {
        // SAFETY: the function's own bytes.
        let code: [u8; 21] = unsafe { *(store_unless_interrupted as *const [u8; 21]) };
        let (mov, ret, test) = ([0x4c, 0x89, 0x19], 0xc3, [0x48, 0x85, 0xe4]);
        let end = SEQUENCE_BYTES as usize;
        assert_eq!((&code[end - 3..end], code[end]), (&mov[..], ret));
        assert_eq!(code[ABORT_OFFSET - 4..ABORT_OFFSET], 0x5305_3053_u32.to_le_bytes());
        assert_eq!(code[ABORT_OFFSET..ABORT_OFFSET + 3], test);
    }

    /// Debuggers and profilers find their way by them, and exceptions do.
    #[test]
    fn unwinders_have_tables_for_all_of_it() {
        /// As libgcc has it; the last word is where the function begins.
        #[repr(C)]
        struct Bases([usize; 3]);

        unsafe extern "C" {
            fn _Unwind_Find_FDE(pc: *const u8, bases: *mut Bases) -> *const u8;
        }

        let code = store_unless_interrupted as *const u8;
        for at in 0..=ABORT_OFFSET + 3 {
            let mut bases = Bases([0; 3]);
            // SAFETY: libgcc's function, which looks at the tables of this program.
            let table = unsafe { _Unwind_Find_FDE(code.wrapping_add(at), &mut bases) };
            assert!(!table.is_null() && bases.0[2] == code.addr(), "{at}");
        }
    }
}
