"""Runs a command outside GIMP's folder (chroot), where the engine's Python is.

Usage: `outside.py ROOT COMMAND…`. The chroot has no /proc, so the facts that a client in it needs about the engine's
process are copied into it.
"""

import os
import sys

root, *command = sys.argv[1:]
top = os.open("/", os.O_RDONLY)
os.chroot(os.path.dirname(__file__))
os.fchdir(top)  # this folder is outside the new root, so nothing stops the way up
for _ in range(64):
    os.chdir("..")
os.chroot(".")
about = f"{root}/proc/{os.getpid()}"
os.makedirs(about, exist_ok=True)
with open("/proc/self/stat") as source, open(f"{about}/stat", "w") as target:
    target.write(source.read())
os.execvp(command[0], command)
