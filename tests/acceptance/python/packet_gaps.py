"""packet_gaps.py TRACE SEQUENCE-FIELD THREAD-FIELD: what is missing is missing where the packets say.

For each stream, packet by packet: the count of discarded events grows by as many as numbers are missing between
the last event of the packets before and the last of this one. Each stream is to hold one thread's numbers, from
any number on. Prints `packets P events E missing M`.
"""

import sys

import bt2

trace, sequence, thread = sys.argv[1:]
packets = events = missing = 0
last = {}  # stream -> its last number
owner = {}  # stream -> its thread
gap = {}  # stream -> numbers missing since its last packet ended
grown = {}  # stream -> by how much the discarded count has grown since
silent = {}  # stream -> the packet behind which it grew by more: only the last may tell of what came later


def identity(stream):
    return (int(stream.trace.environment["vpid"]), stream.name, stream.id)


for message in bt2.TraceCollectionMessageIterator(trace):
    kind = type(message)
    if kind is bt2._EventMessageConst:
        event = message.event
        stream = identity(event.stream)
        number = int(event.payload_field[sequence])
        if owner.setdefault(stream, int(event.payload_field[thread])) != int(event.payload_field[thread]):
            sys.exit(f"stream {stream} holds more than one thread's events")
        if stream in last:
            if number <= last[stream]:
                sys.exit(f"stream {stream} goes back from {last[stream]} to {number}")
            gap[stream] = gap.get(stream, 0) + number - last[stream] - 1
        else:
            # What is missing before the first is what was discarded before it.
            gap[stream] = number
        last[stream] = number
        events += 1
    elif kind is bt2._DiscardedEventsMessageConst:
        stream = identity(message.stream)
        grown[stream] = grown.get(stream, 0) + (message.count or 0)
    elif kind is bt2._PacketEndMessageConst:
        stream = identity(message.packet.stream)
        by, lacks = grown.pop(stream, 0), gap.pop(stream, 0)
        if stream in silent or by < lacks:
            sys.exit(f"packet {packets} of {stream}: the count grew by {by}, {lacks} are missing {silent}")
        if by > lacks:
            silent[stream] = packets
        missing += lacks
        packets += 1

print("packets", packets, "events", events, "missing", missing)
