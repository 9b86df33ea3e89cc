//! `hostile RUNTIME_DIR SEED SECONDS`: attacks the daemon there for so long, and until each attack has been made; prints each attack, how
//! often it was made, and how often up to its last step.
//!
//! With `child` for SECONDS it hands over rings that change, and ends, unless its parent kills it before.

use std::time::{Duration, Instant};
use ust_acceptance::hostile::Target;
use ust_acceptance::hostile::attacks::{Attacker, CHILD, Made};

/// Attackers at a time.
const THREADS: u64 = 2;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dir, seed, seconds] = &arguments[..] else { panic!("RUNTIME_DIR SEED SECONDS") };
    let target = Target::at(dir.into());
    let seed: u64 = seed.parse().expect("a number");
    if seconds == CHILD {
        let mut attacker = Attacker::new(target, seed);
        attacker.die_with_a_ring();
        std::thread::sleep(Duration::from_millis(seed % 20));
        // Without an orderly end: the scribbler dies in the middle of a store.
        std::process::exit(0);
    }
    let until = Instant::now() + Duration::from_secs(seconds.parse().expect("a number"));
    let run = |number| {
        let mut attacker = Attacker::new(target.clone(), seed + number);
        while Instant::now() < until || !attacker.has_made_all() {
            attacker.attack();
        }
        attacker.end()
    };
    let ended = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("attackers end")).collect::<Vec<_>>()
    });
    for (made, stores) in ended {
        for (attack, Made { attempts, whole }) in made {
            println!("{attack} {attempts} {whole}");
        }
        println!("stores {stores}");
    }
}
