"""Runs a command outside the folder (chroot) that GIMP is in; the Python of the engine is there.

It is called as `outside.py ROOT COMMAND…`.
The folder has no /proc, so what a client in there asks about the engine's process is laid into it.
"""

import os
import sys

root, *command = sys.argv[1:]
top = os.open("/", os.O_RDONLY)
os.chroot(os.path.dirname(__file__))
os.fchdir(top)  # this place lies outside the new root, so nothing stops the way up
for _ in range(64):
    os.chdir("..")
os.chroot(".")
about = f"{root}/proc/{os.getpid()}"
os.makedirs(about, exist_ok=True)
with open("/proc/self/stat") as known, open(f"{about}/stat", "w") as told:
    told.write(known.read())
os.execvp(command[0], command)
