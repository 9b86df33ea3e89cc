//! A hostile client attacks the daemon while honest programs record into the same session: the daemon lives and answers,
//! and each honest program's records are in its trace, exactly as many as it emitted.
//!
//! It attacks for `UST_HOSTILE_SECONDS`, as `UST_HOSTILE_SEED` says. A failure names both.

use serde::Deserialize;
use std::collections::BTreeMap;
use ust_acceptance::daemon::Site;
use ust_acceptance::hostile::attacks::{ATTACKS, Made, is_rare};
use ust_acceptance::{judge, report, skip};

/// Long enough for each attack to come hundreds of times, short enough for CI.
const SECONDS: u64 = 60;

const SEED: u64 = 20_261_126;

#[derive(Deserialize)]
struct Account {
    emitted: u64,
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

/// Says how to repeat a failure.
struct Again {
    seconds: u64,
    seed: u64,
}

impl Drop for Again {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seconds, seed } = self;
            eprintln!("to have it again: UST_HOSTILE_SEED={seed} UST_HOSTILE_SECONDS={seconds}");
        }
    }
}

/// How often each attack was made by all attackers together, and how many attackers there were.
fn made(told: &str) -> (BTreeMap<&str, Made>, u64) {
    let (mut made, mut attackers) = (BTreeMap::<_, Made>::new(), 0);
    for line in told.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["stores", _] => attackers += 1,
            [attack, attempts, whole] => {
                let of_all = made.entry(attack).or_default();
                of_all.attempts += attempts.parse::<u64>().expect("a number");
                of_all.whole += whole.parse::<u64>().expect("a number");
            }
            _ => panic!("{line}"),
        }
    }
    (made, attackers)
}

/// Each attack was made, and had its effect; none is made more often than another that is as cheap.
#[track_caller]
fn assert_spread(told: &str) {
    let (made, attackers) = made(told);
    for (name, _) in ATTACKS {
        let whole = made.get(name).map(|made| made.whole);
        assert!(whole > Some(0), "{name} was never made up to its last step:\n{told}");
    }
    let usual = ATTACKS.iter().filter(|(name, _)| !is_rare(name));
    let attempts: Vec<u64> = usual.map(|(name, _)| made[name].attempts).collect();
    let [least, most] = [attempts.iter().min(), attempts.iter().max()].map(Option::unwrap);
    assert!(most - least <= attackers, "between {least} and {most}:\n{told}");
}

#[test]
fn honest_programs_lose_nothing_beside_a_hostile_client() {
    if !skip::judges_are_here() {
        return;
    }
    let seconds = number("UST_HOSTILE_SECONDS", SECONDS);
    let seed = number("UST_HOSTILE_SEED", SEED);
    let _again = Again { seconds, seed };
    let site = Site::new();
    let mut daemon = site.daemon(&["--flush-interval", "50"]);
    let trace = site.start_session("honest", "*");
    let dir = site.runtime_dir();
    let dir = dir.to_str().expect("temporary paths are text");
    let mut hostile = site.program("hostile", &[dir, &seed.to_string(), &seconds.to_string()]);

    let mut emitted = BTreeMap::new();
    for round in 0.. {
        // A thread a moment, with rings that change hands; and one that waits for its daemon at each turn.
        let threads = (5 + round % 20).to_string();
        let churn = site.program("churn", &[&threads, "3", "200", "0"]);
        let pid = churn.pid();
        churn.wait().succeeded();
        let account: Account = report::read(&site.path("report"));
        // On a busy machine process ids come again. Then folders have a number behind the process id.
        let first = format!("churn-{pid}");
        let later = (2..).map(|number| format!("{first}-{number}"));
        let folder =
            std::iter::once(first.clone()).chain(later).find(|it| !emitted.contains_key(it));
        emitted.insert(folder.expect("numbers do not end"), account.emitted);
        let status = site.ust(&["status"]).succeeded();
        assert!(status.stdout.contains("honest"), "{}", status.stdout);
        assert!(daemon.is_running(), "the daemon has ended: {:?}", daemon.wait());
        if !hostile.is_running() {
            break;
        }
    }
    let attacks = hostile.wait().succeeded().stdout;
    println!("{} honest programs, attacks:\n{attacks}", emitted.len());
    assert_spread(&attacks);
    site.ust(&["stop", "honest"]).succeeded();
    site.ust(&["destroy", "honest"]).succeeded();
    for (folder, emitted) in &emitted {
        assert_eq!(judge::count(&trace.join(folder)), *emitted, "{folder}");
    }
    site.ust(&["status"]).succeeded();
    assert!(daemon.is_running(), "the daemon has ended: {:?}", daemon.wait());
}
