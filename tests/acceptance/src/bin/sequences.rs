//! `sequences HOW EVENTS [PLUGIN]`: four threads emit so many events each. With a plugin, each also has it emit as many, one
//! after each of its own, as a further thread.
//!
//! | HOW | |
//! | --- | --- |
//! | `undisturbed` | nothing else |
//! | `moved` | a fifth thread moves them from CPU to CPU, and sends them signals whose handlers emit |
//! | `paced` | as `moved`, and they sleep for a moment now and then |
//! | `counting` | as `moved`, and between two events they count in restartable sequences of their own, as librseq does |
//! | `unregistered` | two of them take back what glibc has registered for them (`man 2 rseq`) |
//! | `stepped` | one of them takes single steps through ten events, on the CPU of another one that is not registered |
//!
//! At the end each thread checks that the kernel is told of no sequence: its module might be unloaded next.
#![allow(unsafe_code)]

use std::sync::Barrier;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::plugin::Plugin;
use ust_acceptance::report;
use ust_core::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use ust_test_support::random::Random;

#[tracepoint(provider = "sequences", level = Info)]
fn told(thread: u64, sequence: u64);

const THREADS: usize = 4;

/// Events between two sleeps.
const EVENTS_A_PACE: u64 = 500;

/// What handlers emit, each thread's as a source of its own.
static HANDLED: [AtomicU64; THREADS] = [const { AtomicU64::new(0) }; THREADS];

static TIDS: [AtomicU32; THREADS] = [const { AtomicU32::new(0) }; THREADS];

thread_local! { static OWN: std::cell::Cell<Option<usize>> = const { std::cell::Cell::new(None) }; }

extern "C" fn on_signal(_: libc::c_int) {
    if let Some(thread) = OWN.get() {
        // The handler is not interrupted by itself: the signal is blocked meanwhile.
        let sequence = HANDLED[thread].fetch_add(1, Ordering::Relaxed);
        told((THREADS + thread) as u64, sequence);
    }
}

