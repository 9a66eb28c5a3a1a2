"""What the engine says of its memory, at any time."""

import subprocess
import sys

WHILE_IT_LOADS = """
import importlib, threading, time
from engine.jobs.shelf import free_memory, memory

loading = threading.Thread(target=importlib.import_module, args=("torch",))
loading.start()
seen = set()
while loading.is_alive():
    seen.add(memory()[1])
    free_memory()
    time.sleep(0.01)
print(len(seen))
"""


def test_memory_is_known_while_another_thread_loads_torch():
    """As when someone asks how a new engine does, and another what it can calculate on."""
    done = subprocess.run([sys.executable, "-c", WHILE_IT_LOADS], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("1", "")
