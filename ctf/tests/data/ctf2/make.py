#!/usr/bin/env python3
"""Writes the traces of this directory: for each group of CTF 2 field classes one trace, its stream's bytes by hand.

    ./make.py            writes the traces
    ./make.py BABELTRACE also prints each by that babeltrace2 (2.1 or later) into NAME.expected.txt

The packet's header and context, and the records' headers, are the same in all of them, but for `headers`.
"""
import json, os, shutil, struct, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
UUID = list(b"ctf 2 test trace")


def uint(bits, order="little-endian", align=None, **more):
    fc = {"type": "fixed-length-unsigned-integer", "length": bits, "byte-order": order}
    if align is None and bits % 8 == 0:
        align = 8
    if align:
        fc["alignment"] = align
    return {**fc, **more}


def sint(bits, **more):
    return {**uint(bits, **more), "type": "fixed-length-signed-integer"}


def bits(kind, length, order="little-endian", **more):
    return {"type": "fixed-length-" + kind, "length": length, "byte-order": order, **more}


def structure(*members, **more):
    members = [{"name": name, "field-class": fc} for name, fc in members]
    return {"type": "structure", "member-classes": members, **more}


def at(*path, origin=None):
    return {**({"origin": origin} if origin else {}), "path": list(path)}


def nul(text, encoding="utf-8"):
    return (text + "\0").encode(encoding)


u8, u16, u32, u64 = uint(8), uint(16), uint(32), uint(64)
uleb = {"type": "variable-length-unsigned-integer"}
sleb = {"type": "variable-length-signed-integer"}
text = {"type": "null-terminated-string"}

HEADER = structure(
    ("m", uint(32, roles=["packet-magic-number"])),
    ("u", {"type": "static-length-blob", "length": 16, "roles": ["metadata-stream-uuid"]}),
    ("class", uint(8, roles=["data-stream-class-id"])),
    ("stream", {**uleb, "roles": ["data-stream-id"]}),
)
CONTEXT = structure(
    ("whole", uint(32, roles=["packet-total-length"])),
    ("used", uint(32, roles=["packet-content-length"])),
    ("from", uint(64, roles=["default-clock-timestamp"])),
    ("to", uint(64, roles=["packet-end-default-clock-timestamp"])),
    ("nth", uint(8, roles=["packet-sequence-number"])),
    ("lost", uint(16, roles=["discarded-event-record-counter-snapshot"])),
    ("cpu", u8),
)
EVENT_HEADER = structure(
    ("what", uint(8, roles=["event-record-class-id"])),
    ("when", uint(32, roles=["default-clock-timestamp"])),
)


def sequence(fragments):
    return b"".join(b"\x1e" + json.dumps(fragment, ensure_ascii=False).encode() + b"\n" for fragment in fragments)


def preamble(**more):
    return {"type": "preamble", "version": 2, "uuid": UUID, **more}


def clock(**more):
    return {"type": "clock-class", "id": "c", "name": "a clock", "frequency": 1_000_000_000, "origin": "unix-epoch",
            "offset-from-origin": {"seconds": 1_700_000_000, "cycles": 5}, "precision": 3, "accuracy": 4,
            "description": "of the test", **more}


def trace_class(header=HEADER, **more):
    return {"type": "trace-class", "name": "a trace", "packet-header-field-class": header,
            "environment": {"hostname": "machine", "answer": 42}, **more}


def stream_class(context=CONTEXT, event_header=EVENT_HEADER, **more):
    return {"type": "data-stream-class", "id": 3, "default-clock-class-id": "c",
            "packet-context-field-class": context, "event-record-header-field-class": event_header, **more}


def event_class(payload, id=0, name="test:event", **more):
    return {"type": "event-record-class", "data-stream-class-id": 3, "id": id, "name": name,
            "payload-field-class": payload, **more}


