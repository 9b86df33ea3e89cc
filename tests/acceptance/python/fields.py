"""fields.py TRACE ACCOUNT: the fields of each event are, bit for bit, those of the program's account.

bt2 gives numbers and strings; a float is compared by its bits. A 32-bit float comes as a Python float of 64
bits: a signalling NaN may have become a quiet one on that way, which is not the trace's doing, and is allowed
for that type alone.
"""

import json
import struct
import sys

import bt2

QUIET = 1 << 22


def shown(field):
    if isinstance(field, bt2._BoolFieldConst) or isinstance(field, bt2._IntegerFieldConst):
        return str(int(field))
    if isinstance(field, bt2._SinglePrecisionRealFieldConst):
        value = float(field)
        if value != value:
            # struct.pack('f') drops a NaN's payload in some versions: narrow it by hand.
            bits = struct.unpack("<Q", struct.pack("<d", value))[0]
            return str((bits >> 32 & 0x8000_0000) | 0x7F80_0000 | (bits >> 29 & 0x7F_FFFF))
        return str(struct.unpack("<I", struct.pack("<f", value))[0])
    if isinstance(field, bt2._RealFieldConst):
        return str(struct.unpack("<Q", struct.pack("<d", float(field)))[0])
    if isinstance(field, bt2._StringFieldConst):
        # bt2 2.0.4 gives an empty string the content that an older event had; its length is right.
        return str(field) if len(field) else ""
    if isinstance(field, bt2._ArrayFieldConst):
        return [shown(element) for element in field]
    if isinstance(field, bt2._VariantFieldConst):
        is_none = field.cls.option_at_index(field.selected_option_index).name == "none"
        return None if is_none else shown(field.selected_option)
    if isinstance(field, bt2._StructureFieldConst):
        return {name: shown(member) for name, member in named(field).items()}
    sys.exit(f"what is a {type(field)}?")


def named(structure):
    """The fields that a user gave a name: lengths of sequences and tags of variants are fields too."""
    ours = ("_length", "_tag")
    return {name: field for name, field in structure.items() if not name.endswith(ours)}


def is_signalling(bits):
    return bits & 0x7F80_0000 == 0x7F80_0000 and bits & 0x7F_FFFF and not bits & QUIET


# What the program could not know: the time of a clock, from which others have a distance.
clock = 0


def is_same(name, seen, expected):
    global clock
    if expected == "*":
        clock = int(seen)
        return clock > 0
    if isinstance(expected, str) and expected.startswith("* "):
        return int(seen) - clock == int(expected[2:])
    if name == "single" and is_signalling(int(expected)):
        return int(seen) | QUIET == int(expected) | QUIET
    return seen == expected


expected = json.load(open(sys.argv[2]))
events = [
    message.event
    for message in bt2.TraceCollectionMessageIterator(sys.argv[1])
    if type(message) is bt2._EventMessageConst
]
compared = 0
# Kept event objects keep their fields: bt2 does not recycle what is referred to.
for event, account in zip(events, expected):
    fields = named(event.payload_field)
    if set(fields) != set(account):
        sys.exit(f"{event.name} has {list(fields)}, not {list(account)}")
    for name, field in fields.items():
        if not is_same(name, shown(field), account[name]):
            sys.exit(f"{event.name}: {name} is {shown(field)!r:.300}, not {account[name]!r:.300}")
        compared += 1
if len(events) != len(expected):
    sys.exit(f"{len(events)} events, not {len(expected)}")
print(compared)
