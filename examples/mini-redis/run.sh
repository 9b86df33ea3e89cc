#!/usr/bin/env bash
# Records tokio's mini-redis under load, checks that each request is there, and shows the slowest ones. `just mini-redis`.
set -euo pipefail
cd "$(dirname "$0")/../.."
clients=${1:-8} requests=${2:-500}
target=${CARGO_TARGET_DIR:-target}
cargo build --release --quiet -p ust-cli
CARGO_TARGET_DIR=$target cargo build --release --quiet --locked --manifest-path examples/mini-redis/Cargo.toml
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
"$target/release/ust" record -o "$out/trace" -e 'mini_redis:*' --subbuf-size 4M -- \
    "$target/release/recorded-mini-redis" "$clients" "$requests"
"$target/release/ust" view "$out/trace" >"$out/text"
for kind in set get; do
    found=$(grep -c "mini_redis:cmd::$kind:apply.close" "$out/text")
    if [ "$found" != $((clients * requests)) ]; then
        echo "$found requests of $kind, not $((clients * requests))" >&2
        exit 1
    fi
done
echo "The slowest requests, as their clients saw them:"
sed -n 's/.*mini_redis:client:\([a-z]*\)\.close: .*span_id = \([0-9]*\), total_ns = \([0-9]*\), busy_ns = \([0-9]*\).*/\3 ns, busy \4 ns: \1, span \2/p' "$out/text" |
    sort -rn | head -3
