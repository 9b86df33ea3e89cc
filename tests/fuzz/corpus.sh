#!/usr/bin/env bash
# The corpus in the repository. Usage:
#
#   tests/fuzz/corpus.sh seed                 adds what the fixtures hold
#   tests/fuzz/corpus.sh merge [TARGET ...]   adds what the last run has found, and keeps the files that cover most: at most
#                                             300 files and 200 KiB for each target
#
# A file's name is the SHA-1 of its content, as libFuzzer names files.
set -euo pipefail
cd "$(dirname "$0")/../.."

targets=(metadata ctf2 packets agent_protocol control_protocol)
fixtures=tests/fixtures/abi-6
corpus=tests/fuzz/corpus
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# add TARGET: adds standard input as a file.
add() {
    cat >"$scratch/input"
    mkdir -p "$corpus/$1"
    mv "$scratch/input" "$corpus/$1/$(sha1sum "$scratch/input" | cut -d' ' -f1)"
}

seed() {
    for archive in "$fixtures"/trace-*.tar.gz "$fixtures"/rings-*-per-thread.tar.gz; do
        mkdir "$scratch/$(basename "$archive")"
        tar -xzf "$archive" -C "$scratch/$(basename "$archive")"
    done
    # Without the newlines that fill up pages.
    find "$scratch" -name metadata | sort | while read -r metadata; do
        cat -s "$metadata" | add metadata
    done
    # Hardly any mutation gets past the checksums of these.
    find "$scratch" -name metadata | sort | head -1 | while read -r metadata; do
        grep -v '^/. crc32 of' "$metadata" | cat -s | add metadata
    done
    { cat tests/fuzz/fuzz_targets/packets.metadata; printf '\0'; cat tests/fuzz/fuzz_targets/packets.stream; } | add metadata
    add metadata <ctf/tests/data/lttng-ust/metadata
    for trace in ctf/tests/data/ctf2/*/; do
        { cat "$trace/metadata"; printf '\0'; cat "$trace/stream"; } | add ctf2
    done
    # Traces of other writers, from the reader's tests.
    sed -n '/^pub const FOREIGN/,/^"#;/p' ctf/tests/common/foreign.rs | sed '1s/.*r#"//; $d' | add metadata
    { cat ctf/tests/data/barectf/metadata; printf '\0'; cat ctf/tests/data/barectf/s0; } | add metadata
    # What no tracer here writes: several clocks, paths, tags, texts, bits.
    { cat tests/fuzz/fuzz_targets/kinds.metadata; printf '\0'; cat tests/fuzz/fuzz_targets/kinds.stream; } | add metadata
    # A stream of another trace passes for one of this trace. The target adds the zeros behind it.
    find "$scratch" -name 'channel0_*' ! -name '*.idx' | sort | while read -r stream; do
        python3 - "$stream" tests/fuzz/fuzz_targets/packets.stream <<'EOF' | add packets
import sys
stream, ours = (open(path, "rb").read() for path in sys.argv[1:])
stream = stream.replace(stream[4:20], ours[4:20]).rstrip(b"\0")
sys.stdout.buffer.write(stream + bytes(-len(stream) % 4))
EOF
    done
    # Several packets, with these numbers; an `h` holds a place of two pages. The target mends their checksums.
    for numbers in "0 1 2" "0 1 3 4" "0 2h 3 4" "0 1 5 2 3" "1 1 2h"; do
        python3 - tests/fuzz/fuzz_targets/packets.stream $numbers <<'EOF' | add packets
import sys
page, stream = 4096, b""
first = open(sys.argv[1], "rb").read()
for number in sys.argv[2:]:
    packet = bytearray(first)
    packet[64:72] = int(number.rstrip("h")).to_bytes(8, "little")
    if stream:
        packet[32:40] = packet[40:48]
    if number.endswith("h"):
        packet[48:56] = (92 * 8).to_bytes(8, "little")
        packet[56:64] = (2 * page * 8).to_bytes(8, "little")
        packet[92:] = bytes(2 * page - 92)
    stream += packet
stream = stream.rstrip(b"\0")
sys.stdout.buffer.write(stream + bytes(-len(stream) % 4))
EOF
    done
    # Lines of "SPEAKER BYTES"; the lines with their meaning are indented.
    cat "$fixtures"/agent*.txt | sed -n 's/^\(process\|consumer\) //p' | while read -r hex; do
        python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$hex" | add agent_protocol
    done
    add agent_protocol <"$fixtures/rules"
    # Event classes begin with the provider's name, and its length before that.
    find "$scratch" -name 'process-*' | sort | while read -r log; do
        python3 - "$log" "$scratch" <<'EOF'
import re, sys
log = open(sys.argv[1], "rb").read().rstrip(b"\0")
places = [match.start() for match in re.finditer(rb"\x05types|\x04walk", log)] + [len(log)]
for number, (at, end) in enumerate(zip(places, places[1:])):
    open(f"{sys.argv[2]}/class-{number}", "wb").write(log[at:end])
EOF
        for class in "$scratch"/class-*; do
            add agent_protocol <"$class"
        done
    done
    sed -n 's/^\(client\|daemon\) //p' "$fixtures/control.txt" | while read -r line; do
        printf '%s\n' "$line" | add control_protocol
    done
}

merge() {
    local target=
    target=$(rustc +nightly -vV | sed -n 's/^host: //p')
    for name in "${targets[@]}"; do
        mkdir "$scratch/$name" "$scratch/kept"
        # Which edges each file covers stands in the control file.
        TMPDIR=$scratch "target/fuzz/$target/release/$name" -merge=1 -use_counters=0 -merge_control_file="$scratch/control" \
            "$scratch/$name" "$corpus/$name" "target/fuzz/corpus/$name" 2>"$scratch/log" || {
            tail -20 "$scratch/log" >&2
            exit 1
        }
        python3 - "$scratch/control" "$scratch/kept" <<'EOF'
import hashlib, sys

FILES_MAX, BYTES_MAX = 300, 200 << 10
lines = open(sys.argv[1]).read().splitlines()
files, sizes, edges = lines[2 : 2 + int(lines[0])], {}, {}
for kind, number, *rest in map(str.split, lines[2 + len(files) :]):
    if kind == "STARTED":
        sizes[int(number)] = int(rest[0])
    elif kind == "FT":
        edges[int(number)] = set(rest)
left, count, size = set().union(*edges.values()), 0, 0
all = len(left)
while left and count < FILES_MAX:
    worth = {n: len(e & left) / (sizes[n] + BYTES_MAX / FILES_MAX) for n, e in edges.items() if size + sizes[n] <= BYTES_MAX}
    best = max(worth, key=worth.get, default=None)
    if best is None or worth[best] == 0:
        break
    content = open(files[best], "rb").read()
    open(f"{sys.argv[2]}/{hashlib.sha1(content).hexdigest()}", "wb").write(content)
    left -= edges[best]
    count, size = count + 1, size + sizes[best]
print(f"{all - len(left)} of {all} edges in {count} files, {size} bytes")
EOF
        rm -rf "${corpus:?}/$name" "$scratch/control"
        mv "$scratch/kept" "$corpus/$name"
        echo "  are in $corpus/$name"
    done
}

[ $# -le 1 ] || targets=("${@:2}")
case ${1:-} in
seed | merge) "$1" ;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
