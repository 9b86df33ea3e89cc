//! `ust-stress --seed N --seconds S`: rounds of everything at once until the time is up. See the library's page.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use ust_core::abi::Mode;
use ust_stress::config::Config;
use ust_stress::judge::Tally;
use ust_stress::{processes, rings};

/// Threads, signals, forks, kills and a late reader at random; fails at the first record that is not accounted for
#[derive(Debug, Parser)]
struct Arguments {
    /// What the rounds are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For how long new rounds are begun
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The first round: to see a failure again
    #[arg(long, default_value_t = 0)]
    round: u64,
    /// Only rounds of this kind
    #[arg(long)]
    only: Option<Kind>,
    /// Only this mode
    #[arg(long)]
    mode: Option<OnlyMode>,
}

/// What a writer does if it finds no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnlyMode {
    /// The record is lost
    Discard,
    /// The oldest sub-buffer is recycled
    Overwrite,
    /// The writer waits
    Block,
}

impl OnlyMode {
    fn is(self, mode: Mode) -> bool {
        match self {
            OnlyMode::Discard => mode == Mode::Discard,
            OnlyMode::Overwrite => mode == Mode::Overwrite,
            OnlyMode::Block => matches!(mode, Mode::Block { .. }),
        }
    }
}

/// Where writers and reader are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// In this process, over one mapping
    Rings,
    /// In processes of their own, recorded by the engine
    Processes,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let kinds = match arguments.only {
        Some(kind) => vec![kind],
        None => vec![Kind::Rings, Kind::Processes],
    };
    let program = program();
    let deadline = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut tally = Tally::default();
    let mut rounds = 0;
    for round in arguments.round.. {
        if Instant::now() >= deadline {
            break;
        }
        let mode = Config::draw(arguments.seed, round).mode;
        if arguments.mode.is_some_and(|only| !only.is(mode)) {
            continue;
        }
        for kind in &kinds {
            let outcome = match kind {
                Kind::Rings => rings::round(arguments.seed, round),
                Kind::Processes => processes::round(arguments.seed, round, &program),
            };
            match outcome {
                Ok(of_round) => tally += of_round,
                Err(failure) => {
                    let name = kind.to_possible_value().map(|it| it.get_name().to_owned());
                    let name = name.unwrap_or_default();
                    eprintln!("ust-stress: {failure}");
                    eprintln!(
                        "again: ust-stress --seed {} --round {round} --seconds 1 --only {name}",
                        arguments.seed
                    );
                    return ExitCode::FAILURE;
                }
            }
        }
        rounds += 1;
    }
    let Tally { recorded, lost, interrupted } = tally;
    println!(
        "ust-stress: seed {}, {rounds} rounds: {recorded} records read back intact, {lost} counted as lost, \
         {interrupted} calls killed; nothing else is missing",
        arguments.seed
    );
    if recorded == 0 {
        eprintln!("ust-stress: the rounds are to record something");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The traced program lies beside this one.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    own.with_file_name("ust-stressed")
}
