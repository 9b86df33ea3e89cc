#!/usr/bin/env bash
# Makes one mistake after the other in the shipped code and expects a model to fail for each:
#
#   - each ordering of a table that is not Relaxed, weakened (UST_WEAKEN): of the ring, whose models are p*, and of the
#     runtime and what it shares with the consumer beside the ring, whose models are r*
#   - each fence beside them, left out (UST_WEAKEN)
#   - the mistakes that have a name in ust-core/src/testpoint.rs, and that of the fixture (UST_MISTAKE)
#
# One build serves all, and two mistakes are tried at a time. The test that caught a mistake last time (mutants.caught has its
# model and name) is tried first, then all models. Prints caught/total; exit 1 if one gets away, if a model ends otherwise than
# by a failed test, or if mutants.caught names what is not there. Usage: loom-tests/mutants.sh [ring|runtime]
set -u
cd "$(dirname "$0")/.."
export RUSTFLAGS="--cfg loom"
# The models that find most in the shortest time come first.
ring=(p1_read_once_or_counted p7_close_and_reuse p3_two_writers p3_overwrite p6_death p5_nested_writer p9_of_cpu)
runtime=(r4_modules r7_process_file r5_becoming_its_own_process r1_holder_and_forks r2_reclaim r6_left_behind r8_doorbell
    r3_installing_a_ring)

# Prints the binary of a model; fails if there is none.
binary_of() {
    local binary
    binary=$(ls -t "$CARGO_TARGET_DIR"/release/deps/"$1"-* 2>/dev/null | grep -v '\.d$' | head -1)
    [ -x "$binary" ] && echo "$binary"
}

# run VARIABLE NAME MODEL [TEST]: prints the first test that fails. Ends as the model does: 0 also if there is no such test.
run() {
    local said code only=()
    [ $# -lt 4 ] || only=(--exact "$4")
    # A model that runs for minutes instead of seconds has found nothing: the next model is tried.
    said=$(timeout 120 env "$1=$2" "$(binary_of "$3")" --test-threads=2 "${only[@]}" 2>&1)
    code=$?
    sed -n 's/^test \([a-z0-9_:]*\) .*FAILED$/\1/p' <<<"$said" | head -1
    return $code
}

# try VARIABLE NAME MODEL...: prints one line, and more if something is odd.
try() {
    local variable=$1 name=$2 known model test code
    read -ra known <<<"$(sed -n "s/^$name //p" loom-tests/mutants.caught)"
    for model in "${known[*]}" "${@:3}"; do
        [ -n "$model" ] || continue
        # shellcheck disable=SC2086 # A model, or a model and a test.
        test=$(run "$variable" "$name" $model)
        code=$?
        case $code in
        0 | 124) ;;
        # A test that failed, or panicked once more while it did.
        101 | 134)
            [ "$model" = "${known[*]}" ] || echo "             mutants.caught should have the line: $name $model $test"
            echo "caught       $name (by $model)"
            return
            ;;
        *) echo "not judged   $name: $model ended with $code" ;;
        esac
    done
    echo "NOT caught   $name"
}

if [ "${1:-}" = --try ]; then
    shift
    try "$@"
    exit
fi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
cargo test --quiet -p loom-tests --release --no-run || exit 1
for model in "${ring[@]}" "${runtime[@]}"; do
    binary_of "$model" >/dev/null || { echo "no binary of the model $model" >&2; exit 1; }
done

orderings() { # FILE...
    sed -n 's/^ *\(Load\|Store\|Rmw\)Order \([a-z_]*\) = \(Acquire\|Release\|AcqRel\);$/\2/p' "$@"
    sed -n 's/.*weakenable_fence("\([a-z_]*\)".*/\1/p' "$@"
}
# One a line: what `try` is given.
all() {
    local name
    if [ "${1:-ring}" = ring ]; then
        for name in $(orderings ust-core/src/ring/orderings.rs); do
            echo "UST_WEAKEN $name ${ring[*]}"
        done
        for name in WrongLap NoRetry OwnerOnlyTable CommitFirst AlwaysUsual OtherCpu EarlyClock; do
            echo "UST_MISTAKE $name ${ring[*]}"
        done
    fi
    if [ "${1:-runtime}" = runtime ]; then
        for name in $(orderings ust/src/lockfree/*.rs ust-core/src/{abi,sync}/orderings.rs); do
            echo "UST_WEAKEN $name ${runtime[*]}"
        done
    fi
}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
mistakes=$(all "$@")
xargs -P 2 -L 1 loom-tests/mutants.sh --try <<<"$mistakes" | tee "$said"

total=$(wc -l <<<"$mistakes")
caught=$(grep -c '^caught ' "$said")
unjudged=$(grep -c '^not judged ' "$said")
stale=0
if [ $# -eq 0 ]; then
    while read -r name model _; do
        if ! grep -q " $name " <<<"$mistakes" || ! binary_of "$model" >/dev/null; then
            stale=$((stale + 1))
            echo "mutants.caught has a line of nothing: $name $model"
        fi
    done <loom-tests/mutants.caught
fi
echo "$caught/$total caught"
[ -n "$mistakes" ] && [ "$caught" -eq "$total" ] && [ "$unjudged" -eq 0 ] && [ $stale -eq 0 ]
