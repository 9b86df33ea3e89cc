#!/usr/bin/env bash
# Fuzzes each target for so long, two at a time. Usage: tests/fuzz/run.sh [SECONDS for each]
#
# With UST_FUZZ_SEED a number, inputs are made from that number: a later run finds about what this one found. CI sets it, so
# that a change is judged by what it does.
#
# Builds as cargo-fuzz does, without needing it. Everything is written below target/fuzz: the corpus grows in a copy
# (tests/fuzz/corpus.sh takes over what is new in it), and an input that fails is written to target/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60}
out=target/fuzz

skip() {
    echo "SKIPPED: $*"
    exit 0
}
rustup toolchain list 2>/dev/null | grep -q ^nightly || skip "fuzzing needs rustup's nightly toolchain"
command -v c++ >/dev/null || skip "fuzzing needs a C++ compiler, for libFuzzer itself (apt-get install g++)"
target=$(rustc +nightly -vV | sed -n 's/^host: //p')
case $target in
x86_64-unknown-linux-gnu | aarch64-unknown-linux-gnu) ;;
*) skip "fuzzing is not set up for $target" ;;
esac

# As cargo-fuzz sets them. With a --target they are not for build scripts and macros.
flags=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0
    -Zsanitizer=address
    -Ccodegen-units=1
    --cfg fuzzing
)
RUSTFLAGS="${flags[*]}" CARGO_TARGET_DIR=$out \
    cargo +nightly build --manifest-path tests/fuzz/Cargo.toml --release --locked --quiet --target "$target"

# Each input makes a directory or more. In memory they cost little.
memory=/dev/shm
[ -d $memory ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/ust-fuzz.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"; kill $(jobs -p) 2>/dev/null || true' EXIT

# Without a note of where each allocation was made, fuzzing is twice as fast. To find the place, run the input again.
export ASAN_OPTIONS=malloc_context_size=0:detect_stack_use_after_return=0

rm -rf $out/corpus
mkdir -p $out/artifacts
cp -r tests/fuzz/corpus $out/corpus

# fuzz TARGET LONGEST [OPTIONS of libFuzzer]
fuzz() {
    local name=$1 log=$out/$1.log seed=${UST_FUZZ_SEED:+-seed=$UST_FUZZ_SEED}
    mkdir -p "$out/corpus/$name"
    if "$out/$target/release/$name" -max_total_time="$seconds" -max_len="$2" $seed -timeout=25 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$out/artifacts/$name-" "${@:3}" "$out/corpus/$name" >"$log" 2>&1; then
        local runs coverage
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        coverage=$(sed -n 's/^#.* cov: \([0-9]*\) ft: .*/\1/p' "$log" | tail -1)
        echo "$name: $runs inputs in $seconds s, $coverage edges covered"
        return 0
    fi
    local input
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
    {
        echo "FAILED: $name"
        grep -m1 -A2 -E "panicked at|^==[0-9]+== ?ERROR|ERROR: (libFuzzer|AddressSanitizer)" "$log" || tail -20 "$log"
        echo "  all it said:  $log"
        if [ -n "$input" ]; then
            echo "  the input:    $input"
            echo "  reproduce:    $out/$target/release/$name $input"
            echo "  make smaller: $out/$target/release/$name -minimize_crash=1 -max_total_time=60 $input"
        fi
    } >&2
    return 1
}

failed=0
one() {
    fuzz metadata 8192 -dict=tests/fuzz/metadata.dict || failed=1
    fuzz ctf2 8192 -dict=tests/fuzz/ctf2.dict || failed=1
    fuzz agent_protocol 4096 || failed=1
    return $failed
}
other() {
    fuzz packets 16384 || failed=1
    fuzz control_protocol 4096 -dict=tests/fuzz/control_protocol.dict || failed=1
    return $failed
}
one &
first=$!
other &
second=$!
wait $first || failed=1
wait $second || failed=1
[ $failed = 0 ] && echo "fuzz: nothing to report"
exit $failed
