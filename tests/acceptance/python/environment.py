"""environment.py TRACE...: prints the environment of each trace as bt2 has it, a fact a line."""

import sys

import bt2

for path in sys.argv[1:]:
    seen = set()
    for message in bt2.TraceCollectionMessageIterator(path):
        if type(message) is not bt2._StreamBeginningMessageConst:
            continue
        trace = message.stream.trace
        if trace.addr in seen:
            continue
        seen.add(trace.addr)
        for name, value in trace.environment.items():
            print(f"{name} = {value}")
