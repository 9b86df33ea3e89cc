#!/usr/bin/env bash
# Makes one mistake after the other in the shipped code and expects a model to fail for each:
#
#   - each ordering of a table that is not Relaxed, weakened (UST_WEAKEN): of the ring, whose models are p*, and of the
#     runtime and what it shares with the consumer beside the ring, whose models are r*
#   - each fence beside them, left out (UST_WEAKEN)
#   - the mistakes that have a name in ust-core/src/testpoint.rs, and that of the fixture (UST_MISTAKE)
#
# One build serves all. The model that caught a mistake last time (mutants.caught) is tried first, then the others. Prints
# caught/total; exit 1 if one gets away, if a model ends otherwise than by a failed test, or if mutants.caught names what is
# not there. Usage: loom-tests/mutants.sh [ring|runtime]
set -u
cd "$(dirname "$0")/.."
export RUSTFLAGS="--cfg loom"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
# Those that find most in the shortest time come first.
ring=(p1_read_once_or_counted p7_close_and_reuse p3_two_writers p3_overwrite p6_death p5_nested_writer)
runtime=(r4_modules r7_process_file r5_becoming_its_own_process r1_holder_and_forks r2_reclaim r6_left_behind r8_doorbell
    r3_installing_a_ring)

cargo test --quiet -p loom-tests --release --no-run || exit 1
declare -A binaries
for model in "${ring[@]}" "${runtime[@]}"; do
    binaries[$model]=$(ls -t "$CARGO_TARGET_DIR"/release/deps/"$model"-* | grep -v '\.d$' | head -1)
    [ -x "${binaries[$model]}" ] || { echo "no binary of the model $model" >&2; exit 1; }
done

caught=0 total=0 unjudged=0
declare -A tried
expect_failure() { # VARIABLE NAME MODEL...
    total=$((total + 1))
    tried[$2]=1
    known=$(sed -n "s/^$2 //p" loom-tests/mutants.caught)
    for model in $known "${@:3}"; do
        # A model that runs for minutes where it took seconds has not found anything, and goes on to the next.
        timeout 120 env "$1=$2" "${binaries[$model]}" --test-threads=2 >/dev/null 2>&1
        code=$?
        case $code in
        0 | 124) ;;
        # A test that failed, or panicked once more while it did.
        101 | 134)
            caught=$((caught + 1))
            [ "$model" = "$known" ] || echo "             mutants.caught should have the line: $2 $model"
            echo "caught       $2 (by $model)"
            return
            ;;
        *)
            unjudged=$((unjudged + 1))
            echo "not judged   $2: $model ended with $code"
            ;;
        esac
    done
    echo "NOT caught   $2"
}
orderings() { # FILE...
    sed -n 's/^ *\(Load\|Store\|Rmw\)Order \([a-z_]*\) = \(Acquire\|Release\|AcqRel\);$/\2/p' "$@"
    sed -n 's/.*weakenable_fence("\([a-z_]*\)".*/\1/p' "$@"
}
if [ "${1:-ring}" = ring ]; then
    for name in $(orderings ust-core/src/ring/orderings.rs); do
        expect_failure UST_WEAKEN "$name" "${ring[@]}"
    done
    for name in WrongLap NoRetry OwnerOnlyTable CommitFirst AlwaysUsual; do
        expect_failure UST_MISTAKE "$name" "${ring[@]}"
    done
fi
if [ "${1:-runtime}" = runtime ]; then
    for name in $(orderings ust/src/lockfree/*.rs ust-core/src/{abi,sync}/orderings.rs); do
        expect_failure UST_WEAKEN "$name" "${runtime[@]}"
    done
fi
stale=0
if [ $# -eq 0 ]; then
    while read -r name model; do
        if [ -z "${tried[$name]:-}" ] || [ -z "${binaries[$model]:-}" ]; then
            stale=$((stale + 1))
            echo "mutants.caught has a line of nothing: $name $model"
        fi
    done <loom-tests/mutants.caught
fi
echo "$caught/$total caught"
[ "$total" -gt 0 ] && [ "$caught" -eq "$total" ] && [ $unjudged -eq 0 ] && [ $stale -eq 0 ]