def packet(records, nth=0, begin=100):
    """A packet of (clock, class id, bytes) records; the bytes may depend on the record's place in the packet."""
    header = struct.pack("<I16sBB", 0xC1FC1FC1, bytes(UUID), 3, 7)
    opening = len(header) + 4 + 4 + 8 + 8 + 1 + 2 + 1
    body = b""
    for when, what, payload in records:
        body += struct.pack("<BI", what, when)
        body += payload(opening + len(body)) if callable(payload) else payload
    used = (opening + len(body)) * 8
    end = records[-1][0] if records else begin
    context = struct.pack("<IIQQBHB", used + 24, used, begin, end, nth, 0, 9)
    return header + context + body + b"pad"


def aligned(align, payload):
    """Bytes at the next multiple of so many bytes."""
    return lambda at: b"\xEE" * (-at % align) + payload


def one_packet(payload, *records, before=()):
    fragments = [preamble(), *before, trace_class(), clock(), stream_class(), event_class(payload)]
    stream = packet([(100 + 10 * nth, 0, record) for nth, record in enumerate(records)])
    return fragments, stream


def integers():
    payload = structure(
        ("u3", uint(3)), ("s5", sint(5)),
        ("b12", uint(12, "big-endian", align=8)), ("b4", uint(4, "big-endian")),
        ("r8", uint(8, **{"bit-order": "last-to-first"})),
        ("r16", uint(16, "big-endian", **{"bit-order": "first-to-last"})),
        ("hex", sint(16, **{"preferred-display-base": 16})),
        ("octal", uint(16, **{"preferred-display-base": 8})),
        ("binary", uint(8, **{"preferred-display-base": 2})),
        ("max", u64), ("min", sint(64)),
        ("named", uint(8, mappings={"low": [[0, 3], [2, 5]], "even": [[2, 2], [4, 4]], "any": [[0, 5]], "top": [[255, 255]]})),
        ("signed", sint(8, mappings={"below": [[-128, -1]], "above": [[0, 127]]})),
        ("_x", u8), ("größe in m²", u8),
    )
    record = bytes([0b11011_101, 0xAB, 0xC5, 0b0000_1101, 0x80, 0x01]) + struct.pack("<hHBQq", -2, 0o1234, 5, 2**64 - 1, -2**63)
    return one_packet(payload, record + bytes([2, 0xFF, 1, 2]), record + bytes([7, 0x01, 3, 4]))


def bit_fields():
    flags = {"red": [[0, 2], [4, 4]], "yellow": [[0, 0]], "green": [[7, 7], [9, 11]], "blue": [[15, 15]]}
    payload = structure(
        ("array", bits("bit-array", 12, alignment=8)), ("rest", bits("bit-array", 4)),
        ("array_be", bits("bit-array", 16, "big-endian", alignment=8)),
        ("map", bits("bit-map", 16, alignment=8, flags=flags)),
        ("map_be", bits("bit-map", 16, "big-endian", alignment=8, flags=flags)),
        ("none", bits("bit-map", 8, alignment=8, flags={"set": [[0, 6]]})),
        ("map_reversed", bits("bit-map", 16, alignment=8, flags=flags, **{"bit-order": "last-to-first"})),
        ("yes", bits("boolean", 8, alignment=8)), ("no", bits("boolean", 1)), ("also", bits("boolean", 7)),
    )
    return one_packet(payload, bytes([0x34, 0x12, 0x12, 0x34, 0x81, 0x02, 0x81, 0x02, 0x40, 0x01, 0x80, 0x02, 0xFE]))


def floats():
    f32, f64 = bits("floating-point-number", 32, alignment=8), bits("floating-point-number", 64, alignment=8)
    payload = structure(
        ("f32", f32), ("f64", f64), ("f64_be", bits("floating-point-number", 64, "big-endian", alignment=64)),
        ("reversed", {**f32, "bit-order": "last-to-first"}),
    )
    plain = struct.pack("<fd", 1.5, -0.25)
    reversed_bits = bytes(int(f"{byte:08b}"[::-1], 2) for byte in struct.pack(">f", 2.5))
    return one_packet(payload, lambda at: b"\0" * (-at % 8) + plain + b"\0" * 4 + struct.pack(">d", 12345.5) + reversed_bits)


