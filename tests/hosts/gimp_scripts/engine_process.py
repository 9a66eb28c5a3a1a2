"""The engine as the scripts in GIMP see it: with the plug-in's own copy of its door."""

import json
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

PLUG_IN = Path(os.environ["GIMP3_DIRECTORY"]) / "plug-ins" / "got_gimp"
sys.path.append(str(PLUG_IN))


def running():
    """The engine's client, or None."""
    from got_parts.api.launch import find

    return find()


def kill():
    """Ends the engine as a crash does; gives its number."""
    pid = running().runtime.pid
    os.kill(pid, 9)
    shutil.rmtree(f"/proc/{pid}")  # what outside.py laid there
    return pid


@contextmanager
def no_product():
    """As if got_desktop had been removed."""
    marker = PLUG_IN / "got_desktop.json"
    kept = marker.read_text()
    marker.write_text(json.dumps(json.loads(kept) | {"engine_command": ["/nowhere/python"]}))
    yield
    marker.write_text(kept)
