"""order.py TRACE [SEQUENCE-FIELD THREAD-FIELD]: within each stream time does not go back, nor numbers.

Packets must follow each other, and hold their events. If fields are named, the numbers in the first must grow
for each value of the second; what is missing between them, with what bt2 says was discarded, is printed:
`events N missing M discarded D`, for the test to compare.
"""

import sys

import bt2

trace, fields = sys.argv[1], sys.argv[2:]
events = missing = discarded = 0
last = {}  # stream -> time of its last event
ends = {}  # stream -> end of its last packet
numbers = {}  # thread -> its next number


def fail(*what):
    sys.exit(" ".join(str(part) for part in what))


def identity(stream):
    return (int(stream.trace.environment["vpid"]), stream.name, stream.id)


for message in bt2.TraceCollectionMessageIterator(trace):
    kind = type(message)
    if kind is bt2._EventMessageConst:
        event = message.event
        stream = identity(event.stream)
        time = message.default_clock_snapshot.value
        if time < last.get(stream, 0):
            fail("stream", stream, "goes back from", last[stream], "to", time, "at", event.name)
        last[stream] = time
        events += 1
        if fields:
            number, thread = (int(event.payload_field[name]) for name in fields)
            if int(event.packet.context_field["vtid"]) == 0:
                fail("a packet without a thread")
            next_number = numbers.get(thread, 0)
            if number < next_number:
                fail("thread", thread, "goes back from", next_number, "to", number)
            missing += number - next_number
            numbers[thread] = number + 1
    elif kind is bt2._PacketBeginningMessageConst:
        stream = identity(message.packet.stream)
        begin = message.default_clock_snapshot.value
        if begin < ends.get(stream, 0):
            fail("packet of stream", stream, "begins at", begin, "before", ends[stream])
    elif kind is bt2._PacketEndMessageConst:
        stream = identity(message.packet.stream)
        ends[stream] = message.default_clock_snapshot.value
        if last.get(stream, 0) > ends[stream]:
            fail("packet of stream", stream, "ends at", ends[stream], "before its last event")
    elif kind is bt2._DiscardedEventsMessageConst:
        discarded += message.count or 0

print("events", events, "missing", missing, "discarded", discarded)
