//! Every field type comes back bit for bit, over its edge values, as Python's bt2 reads it.
//!
//! The program reports what it emits; `fields.py` compares field by field, floats by their bits. With either clock.

use ust_acceptance::{judge, recording::Recording, skip};

#[test]
fn every_field_type_reads_back_bit_for_bit() {
    if !skip::judges_are_here() {
        return;
    }
    for options in [
        ["--clock", "monotonic", "--subbuf-size", "512K"],
        ["--clock", "tsc", "--subbuf-size", "32K"],
    ] {
        let recorded = Recording::of("all_fields").options(options).run();
        if recorded.finished.code() == 2 {
            skip::skipped(&recorded.finished.stderr);
            continue;
        }
        let recorded = recorded.succeeded();
        let compared = judge::python("fields.py", &[&recorded.trace(), &recorded.path("report")]);
        let fields: u64 = compared.trim().parse().expect("fields.py prints a number");
        assert!(fields > 150, "only {fields} fields were compared");
        assert_eq!(recorded.summary().lost_in_all(), 0);
    }
}
