# One recipe per habit. `just` alone lists them.

default:
    @just --list

# The README's demonstration: record the indexer over DIR.
demo DIR=".":
    .ci/demo {{DIR}}

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

# Every ordering of the ring weakened in turn: a model must fail for each.
mutants:
    loom-tests/mutants.sh

# What an event costs, against its floor and its peers.
bench:
    cargo bench -p ust-benches --bench cost_per_event -- --check

# The hot path's assembly, as a traced program has it.
asm:
    cargo build --release -p ust-examples
    objdump -d --no-show-raw-insn --demangle target/release/first_steps | sed -n '/::record>:$/,/ret$/p'

# What is too long for CI: run by hand before an issue is called done.
soak:
    LOOM_MAX_PREEMPTIONS=4 just loom
    just mutants
    for round in 1 2 3 4 5; do cargo test --release -p ust-acceptance || exit 1; done
    just bench
