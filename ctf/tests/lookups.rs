//! Lengths and tags: where paths lead, and paths that lead nowhere, which are errors of the metadata.

mod common;

use common::judged::{PREAMBLE, agreed, ours, refused, trace, with_fields};

fn is_read(fields: &str, stream: &[u8], expected: &str) {
    assert_eq!(agreed(&with_fields(fields), &[stream]), format!("e: {{ {expected} }}\n"));
}

#[test]
fn a_path_leads_to_the_nearest_field_before() {
    is_read(
        "u8 n; struct { u8 q; struct { u8 x[n]; } i; } o;",
        &[2, 7, 1, 2],
        "n = 2, o = { q = 7, i = { x = [ [0] = 1, [1] = 2 ] } }",
    );
    is_read(
        "u8 n; struct { u8 n; u8 x[n]; } o;",
        &[2, 1, 5],
        "n = 2, o = { n = 1, x = [ [0] = 5 ] }",
    );
    is_read(
        "u8 n; struct { u8 x[n]; u8 n; } o;",
        &[1, 6, 5],
        "n = 1, o = { x = [ [0] = 6 ], n = 5 }",
    );
    is_read(
        "u8 n; struct { u8 n; } o; u8 x[n];",
        &[1, 2, 5],
        "n = 1, o = { n = 2 }, x = [ [0] = 5 ]",
    );
    // A field of an element is not around what stands behind the array.
    is_read(
        "u8 n; struct { u8 n; } o[1]; u8 x[n];",
        &[1, 2, 5],
        "n = 1, o = [ [0] = { n = 2 } ], x = [ [0] = 5 ]",
    );
    // A number with names is a length as well.
    is_read(
        "enum : u8 { two = 2 } n; u8 x[n];",
        &[2, 5, 6],
        "n = ( \"two\" : container = 2 ), x = [ [0] = 5, [1] = 6 ]",
    );
    is_read(
        "u8 n; u8 m; u8 x[n][m];",
        &[1, 2, 5, 6],
        "n = 1, m = 2, x = [ [0] = [ [0] = 5, [1] = 6 ] ]",
    );
}

#[test]
fn a_path_leads_into_structures() {
    let expected =
        "meta = { len = 1, in = { len = 2 } }, x = [ [0] = 5 ], y = [ [0] = 6, [1] = 7 ]";
    let meta = "struct { u8 len; struct { u8 len; } in; } meta;";
    let stream = [1, 2, 5, 6, 7];
    is_read(&format!("{meta} u8 x[meta.len]; u8 y[meta.in.len];"), &stream, expected);
    is_read(
        &format!("{meta} u8 x[event.fields.meta.len]; u8 y[event.fields.meta.in.len];"),
        &stream,
        expected,
    );
    // The nearest `meta`, in the structure around.
    is_read(
        "struct { u8 n; } meta; struct { struct { u8 n; } meta; u8 x[meta.n]; } o;",
        &[0, 1, 5],
        "meta = { n = 0 }, o = { meta = { n = 1 }, x = [ [0] = 5 ] }",
    );
    is_read(
        "enum : u8 { a, b } t; variant <t> { struct { u8 n; } a; u8 b; } v; u8 x[v.a.n];",
        &[0, 1, 5],
        "t = ( \"a\" : container = 0 ), v = { { n = 1 } }, x = [ [0] = 5 ]",
    );
}

#[test]
fn a_tag_may_be_in_a_structure_around() {
    is_read(
        "enum : u8 { a, b } t; struct { u8 q; struct { variant <t> { u8 a; u16 b; } v; } i[2]; } o;",
        &[1, 7, 5, 0, 6, 0],
        "t = ( \"b\" : container = 1 ), o = { q = 7, i = [ [0] = { v = { 5 } }, [1] = { v = { 6 } } ] }",
    );
    let text = with_fields(
        "enum : u8 { a, b } s; enum : u8 { a, b } t; variant v <t> x; variant v <s> y;",
    );
    let text = text.replace("stream {", "variant v { u8 a; u16 b; }; stream {");
    assert_eq!(
        agreed(&text, &[&[0, 1, 5, 0, 6]]),
        "e: { s = ( \"a\" : container = 0 ), t = ( \"b\" : container = 1 ), x = { 5 }, y = { 6 } }\n"
    );
}

#[test]
fn a_length_may_be_in_an_earlier_part() {
    let text = format!(
        "{PREAMBLE}stream {{
            packet.context := struct {{ u8 n; }}; event.header := struct {{ u8 id; }};
            event.context := struct {{ u8 c[stream.packet.context.n]; struct {{ u8 k; }} in; }};
        }};
        event {{ name = e; id = 0; fields := struct {{
            u8 x[stream.packet.context.n]; u8 y[stream.event.context.in.k]; }}; }};"
    );
    let lines = agreed(&text, &[&[2, 0, 1, 2, 1, 4, 5, 6]]);
    assert_eq!(
        lines,
        "e: { n = 2 }, { c = [ [0] = 1, [1] = 2 ], in = { k = 1 } }, \
         { x = [ [0] = 4, [1] = 5 ], y = [ [0] = 6 ] }\n"
    );
}

