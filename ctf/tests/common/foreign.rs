//! A trace of the kind that other writers than ours and LTTng's make.

/// Big-endian, bit fields, no clock offset, 16-bit ids, C's type names, a length and a tag in other scopes, arrays of
/// arrays: much that neither we nor LTTng write.
pub const FOREIGN: &str = r#"/* CTF 1.8 */
// barectf and others
typealias integer { size = 8; } := unsigned char;
typedef unsigned char byte_t;
typealias integer { size = 16; signed = true; } := short int;
struct pair { byte_t x; byte_t y; } align(16);
enum kind : byte_t { none, some = 0x10 ... 020, "many\x20more" = 0x20, };
trace {
    major = 1; minor = 8; byte_order = be;
    packet.header := struct {
        integer { size = 32; } magic;
        integer { size = 8; } stream_id;
    };
};
env { barectf_gen_prefix = "b\"\101\x42"; version = -3; };
clock { name = slow; freq = 1000; offset_s = -1; offset = 500; };
typealias integer { size = 24; align = 8; map = clock.slow.value; } := ts_t;
stream {
    id = 9;
    packet.context := struct {
        integer { size = 32; } packet_size; integer { size = 32; } content_size;
        byte_t count;
    };
    event.header := struct { integer { size = 16; byte_order = le; } id; ts_t timestamp; };
    event.context := struct { enum kind what; };
};
event { name = "bits"; id = 258; stream_id = 9; fields := struct {
    integer { size = 3; signed = true; base = binary; } a;
    integer { size = 7; base = oct; } b;
    integer { size = 6; } c;
    struct pair p[2][1];
    short int grid[stream.packet.context.count];
    enum kind which;
    variant <which> { struct { byte_t n; } none; string some; } choice;
    floating_point { exp_dig = 8; mant_dig = 24; } f;
}; };
"#;