def varints():
    payload = structure(
        ("u", uleb), ("s", sleb), ("hex", {**uleb, "preferred-display-base": 16}),
        ("s_hex", {**sleb, "preferred-display-base": 16}),
        ("named", {**uleb, "mappings": {"lime": [[3, 3]], "kiwi": [[300, 400]]}}),
        ("signed", {**sleb, "mappings": {"below": [[-1000, -1]]}}),
        ("last", bits("boolean", 1)), ("behind", uleb),
    )
    big = b"\xFF" * 9 + b"\x01"
    return one_packet(
        payload,
        bytes([0xB4, 0xC7, 0x72, 0xB4, 0xC7, 0x72, 0x7F, 0x7F, 0xAC, 0x02, 0x40, 1, 0x80, 0x00]),
        big + b"\x80" * 9 + b"\x7F" + bytes([0, 0x80, 0x01, 5, 3, 0, 1]),
    )


def strings():
    encodings = ["utf-8", "utf-16be", "utf-16le", "utf-32be", "utf-32le"]
    members = []
    for encoding in encodings:
        short = encoding.removeprefix("utf-")
        members += [
            ("nul" + short, {**text, "encoding": encoding}),
            ("fixed" + short, {"type": "static-length-string", "length": 24, "encoding": encoding}),
            ("n" + short, u8),
            ("dyn" + short, {"type": "dynamic-length-string", "length-field-location": at("n" + short), "encoding": encoding}),
        ]
    members += [("nothing", {"type": "static-length-string", "length": 0}), ("plain", text)]
    record = b""
    for encoding in encodings:
        record += nul("größe 🦀", encoding)
        record += nul("a\"é", encoding).ljust(24, b"\xFF")
        dynamic = "né\\".encode(encoding)
        record += bytes([len(dynamic)]) + dynamic
    return one_packet(structure(*members), record + nul("end"))


def blobs():
    payload = structure(
        ("fixed", {"type": "static-length-blob", "length": 5, "media-type": "image/tiff"}),
        ("n", uleb),
        ("dynamic", {"type": "dynamic-length-blob", "length-field-location": at("n", origin="event-record-payload")}),
    )
    return one_packet(payload, b"\x00\x01\xFEab" + b"\x03xyz", b"\x05\x06\x07\x08\x09\x00")


def arrays():
    pair = structure(("n", u8), ("xs", {"type": "dynamic-length-array", "length-field-location": at("n"), "element-field-class": u8}))
    payload = structure(
        ("numbers", {"type": "static-length-array", "length": 3, "element-field-class": u16}),
        ("none", {"type": "static-length-array", "length": 0, "element-field-class": uint(16, align=8)}),
        ("pairs", {"type": "static-length-array", "length": 2, "element-field-class": pair}),
        ("count", u8),
        ("aligned", {"type": "dynamic-length-array", "length-field-location": at("count"), "minimum-alignment": 64,
                     "element-field-class": u8}),
        ("nested", {"type": "static-length-array", "length": 2,
                    "element-field-class": {"type": "static-length-array", "length": 2, "element-field-class": u8}}),
        ("bits", {"type": "static-length-array", "length": 8, "minimum-alignment": 8,
                  "element-field-class": bits("boolean", 1)}),
        ("padded", structure(("x", u8), **{"minimum-alignment": 32})),
        ("empty", structure()),
        ("outer", structure(
            ("len", u8),
            ("inner", structure(("by_parent", {"type": "dynamic-length-array", "length-field-location": at(None, "len"),
                                               "element-field-class": u8}))),
            ("by_sibling", {"type": "dynamic-length-array", "length-field-location": at(None, "outer", "len"),
                            "element-field-class": u8}))),
        ("by_path", {"type": "dynamic-length-array", "length-field-location": at("outer", "len"), "element-field-class": u8}),
    )

    def record(at):
        out = b"\xEE" * (-at % 8) + struct.pack("<HHH", 1, 2, 3) + bytes([2, 10, 11, 0]) + b"\x03"
        out += b"\xEE" * (-(at + len(out)) % 8) + bytes([7, 8, 9]) + bytes([1, 2, 3, 4]) + b"\xA5"
        out += b"\xEE" * (-(at + len(out)) % 4) + b"\x2A"
        return out + bytes([2, 20, 21, 22, 23, 24, 25])

    return one_packet(payload, record, record)


