# One recipe per habit. `just` alone lists them.

default:
    @just --list

# The README's demonstration: record the indexer over DIR.
demo DIR=".":
    .ci/demo {{DIR}}

# tokio's mini-redis, recorded as it is by ust-tracing: CLIENTS, each with REQUESTS.
mini-redis CLIENTS="8" REQUESTS="500":
    examples/mini-redis/run.sh {{CLIENTS}} {{REQUESTS}}

# Everything CI runs.
test:
    .ci/test

# fmt and clippy.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# The loom models.
loom:
    RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p loom-tests --release

# Everything at once, at random, for so long: other rounds for each seed.
stress SECONDS="600" SEED=`date +%s`:
    cargo build --release -p ust-stress
    target/release/ust-stress --seconds {{SECONDS}} --seed {{SEED}}

# The stress under AddressSanitizer and ThreadSanitizer, on nightly.
sanitizers SECONDS="60":
    tests/stress/sanitizers.sh {{SECONDS}}

# Each fuzz target for so long, on nightly; `tests/fuzz/README.md` has them.
fuzz SECONDS="60":
    tests/fuzz/run.sh {{SECONDS}}

# Real processes: the ring killed, interrupted and read at every instruction and at every named point.
# `UST_PROOFS=full just proofs` leaves nothing out.
proofs:
    cargo test -p ust-proofs --release
    CARGO_TARGET_DIR=target/testpoints cargo test -p ust-proofs --release --features testpoints --test stopped_at_every_testpoint

# Every ordering of the ring and of the runtime weakened in turn: a model must fail for each.
mutants:
    loom-tests/mutants.sh

# Programs, shim and header into PREFIX.
install PREFIX="/usr/local":
    cargo build --release
    ust-preload/install.sh {{PREFIX}}

# What would be published, packed: manifests, versions, files.
package:
    cargo package --no-verify --allow-dirty -p ctf -p ctf-analysis -p ust-core -p ust-macros -p ust -p ust-tracing -p consumerd -p ust-cli

# What an event costs, against its floor and its peers, and how many a second reach files: the whole table.
bench:
    cargo bench -p ust-benches --no-fail-fast -- --check

# The hot path's assembly, as a traced program has it: the one that the bench measures as `ours, u32`.
asm:
    cargo build --release -p ust-benches --bins
    objdump -d --no-show-raw-insn --demangle target/release/ust-bench-contestant | sed -n '/::small::record>:$/,/ret$/p'

# What is too long for CI: run by hand before an issue is called done.
soak:
    UST_DEEPER=1 just loom
    just mutants
    UST_PROOFS=full just proofs
    for round in 1 2 3 4 5; do cargo test --release -p ust-acceptance || exit 1; done
    UST_KILLS=1000 cargo test --release -p ust-acceptance --test random_kills --test c_tracepoints
    UST_RECOVERIES=1000 cargo test --release -p ust-acceptance --test recover
    UST_SNAPSHOTS=1000 cargo test --release -p ust-acceptance --test snapshots
    UST_HOSTILE_SECONDS=1800 UST_HOSTILE_SEED=`date +%s` cargo test --release -p ust-acceptance --test hostile_client
    # Takes CPU 1 off and puts it back, again and again, where the kernel allows it.
    UST_HOTPLUG=1 cargo test --release -p ust-acceptance --test hotplug
    UST_SETS=each cargo test --release -p ust-acceptance --test preload_programs --test preload_servers
    # This needs Debian's libpython3.11-testsuite (or that of its version).
    UST_PYTHON=1 cargo test --release -p ust-acceptance --test preload_python
    just stress 600
    just sanitizers 120
    just fuzz 600
    just bench
