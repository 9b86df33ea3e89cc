"""classes.py TRACE: the events that were recorded, one line each: EVENT FIELD:TYPE FIELD:TYPE ...

The count before a sequence is left out: writers differ in its size, and no reader shows it.
"""

import sys

import bt2


def kind(cls):
    if isinstance(cls, bt2._ArrayFieldClassConst):
        length = getattr(cls, "length", "")
        return f"[{kind(cls.element_field_class)}]{length}"
    if isinstance(cls, bt2._IntegerFieldClassConst):
        sign = "i" if isinstance(cls, bt2._SignedIntegerFieldClassConst) else "u"
        return f"{sign}{cls.field_value_range}base{int(cls.preferred_display_base)}"
    return type(cls).__name__


seen = {}
for message in bt2.TraceCollectionMessageIterator(sys.argv[1]):
    if type(message) is bt2._EventMessageConst and message.event.name not in seen:
        event, fields = message.event, []
        for name, member in event.cls.payload_field_class.items():
            if not name.endswith("_length"):
                fields.append(f"{name}:{kind(member.field_class)}")
        seen[event.name] = fields
for name in sorted(seen):
    print(name, *seen[name])
