"""What the engine says of its memory, at any time, and what it calculates on."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.jobs.shelf import ModelShelf, choose_device, devices

AS_IT_STARTS = """
import os, sys
from engine.__main__ import main

main()  # which ends at once: its runtime folder is none
print("torch" in sys.modules, os.environ["PYTORCH_ENABLE_MPS_FALLBACK"])
"""
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


@pytest.mark.parametrize("wish", [None, "0"])
def test_what_torch_reads_as_it_is_loaded_is_set_before(wish: str | None, tmp_path: Path):
    """Operations that Apple's graphics lack run on the CPU, where the user does not say otherwise."""
    (tmp_path / "file").touch()
    environment = {name: value for name, value in os.environ.items() if name != "PYTORCH_ENABLE_MPS_FALLBACK"}
    environment |= {"GOT_ENGINE_RUNTIME": str(tmp_path / "file")}
    if wish:
        environment["PYTORCH_ENABLE_MPS_FALLBACK"] = wish
    command = [sys.executable, "-c", AS_IT_STARTS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["False", wish or "1"] and "Traceback" not in done.stderr


def test_a_collection_between_two_jobs_leaves_the_libraries_out(tiny_model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOT_MODELS", str(tiny_model.parent))
    gc.unfreeze()
    ModelShelf(60.0).take("tiny", "cpu", (), lambda done, total: None)
    assert gc.get_freeze_count() > 10 * len(gc.get_objects())  # those that the model brought


def test_the_best_there_is_comes_first():
    best, *_ = devices()
    assert best.text.replace(",", " ").replace(":", " ").split()[0] == choose_device("auto").type