def optionals():
    payload = structure(
        ("has", bits("boolean", 8, alignment=8)),
        ("by_truth", {"type": "optional", "selector-field-location": at("has"), "field-class": text}),
        ("n", sint(8)),
        ("by_number", {"type": "optional", "selector-field-location": at("n"), "selector-field-ranges": [[-5, -2], [3, 9]],
                       "field-class": structure(("x", u8), ("len", u8))}),
        ("in_both", {"type": "optional", "selector-field-location": at("has"),
                     "field-class": {"type": "optional", "selector-field-location": at("n"),
                                     "selector-field-ranges": [[3, 3]], "field-class": uleb}}),
    )
    return one_packet(payload, b"\x01yes\0\x03\x07\x08\x85\x01", b"\x00\x00", b"\x02two\0\xFC\x01\x02")


def variants():
    option = lambda fc, *ranges, **more: {"field-class": fc, "selector-field-ranges": [list(r) for r in ranges], **more}
    payload = structure(
        ("sel", uint(8, mappings={"one": [[1, 1]], "more": [[2, 255]]})),
        ("v", {"type": "variant", "selector-field-location": at("sel"), "options": [
            option(u8, (0, 0), name="byte"), option(text, (1, 1), (9, 9), name="text"),
            option(structure(("n", u8)), (2, 8)), option(uleb, (10, 255))]}),
        ("w", {"type": "variant", "selector-field-location": at("sel"), "options": [
            option(structure(("len", u8)), (0, 1)), option(structure(("len", uleb)), (2, 255))]}),
        ("by_either", {"type": "dynamic-length-blob", "length-field-location": at("w", "len")}),
        ("length", {"type": "variant", "selector-field-location": at("sel"), "options": [
            option(u8, (0, 1)), option(u16, (2, 255))]}),
        ("by_length", {"type": "dynamic-length-array", "length-field-location": at("length"), "element-field-class": u8}),
        ("signed", {**sleb, "mappings": {"m": [[-3, -1]]}}),
        ("x", {"type": "variant", "selector-field-location": at("signed"), "options": [
            option(u8, (-300, -1)), option(structure(), (0, 300))]}),
    )
    return one_packet(
        payload,
        b"\x00\x2A" + b"\x01a" + b"\x01\x05" + b"\x7E\x07",
        b"\x09nine\0" + b"\x02ab" + b"\x02\x00\x05\x06" + b"\x05",
        b"\x02\x2A" + b"\x00" + b"\x00\x00" + b"\x7F\x01",
        b"\xFF\x80\x01" + b"\x01a" + b"\x01\x00\x09" + b"\x00",
    )


