//! A hostile client attacks the daemon while honest programs record into the same session: the daemon lives and answers,
//! and each honest program's records are in its trace, exactly as many as it emitted.
//!
//! `UST_HOSTILE_SECONDS` is how long it goes on, `UST_HOSTILE_SEED` what the attacks are made from.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use ust_acceptance::daemon::Site;
use ust_acceptance::hostile::attacks::ATTACKS;
use ust_acceptance::{judge, report, skip};

/// Long enough for each attack to come dozens of times, short enough for CI.
const SECONDS: u64 = 30;

const SEED: u64 = 20_261_126;

#[derive(Deserialize)]
struct Account {
    emitted: u64,
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

#[test]
fn honest_programs_lose_nothing_beside_a_hostile_client() {
    if !skip::judges_are_here() {
        return;
    }
    let seconds = number("UST_HOSTILE_SECONDS", SECONDS);
    let seed = number("UST_HOSTILE_SEED", SEED).to_string();
    let site = Site::new();
    let mut daemon = site.daemon(&["--flush-interval", "50"]);
    let trace = site.start_session("honest", "*");
    let dir = site.runtime_dir();
    let dir = dir.to_str().expect("temporary paths are text");
    let mut hostile = site.program("hostile", &[dir, &seed, &seconds.to_string()]);

    let mut emitted = BTreeMap::new();
    let until = Instant::now() + Duration::from_secs(seconds);
    for round in 0.. {
        // A thread a moment, with rings that change hands; and one that waits for its daemon at each turn.
        let threads = (5 + round % 20).to_string();
        let churn = site.program("churn", &[&threads, "3", "200", "0"]);
        let pid = churn.pid();
        churn.wait().succeeded();
        let account: Account = report::read(&site.path("report"));
        emitted.insert(format!("churn-{pid}"), account.emitted);
        let status = site.ust(&["status"]).succeeded();
        assert!(status.stdout.contains("honest"), "{}", status.stdout);
        assert!(daemon.is_running(), "the daemon has ended: {:?}", daemon.wait());
        if Instant::now() >= until {
            break;
        }
        assert!(hostile.is_running() || Instant::now() + Duration::from_secs(1) >= until);
    }
    let attacks = hostile.wait().succeeded().stdout;
    println!("{} honest programs, attacks:\n{attacks}", emitted.len());
    if seconds >= SECONDS {
        for (name, _) in ATTACKS {
            assert!(attacks.lines().any(|line| line.starts_with(name)), "{name} was never made");
        }
    }
    site.ust(&["stop", "honest"]).succeeded();
    site.ust(&["destroy", "honest"]).succeeded();
    for (folder, emitted) in &emitted {
        assert_eq!(judge::count(&trace.join(folder)), *emitted, "{folder}");
    }
    site.ust(&["status"]).succeeded();
    assert!(daemon.is_running(), "the daemon has ended: {:?}", daemon.wait());
}
