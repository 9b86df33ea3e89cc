#!/usr/bin/env bash
# Weakens each ordering of ust-core/src/ring/orderings.rs that is not Relaxed, one at a time, and expects
# a model to fail for each. Prints caught/total; exit 1 if one gets away.
#
# One build serves all: under loom the table reads UST_WEAKEN. Usage: loom-tests/mutants.sh
set -u
cd "$(dirname "$0")/.."
export RUSTFLAGS="--cfg loom"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
table=ust-core/src/ring/orderings.rs
models=(p1_read_once_or_counted p3_two_writers)

cargo test --quiet -p loom-tests --release --no-run || exit 1

caught=0 total=0
for name in $(sed -n 's/^ *\([a-z_]*\) = \(Acquire\|Release\|AcqRel\);$/\1/p' "$table"); do
    total=$((total + 1)) by=""
    for model in "${models[@]}"; do
        if ! UST_WEAKEN=$name cargo test --quiet -p loom-tests --release --test "$model" >/dev/null 2>&1; then
            by=$model
            break
        fi
    done
    if [ -n "$by" ]; then
        caught=$((caught + 1))
        echo "caught   $name (by $by)"
    else
        echo "NOT caught   $name"
    fi
done
echo "$caught/$total caught"
[ "$total" -gt 0 ] && [ "$caught" -eq "$total" ]
