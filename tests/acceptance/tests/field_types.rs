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

#[test]
fn owned_fields_and_other_forms_read_back() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("owned_fields").run().succeeded();
    let compared = judge::python("fields.py", &[&recorded.trace(), &recorded.path("report")]);
    let fields: u64 = compared.trim().parse().expect("fields.py prints a number");
    assert!(fields > 60, "only {fields} fields were compared");
    assert_eq!(recorded.summary().lost_in_all(), 0);

    let mut shown = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| shown.push(line.text.to_owned()));
    let forms = shown.iter().find(|line| line.contains(" owned:forms: ")).expect("the event");
    for form in ["a = 0xDEAD", "b = 443", "mode = { 0644 }", "[0] = 0b00000101", "[0] = 0x1,"] {
        assert!(forms.contains(form), "no {form} in {forms}");
    }
    assert!(shown.iter().any(|line| line.contains("inode = { number = 0xABC,")), "{shown:?}");
}
