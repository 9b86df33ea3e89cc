//! `besiege RUNTIME_DIR IDENTITIES CONNECTIONS`: holds as much of the daemon there as it may, on the
//! first processor, until it is killed. With no identities it only uses the processor, to compare with.

use ust_acceptance::hostile::Target;
use ust_acceptance::hostile::siege::Siege;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, numbers @ ..] = &arguments[..] else { panic!("RUNTIME_DIR IDENTITIES CONNECTIONS") };
    let numbers: Vec<u32> = numbers.iter().map(|text| text.parse().expect("a number")).collect();
    let [identities, connections] = numbers[..] else { panic!("IDENTITIES CONNECTIONS") };
    keep_to_one_processor();
    if identities == 0 {
        println!("ready");
        loop {
            std::hint::black_box(0);
        }
    }
    let target = Target::at(dir.into());
    let mut siege =
        Siege::lay(target, identities, connections).expect("there is room for what it holds");
    println!("ready");
    loop {
        siege.press();
    }
}

/// The first processor that this process may use.
#[allow(unsafe_code)]
fn keep_to_one_processor() {
    // SAFETY: plain data, and its own size.
    unsafe {
        let mut all: libc::cpu_set_t = std::mem::zeroed();
        let mut one: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut all);
        let first = (0..libc::CPU_SETSIZE as usize).find(|cpu| libc::CPU_ISSET(*cpu, &all));
        libc::CPU_SET(first.expect("it runs on some"), &mut one);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const one);
    }
}
