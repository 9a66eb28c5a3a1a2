"""The engine as seen by scripts in GIMP, through the plug-in's copy of the public API."""

import json
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

PLUG_IN = Path(os.environ["GIMP3_DIRECTORY"]) / "plug-ins" / "got_gimp"
sys.path.append(str(PLUG_IN))


def running():
    """A client of the engine, or None."""
    from got_parts.api.launch import find

    return find()


def kill():
    """Ends the engine like a crash. Returns its pid."""
    pid = running().runtime.pid
    os.kill(pid, 9)
    shutil.rmtree(f"/proc/{pid}")  # created by outside.py
    return pid


@contextmanager
def no_product():
    """Simulates that got_desktop was removed."""
    marker = PLUG_IN / "got_desktop.json"
    text = marker.read_text()
    marker.write_text(json.dumps(json.loads(text) | {"engine_command": ["/nowhere/python"]}))
    yield
    marker.write_text(text)