def contexts():
    """Lengths in other parts, aliases, attributes that say nothing, and two classes."""
    array = {"type": "dynamic-length-array", "element-field-class": "byte"}
    payload = structure(
        ("by_header", {**array, "length-field-location": at("class", origin="packet-header")}),
        ("by_context", {**array, "length-field-location": at("n", origin="packet-context")}),
        ("by_event", {**array, "length-field-location": at("what", origin="event-record-header")}),
        ("by_common", {**array, "length-field-location": at("n", origin="event-record-common-context")}),
        ("by_specific", {**array, "length-field-location": at("in", "n", origin="event-record-specific-context")}),
    )
    context = structure(
        ("whole", uint(32, roles=["packet-total-length"])),
        ("used", uint(32, roles=["packet-content-length"])),
        ("from", uint(64, roles=["default-clock-timestamp"])),
        ("n", u8),
    )
    fragments = [
        preamble(attributes={"somebody": {"says": [1, None, {"a": "b"}]}}),
        {"type": "field-class-alias", "name": "byte", "field-class": u8},
        {"type": "field-class-alias", "name": "octet", "field-class": "byte"},
        trace_class(namespace="n.s", uid="u"), clock(uid="u"),
        stream_class(context=context, **{"event-record-common-context-field-class": structure(("n", "octet"))}, name="s"),
        event_class(payload, id=2, attributes={"babeltrace.org,2020": {"log-level": "warning", "emf-uri": "http://x/y"}},
                    **{"specific-context-field-class": structure(("in", structure(("n", "octet"))))}),
        {"type": "event-record-class", "data-stream-class-id": 3, "id": 1, "namespace": "n", "name": "nothing"},
        {"type": "event-record-class", "data-stream-class-id": 3, "id": 5},
    ]
    header = struct.pack("<I16sBB", 0xC1FC1FC1, bytes(UUID), 3, 7)
    body = struct.pack("<BI", 2, 130) + bytes([1, 1]) + bytes([1, 2, 3, 21, 22, 31, 32, 41, 51])
    body += struct.pack("<BI", 1, 140) + bytes([1]) + struct.pack("<BI", 5, 150) + bytes([2])
    used = (len(header) + 17 + len(body)) * 8
    return fragments, header + struct.pack("<IIQB", used, used, 120, 2) + body


def headers():
    """Ids and clocks in variants and optional fields, a clock that rolls over, packets without a total length."""
    option = lambda fc, low, high: {"field-class": fc, "selector-field-ranges": [[low, high]]}
    header = structure(
        ("id", uint(5, roles=["event-record-class-id"])),
        ("v", {"type": "variant", "selector-field-location": at("id"), "options": [
            option(structure(("t", uint(27, roles=["default-clock-timestamp"]))), 0, 30),
            option(structure(("id", uint(32, roles=["event-record-class-id"])),
                             ("t", uint(64, roles=["default-clock-timestamp"]))), 31, 31)]}),
        **{"minimum-alignment": 8},
    )
    # babeltrace2 2.1.1 ends at once if one of these is a variable-length integer.
    context = structure(("used", uint(32, roles=["packet-content-length", "packet-total-length"])),
                        ("from", uint(64, roles=["default-clock-timestamp"])))
    fragments = [preamble(), trace_class(structure(("s", uint(8, roles=["data-stream-class-id"])))),
                 clock(frequency=1_000_000, **{"offset-from-origin": {"seconds": -5, "cycles": 999_999}}),
                 stream_class(context, header), event_class(structure(("x", u8))),
                 event_class(structure(), id=1000, name="far")]

    def packet(begin, body):
        return struct.pack("<BIQ", 3, (13 + len(body)) * 8, begin) + body

    compact = lambda id, clock: struct.pack("<I", id | (clock & (1 << 27) - 1) << 5)
    start = (1 << 27) - 10
    first = compact(0, start) + b"\x01" + compact(0, start + 20) + b"\x02" + b"\x1f" + struct.pack("<IQ", 1000, start + 30)
    return fragments, packet(start, first) + packet(start + 40, compact(0, start + 50) + b"\x03")


TRACES = [integers, bit_fields, floats, varints, strings, blobs, arrays, optionals, variants, contexts, headers]

for make in TRACES:
    fragments, stream = make()
    directory = os.path.join(HERE, make.__name__)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    with open(os.path.join(directory, "metadata"), "wb") as file:
        file.write(sequence(fragments))
    with open(os.path.join(directory, "stream"), "wb") as file:
        file.write(stream)
    if len(sys.argv) > 1:
        arguments = ["--clock-gmt", "--color=never", directory]
        shown = subprocess.run([sys.argv[1], *arguments], capture_output=True)
        if shown.returncode:
            print(make.__name__, shown.stderr.decode(), file=sys.stderr)
        with open(directory + ".expected.txt", "wb") as file:
            file.write(shown.stdout)
