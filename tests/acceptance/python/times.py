"""times.py TRACE: each event's time in nanoseconds since the epoch, as bt2 reckons it, in the order of the file.

Fails where time goes back within a stream.
"""

import sys

import bt2

last = {}
for message in bt2.TraceCollectionMessageIterator(sys.argv[1]):
    if type(message) is bt2._EventMessageConst:
        time = message.default_clock_snapshot.ns_from_origin
        stream = message.event.stream.id
        if time < last.get(stream, 0):
            sys.exit(f"time goes back from {last[stream]} to {time}")
        last[stream] = time
        print(int(message.event.payload_field["number"]), time)