/// The grammar of CTF has paths as tags, babeltrace2's has names only.
#[test]
fn a_tag_may_be_a_path() {
    let text = format!(
        "{PREAMBLE}stream {{ packet.context := struct {{ enum : u8 {{ small, large }} kind; }}; }};
        event {{ name = e; fields := struct {{
            variant <stream.packet.context.kind> {{ u8 small; u16 large; }} v;
            struct {{ enum : u8 {{ a, b }} t; }} m; variant <m.t> {{ u8 a; u16 b; }} w;
        }}; }};"
    );
    let (lines, errors) = ours(trace(&text, &[&[1, 5, 0, 0, 7]]).path());
    assert_eq!(errors, [""; 0]);
    assert_eq!(
        lines,
        "e: { kind = ( \"large\" : container = 1 ) }, \
         { v = { 5 }, m = { t = ( \"a\" : container = 0 ) }, w = { 7 } }\n"
    );
}

/// The text of CTF looks further than babeltrace2, which stays in the part where the path is.
#[test]
fn a_path_without_a_part_is_looked_for_in_earlier_parts() {
    let text = format!(
        "{PREAMBLE}stream {{ packet.context := struct {{ u8 n; }}; event.context := struct {{ u8 m; }}; }};
        event {{ name = e; fields := struct {{ u8 x[n]; u8 y[m]; }}; }};"
    );
    let (lines, errors) = ours(trace(&text, &[&[2, 1, 5, 6, 7]]).path());
    assert_eq!(errors, [""; 0]);
    assert_eq!(lines, "e: { n = 2 }, { m = 1 }, { x = [ [0] = 5, [1] = 6 ], y = [ [0] = 7 ] }\n");
}

#[test]
fn paths_that_lead_nowhere_are_errors_of_the_metadata() {
    let cases = [
        ("u8 n; u8 x[@y];", "there is no field `y` before this"),
        ("u8 x[@x];", "there is no field `x` before this"),
        ("u8 x[@y]; u8 y;", "there is no field `y` before this"),
        ("u8 x[@event.fields.n]; u8 n;", "there is no field `event.fields.n` before this"),
        ("u8 n; u8 x[@stream.event.context.n];", "there is no field `stream.event.context.n`"),
        ("struct { u8 n; } m; u8 x[@m.k];", "there is no field `m.k` before this"),
        ("struct { u8 n; } m; u8 x[@m];", "the length `m` is no integer without sign"),
        ("integer { size = 8; signed = true; } n; u8 x[@n];", "the length `n` is no integer"),
        ("string n; u8 x[@n];", "the length `n` is no integer without sign"),
        ("u8 x[@u8];", "there is no field `u8` before this"),
        ("u8 t; variant <@t> { u8 a; } v;", "the tag `t` is no enumeration"),
        ("enum : u8 { a } t; variant <@s> { u8 a; } v;", "there is no field `s` before this"),
        ("enum : u8 { a } t; @variant { u8 a; } v;", "a variant needs the path of its tag"),
        ("struct { struct { struct { u8 x[@n]; } c[2]; } b; } a; u8 n;", "there is no field `n`"),
        ("u8 n; typedef u8 list[@k]; struct { list x; } y;", "there is no field `k` before this"),
    ];
    for (fields, expected) in cases {
        let marked = with_fields(fields);
        let column = marked.lines().last().unwrap().find('@').unwrap() + 1;
        let errors = refused(&marked.replace('@', ""), &[&[1; 9]]);
        let place = format!("metadata, line 7, column {column}: {expected}");
        assert!(errors[0].contains(&place), "{errors:?}, not {place}");
    }
    // A length of a packet cannot be in what comes behind it.
    let text = format!(
        "{PREAMBLE}stream {{ packet.context := struct {{ u8 x[stream.event.context.n]; }};
        event.context := struct {{ u8 n; }}; }}; event {{ name = e; fields := struct {{ u8 x; }}; }};"
    );
    assert!(refused(&text, &[&[1; 9]])[0].contains("there is no field `stream.event.context.n`"));
}

/// Otherwise paths could take time that grows with the square of the text.
#[test]
fn many_paths_that_lead_far_are_refused() {
    let lists: String = (0..300).map(|n| format!("u8 x{n}[n{n}]; ")).collect();
    let text = with_fields(&format!("struct {{ {lists} }} many;"));
    let error = ctf::tsdl::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.message, "too many lengths and tags that are elsewhere");
    // Those that are near are not counted.
    let lists: String = (0..300).map(|n| format!("u8 n{n}; u8 x{n}[n{n}]; ")).collect();
    ctf::tsdl::parse(with_fields(&lists).as_bytes()).unwrap();
}

#[test]
fn the_byte_order_changes_between_bytes_only() {
    let bits = |size: u32, order: &str| {
        format!("integer {{ size = {size}; align = 1; byte_order = {order}; }}")
    };
    let fields = format!("{} a; {} b; {} c;", bits(8, "le"), bits(4, "be"), bits(4, "be"));
    is_read(&fields, &[5, 0x12], "a = 5, b = 1, c = 2");
    let fields = format!("{} a; {} b;", bits(4, "le"), bits(4, "be"));
    let errors = refused(&with_fields(&fields), &[&[5, 6]]);
    assert!(errors[0].ends_with("s0, byte 0: the byte order changes within a byte"), "{errors:?}");
    let float = "floating_point { exp_dig = 8; mant_dig = 24; align = 1; byte_order = be; }";
    refused(&with_fields(&format!("{} a; {float} b;", bits(4, "le"))), &[&[5; 8]]);
}
