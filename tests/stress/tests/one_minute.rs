//! A minute of stress, from a fixed seed. Longer, by hand: `just stress SECONDS`.

use std::process::Command;

/// Set it to make the minute longer or shorter.
const SECONDS: &str = "UST_STRESS_SECONDS";

#[test]
fn every_record_of_a_minute_is_read_back_or_counted() {
    let seconds = std::env::var(SECONDS).unwrap_or_else(|_| "60".into());
    let output = Command::new(env!("CARGO_BIN_EXE_ust-stress"))
        .args(["--seed", "1", "--seconds", &seconds])
        .output()
        .expect("it was built with this test");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
    eprintln!("{}", said(&output.stdout).trim_end());
    // The traced program lies beside it. If it is not built, the rounds with processes fail.
    assert!(env!("CARGO_BIN_EXE_ust-stressed").ends_with("ust-stressed"));
}
