"""events.py TRACE: each event in a line: its level's number, its name, its fields.

Numbers end with u or i and their bits, or f. Lengths of sequences and tags of variants are left out.
"""

import sys

import bt2


def show(field):
    if isinstance(field, bt2._VariantFieldConst):
        return show(field.selected_option)
    if isinstance(field, bt2._StructureFieldConst):
        return "{" + members(field) + "}"
    if isinstance(field, bt2._ArrayFieldConst):
        return "[" + " ".join(show(element) for element in field) + "]"
    if isinstance(field, bt2._StringFieldConst):
        # bt2 2.0.4 gives an empty string the content that an older event had; its length is right.
        return repr(str(field) if len(field) else "")
    if isinstance(field, bt2._RealFieldConst):
        return f"{float(field)}f"
    if isinstance(field.cls, bt2._EnumerationFieldClassConst):
        return ",".join(field.labels)
    sign = "i" if isinstance(field.cls, bt2._SignedIntegerFieldClassConst) else "u"
    return f"{int(field)}{sign}{field.cls.field_value_range}"


def members(structure):
    if structure is None:
        return ""
    named = ((name, field) for name, field in structure.items() if not name.endswith(("_length", "_tag")))
    return " ".join(f"{name}={show(field)}" for name, field in named)


# As CTF numbers levels; bt2 has them in the same order.
LEVELS = [
    bt2.EventClassLogLevel.EMERGENCY,
    bt2.EventClassLogLevel.ALERT,
    bt2.EventClassLogLevel.CRITICAL,
    bt2.EventClassLogLevel.ERROR,
    bt2.EventClassLogLevel.WARNING,
    bt2.EventClassLogLevel.NOTICE,
    bt2.EventClassLogLevel.INFO,
    bt2.EventClassLogLevel.DEBUG_SYSTEM,
    bt2.EventClassLogLevel.DEBUG_PROGRAM,
    bt2.EventClassLogLevel.DEBUG_PROCESS,
    bt2.EventClassLogLevel.DEBUG_MODULE,
    bt2.EventClassLogLevel.DEBUG_UNIT,
    bt2.EventClassLogLevel.DEBUG_FUNCTION,
    bt2.EventClassLogLevel.DEBUG_LINE,
    bt2.EventClassLogLevel.DEBUG,
]

for message in bt2.TraceCollectionMessageIterator(sys.argv[1]):
    if type(message) is bt2._EventMessageConst:
        event = message.event
        print(LEVELS.index(event.cls.log_level), event.name, members(event.payload_field))
