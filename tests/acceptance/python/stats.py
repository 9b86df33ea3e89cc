"""stats.py TRACE: events by class, and durations by name, reckoned from what bt2 reads.

{"classes": {NAME: COUNT}, "processes": {PID: COUNT}, "first": NS, "last": NS, "lost": COUNT,
 "spans": {NAME: {"durations": [NS, ...], "self": NS, "busy": NS}}}

A duration is a field of that name, or the time from NAME_entry to NAME_exit. Self times are those of entries and exits with
nothing but entries and exits within them.
"""

import collections
import json
import sys

import bt2

classes = collections.Counter()
processes = collections.Counter()
spans = collections.defaultdict(lambda: {"durations": [], "self": 0, "busy": 0})
# By thread: the name, the beginning, and what its children took.
stacks = collections.defaultdict(list)
times = []
lost = 0

for message in bt2.TraceCollectionMessageIterator(sys.argv[1]):
    if type(message) is bt2._DiscardedEventsMessageConst:
        lost += message.count or 0
    if type(message) is not bt2._EventMessageConst:
        continue
    event, now = message.event, message.default_clock_snapshot.ns_from_origin
    times.append(now)
    classes[event.name] += 1
    context = event.common_context_field
    if context is not None and "vpid" in context:
        pid, thread = int(context["vpid"]), int(context["vtid"])
    else:
        pid, thread = int(event.packet.stream.trace.environment["vpid"]), int(event.packet.context_field["vtid"])
    processes[pid] += 1
    fields = event.payload_field
    stack = stacks[pid, thread]
    if fields is not None and "duration" in fields:
        name = event.name.removesuffix("_exit") if "busy" in fields else event.name
        spans[name]["durations"].append(int(fields["duration"]))
        if "busy" in fields:
            spans[name]["busy"] += int(fields["busy"])
    elif event.name.endswith("_entry") and "span" not in (fields or ()):
        stack.append([event.name.removesuffix("_entry"), now, 0])
    elif event.name.endswith("_exit"):
        name, begun, children = stack.pop()
        assert name == event.name.removesuffix("_exit"), (name, event.name)
        spans[name]["durations"].append(now - begun)
        spans[name]["self"] += now - begun - children
        if stack:
            stack[-1][2] += now - begun

print(json.dumps({"classes": classes, "processes": processes, "first": min(times), "last": max(times), "lost": lost,
                  "spans": spans}))
