#!/bin/sh
# Installs what `cargo build --release` has made: the programs, the shim for C programs, and the header with what build tools
# ask for. Needs no cargo. Usage: [DESTDIR=DIR] ust-preload/install.sh [PREFIX, by default /usr/local]
#
# With DESTDIR all of it is put below that directory, as packages are built: it is to be moved to PREFIX from there.
#
#   PREFIX/bin/ust  PREFIX/bin/ustconsumerd
#   PREFIX/lib/libust_preload.so                 where `ust` looks for it
#   PREFIX/include/ust.h  PREFIX/lib/pkgconfig/ust.pc
set -eu
case ${DESTDIR:=} in
"" | /*) ;;
*) DESTDIR=$PWD/$DESTDIR ;;
esac
cd "$(dirname "$0")/.."

prefix=${1:-/usr/local}
case $prefix in
/*) ;;
*) echo "install.sh: the prefix must be an absolute path, not $prefix" >&2; exit 2 ;;
esac
built=${CARGO_TARGET_DIR:-target}/release
for file in ust ustconsumerd libust_preload.so; do
    [ -f "$built/$file" ] || { echo "install.sh: $built/$file is not there: cargo build --release" >&2; exit 1; }
done
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
description=$(mktemp)
trap 'rm -f "$description"' EXIT
sed -e "s|@PREFIX@|$prefix|" -e "s|@VERSION@|$version|" ust-preload/ust.pc.in >"$description"
place=$DESTDIR$prefix
install -d "$place/bin" "$place/lib/pkgconfig" "$place/include"
install -m 755 "$built/ust" "$built/ustconsumerd" "$place/bin"
install -m 755 "$built/libust_preload.so" "$place/lib"
install -m 644 ust-preload/include/ust.h "$place/include"
install -m 644 "$description" "$place/lib/pkgconfig/ust.pc"
echo "installed in $place"
