"""terminal.py READY COMMAND ...: runs a command on a terminal of its own, presses Ctrl-C once READY exists.

Prints what came on the terminal; exits with the command's status.
"""

import os
import pty
import sys
import time

ready, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
deadline = time.monotonic() + 600
while not os.path.exists(ready):
    if time.monotonic() > deadline:
        sys.exit("the program did not get ready")
    time.sleep(0.01)
os.write(terminal, b"\x03")
while True:
    try:
        output = os.read(terminal, 4096)
    except OSError:
        # Linux says EIO once no process has the terminal open any more.
        break
    if not output:
        break
    sys.stdout.buffer.write(output)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
