"""described.py TRACE: what each event's class says of its fields, and their values, one line each.

EVENT: PATH = VALUE is KIND SIZE [LABELS] base BASE, or has so many elements, or chooses an option.
"""

import sys

import bt2


def ranges(mapping):
    return " ".join(f"{each.lower}..{each.upper}" for each in mapping.ranges)


def kind(cls):
    base = f"base {int(cls.preferred_display_base)}"
    if isinstance(cls, bt2._EnumerationFieldClassConst):
        labels = ",".join(f"{label!r}:{ranges(cls[label])}" for label in sorted(cls))
        return f"enum{cls.field_value_range}[{labels}] {base}"
    sign = "i" if isinstance(cls, bt2._SignedIntegerFieldClassConst) else "u"
    return f"{sign}{cls.field_value_range} {base}"


def show(event, path, field):
    if isinstance(field, bt2._VariantFieldConst):
        option = field.cls.option_at_index(field.selected_option_index).name
        print(f"{event}: {path} chooses {option}")
        show(event, f"{path}.{option}", field.selected_option)
    elif isinstance(field, bt2._StructureFieldConst):
        for member in field:
            show(event, f"{path}.{member}" if path else member, field[member])
    elif isinstance(field, bt2._ArrayFieldConst):
        print(f"{event}: {path} has {len(field)}")
        for index, element in enumerate(field):
            show(event, f"{path}[{index}]", element)
    elif isinstance(field, bt2._StringFieldConst):
        print(f"{event}: {path} = {str(field)!r}")
    elif isinstance(field, bt2._RealFieldConst):
        print(f"{event}: {path} = {float(field)}")
    else:
        print(f"{event}: {path} = {int(field)} is {kind(field.cls)}")


for message in bt2.TraceCollectionMessageIterator(sys.argv[1]):
    if type(message) is bt2._EventMessageConst and message.event.payload_field is not None:
        show(message.event.name, "", message.event.payload_field)
