#!/usr/bin/env bash
# Builds diskus, a command-line tool from the registry (MIT or Apache-2.0), with the tracepoints of `diskus.patch`, and prints the
# program's path. Exit code 77: the tool, or `patch`, is not here and cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=0.9.0
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
dir=$target/diskus
mkdir -p "$dir/fetch"
if ! command -v patch >/dev/null; then
    echo "patch is not installed" >&2
    exit 77
fi
cat >"$dir/fetch/Cargo.toml" <<EOT
[package]
name = "fetch"
edition = "2024"
[workspace]
[lib]
path = "lib.rs"
[dependencies]
diskus = "=$version"
EOT
touch "$dir/fetch/lib.rs"
# Without a network, if all of it is here.
fetched() { cargo metadata --quiet --format-version 1 --manifest-path "$dir/fetch/Cargo.toml" "$@" 2>/dev/null; }
if ! packages=$(fetched --offline || fetched); then
    echo "diskus $version is not here, and the registry cannot be reached" >&2
    exit 77
fi
source=$(grep -o '"manifest_path":"[^"]*/diskus-'$version'/Cargo.toml"' <<<"$packages" | cut -d'"' -f4)
rm -rf "$dir/source"
cp -r "$(dirname "$source")" "$dir/source"
patch --quiet -p1 -d "$dir/source" <examples/diskus/diskus.patch
sed -i "s#\"UST\"#\"$PWD/ust\"#" "$dir/source/Cargo.toml"
# With the versions that it was tried with; of `ust`, what it needs by now.
cp examples/diskus/Cargo.lock "$dir/source/Cargo.lock"
CARGO_TARGET_DIR=$dir/target cargo build --quiet --bin diskus --manifest-path "$dir/source/Cargo.toml" >&2
echo "$dir/target/debug/diskus"