fn symbol(name: &std::ffi::CStr) -> *const libc::c_void {
    // SAFETY: a zero-terminated name.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// The kernel's area for this thread, if glibc knows of one; and its size.
fn area() -> Option<(*mut u8, u32)> {
    let (offset, size) = (symbol(c"__rseq_offset"), symbol(c"__rseq_size"));
    if offset.is_null() || size.is_null() {
        return None;
    }
    let thread_pointer: *mut u8;
    // SAFETY: glibc defines them so; by the psABI `fs` holds the thread pointer, and its first word is itself.
    unsafe {
        std::arch::asm!("mov {}, fs:[0]", out(reg) thread_pointer, options(nostack, readonly));
        let size = *size.cast::<u32>();
        (size > 0).then(|| (thread_pointer.offset(*offset.cast::<isize>()), size))
    }
}

/// The name of the sequence that the kernel has been told of.
fn name() -> u64 {
    // SAFETY: the second half of an area.
    area().map_or(0, |(area, _)| unsafe { area.add(8).cast::<u64>().read_volatile() })
}

/// What is counted on each CPU, 128 bytes apart.
static COUNTED: [[AtomicU64; 16]; MAX_CPUS] =
    [const { [const { AtomicU64::new(0) }; 16] }; MAX_CPUS];

const MAX_CPUS: usize = 1024;

/// Adds one to the counter of the CPU by a load and a store that nobody comes between.
#[cfg(target_arch = "x86_64")]
fn count_in_own_sequence() {
    let Some((area, _)) = area() else { return };
    // SAFETY: an area as `linux/rseq.h` has it, whose thread this is; the counters are not written in another way.
    unsafe {
        std::arch::asm!(
            ".pushsection .data.own_sequence, \"aw\"",
            ".balign 32",
            "2: .long 0, 0",
            ".quad 3f, 4f - 3f, 5f",
            ".popsection",
            "6:",
            "lea {scratch}, [rip + 2b]",
            "mov qword ptr [{area} + 8], {scratch}",
            "3:",
            "mov {cpu:e}, dword ptr [{area} + 4]",
            "and {cpu:e}, 1023",
            "shl {cpu}, 7",
            "mov {scratch}, qword ptr [{counters} + {cpu}]",
            "add {scratch}, 1",
            "mov qword ptr [{counters} + {cpu}], {scratch}",
            "4:",
            "mov qword ptr [{area} + 8], 0",
            "jmp 7f",
            ".long 0x53053053",
            "5:",
            "jmp 6b",
            "7:",
            area = in(reg) area,
            counters = in(reg) &raw const COUNTED,
            scratch = out(reg) _,
            cpu = out(reg) _,
            options(nostack),
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn count_in_own_sequence() {}

fn unregister() {
    const UNREGISTER: libc::c_int = 1;
    const SIGNATURE: u32 = 0x5305_3053;
    // `linux/auxvec.h`, from Linux 6.3 on.
    const AT_RSEQ_FEATURE_SIZE: libc::c_ulong = 27;
    const AT_RSEQ_ALIGN: libc::c_ulong = 28;
    let Some((area, _)) = area() else { return };
    // SAFETY: plain numbers.
    let [used, alignment] =
        [AT_RSEQ_FEATURE_SIZE, AT_RSEQ_ALIGN].map(|it| unsafe { libc::getauxval(it) });
    // glibc does not tell how many bytes it has registered: at least these, and all that the kernel uses.
    let bytes = used.next_multiple_of(alignment.max(1)).max(32);
    // SAFETY: what glibc has registered; another size makes the call fail.
    let done = unsafe { libc::syscall(libc::SYS_rseq, area, bytes, UNREGISTER, SIGNATURE) };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}

/// Behind each instruction, until it is said again.
fn toggle_steps() {
    // SAFETY: the handler comes back with all registers as they were.
    unsafe { std::arch::asm!("int3") };
}

extern "C" fn on_trap(_: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel's, for a handler with SA_SIGINFO.
    let (info, context) = unsafe { (&*info, &mut *context.cast::<libc::ucontext_t>()) };
    if info.si_code == libc::SI_KERNEL {
        context.uc_mcontext.gregs[libc::REG_EFL as usize] ^= 1 << 8;
    }
}

fn handle(signal: libc::c_int, handler: usize) {
    // SAFETY: a zeroed action is one.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        assert_eq!(libc::sigaction(signal, &action, std::ptr::null_mut()), 0);
    }
}

/// Emits an event, and has the plugin emit one.
fn tell(thread: usize, sequence: u64, plugin: Option<&Plugin>) {
    told(thread as u64, sequence);
    if let Some(plugin) = plugin {
        plugin.emit((2 * THREADS + thread) as u64, 1);
    }
}

fn live(thread: usize, how: &str, events: u64, plugin: Option<&Plugin>, all_have_begun: &Barrier) {
    // SAFETY: no arguments.
    TIDS[thread].store(unsafe { libc::gettid() } as u32, Ordering::Relaxed);
    OWN.set(Some(thread));
    let is_unregistered = match how {
        "unregistered" => thread % 2 == 1,
        "stepped" => thread == 1,
        _ => false,
    };
    if is_unregistered {
        unregister();
    }
    // First events block signals, and a thread that traps must not: both ways have their streams when it begins to.
    tell(thread, 0, plugin);
    all_have_begun.wait();
    let stepped = if how == "stepped" && thread == 0 { 11 } else { 1 };
    for sequence in 1..events {
        let takes_steps = sequence < stepped;
        if takes_steps {
            toggle_steps();
        }
        tell(thread, sequence, plugin);
        if takes_steps {
            toggle_steps();
        }
        if how == "counting" {
            count_in_own_sequence();
        }
        if how == "paced" && sequence % EVENTS_A_PACE == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    OWN.set(None);
    assert_eq!(name(), 0, "the kernel is told of a sequence");
}

fn run_on(tid: u32, cpu: usize) {
    // SAFETY: plain data. A thread that has ended makes the call fail.
    unsafe {
        let mut cpus: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut cpus);
        libc::sched_setaffinity(tid as i32, size_of::<libc::cpu_set_t>(), &cpus);
    }
}

/// Moves the threads, and sends them signals.
fn bother(is_over: &AtomicBool) {
    let mut random = Random::new(1);
    while !is_over.load(Ordering::Relaxed) {
        let tid = TIDS[random.below(THREADS as u64) as usize].load(Ordering::Relaxed);
        if tid != 0 {
            run_on(tid, random.below(2) as usize);
            // SAFETY: a system call on plain numbers; a thread that has ended makes it fail.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tid, libc::SIGUSR1) };
        }
        std::thread::sleep(Duration::from_micros(random.below(50)));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, how, events, plugin @ ..] = &arguments[..] else { panic!("HOW EVENTS [PLUGIN]") };
    let plugin = plugin.first().map(|path| Plugin::load(path));
    let events: u64 = events.parse().expect("a number");
    handle(libc::SIGUSR1, on_signal as *const () as usize);
    handle(libc::SIGTRAP, on_trap as *const () as usize);
    let is_over = &AtomicBool::new(false);
    let (all_have_begun, how, plugin) = (&Barrier::new(THREADS), how.as_str(), plugin.as_ref());
    if how == "stepped" {
        // All threads, which inherit it: each way has one stream.
        run_on(0, 0);
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || live(thread, how, events, plugin, all_have_begun)))
            .collect();
        if ["moved", "paced", "counting"].contains(&how) {
            scope.spawn(|| bother(is_over));
        }
        threads.into_iter().for_each(|thread| thread.join().expect("it does not panic"));
        is_over.store(true, Ordering::Relaxed);
    });
    let handled: u64 = HANDLED.iter().map(|count| count.load(Ordering::Relaxed)).sum();
    let counted: u64 = COUNTED.iter().map(|of_cpu| of_cpu[0].load(Ordering::Relaxed)).sum();
    let by_plugin = if plugin.is_some() { THREADS as u64 * events } else { 0 };
    report::write(&[THREADS as u64 * events + by_plugin + handled, counted]);
}
