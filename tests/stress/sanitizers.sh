#!/usr/bin/env bash
# The stress under AddressSanitizer and ThreadSanitizer. Usage: tests/stress/sanitizers.sh [SECONDS for each]
#
# Both come with the nightly toolchain. The standard library is not instrumented; tsan.supp tells ThreadSanitizer what it
# cannot see there. It finds races by address and within one process, so it runs the rounds in which reader and writers
# share a mapping. `portable_rmw` gives it atomics that it understands instead of our assembly. AddressSanitizer runs all
# rounds, forks and kills included.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60}
seed=${2:-1}
target=x86_64-unknown-linux-gnu
if ! rustup toolchain list 2>/dev/null | grep -q ^nightly; then
    echo "SKIPPED: the sanitizers need rustup's nightly toolchain"
    exit 0
fi
if [ "$(uname -m)" != x86_64 ]; then
    echo "SKIPPED: the sanitizers are set up for $target only"
    exit 0
fi

# build SANITIZER FLAGS...: prints where the binaries are
build() {
    local directory=target/sanitizer-$1
    RUSTFLAGS="-Zsanitizer=$1 ${*:2}" CARGO_TARGET_DIR=$directory \
        cargo +nightly build --release --quiet --target $target -p ust-stress >&2
    echo "$directory/$target/release"
}

echo "AddressSanitizer:"
binaries=$(build address)
# Leaks are not reported: what a traced process hands to the kernel or keeps for ever is meant to stay.
ASAN_OPTIONS=halt_on_error=1:detect_leaks=0 "$binaries/ust-stress" --seconds "$seconds" --seed "$seed"

echo "ThreadSanitizer:"
binaries=$(build thread -Cunsafe-allow-abi-mismatch=sanitizer --cfg portable_rmw)
for mode in discard block overwrite; do
    suppressions=$PWD/tests/stress/tsan.supp
    [ $mode = overwrite ] && suppressions=$PWD/tests/stress/tsan-overwrite.supp
    TSAN_OPTIONS="halt_on_error=1 suppressions=$suppressions" \
        "$binaries/ust-stress" --seconds "$((seconds / 3 + 1))" --seed "$seed" --only rings --mode $mode
done
echo "sanitizers: nothing to report"
