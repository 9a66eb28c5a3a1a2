"""What the engine reports about its memory, at any time, and its devices."""

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


def test_memory_is_reported_while_another_thread_imports_torch():
    """As when one client asks for a new engine's state, and another for its devices."""
    process = subprocess.run([sys.executable, "-c", WHILE_IT_LOADS], capture_output=True, text=True, check=False)
    assert (process.stdout.strip(), process.stderr) == ("1", "")


@pytest.mark.parametrize("wish", [None, "0"])
def test_variables_that_torch_reads_at_import_are_set_before(wish: str | None, tmp_path: Path):
    """Operations that Apple's GPUs do not support run on the CPU, unless the user sets it otherwise."""
    (tmp_path / "file").touch()
    environment = {name: value for name, value in os.environ.items() if name != "PYTORCH_ENABLE_MPS_FALLBACK"}
    environment |= {"GOT_ENGINE_RUNTIME": str(tmp_path / "file")}
    if wish:
        environment["PYTORCH_ENABLE_MPS_FALLBACK"] = wish
    command = [sys.executable, "-c", AS_IT_STARTS]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert process.stdout.split() == ["False", wish or "1"] and "Traceback" not in process.stderr


def test_garbage_collection_between_jobs_skips_the_libraries(tiny_model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOT_MODELS", str(tiny_model.parent))
    gc.unfreeze()
    ModelShelf(60.0).take("tiny", "cpu", (), lambda done, total: None)
    assert gc.get_freeze_count() > 10 * len(gc.get_objects())  # the remaining objects belong to the model


def test_the_best_device_comes_first():
    best, *_ = devices()
    assert best.text.replace(",", " ").replace(":", " ").split()[0] == choose_device("auto").type
