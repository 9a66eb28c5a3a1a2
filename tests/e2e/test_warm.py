"""Two `got edit` programs in a row: the second does not load the model."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests.engine.running import INSTRUCTION, scene

pytestmark = pytest.mark.full


def test_the_second_edit_does_not_load_the_model(place, tmp_path):
    where = place()
    scene().save(tmp_path / "scene.png")
    environment = os.environ | where.environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    durations, outputs = [], []
    for number in (1, 2):
        began = time.monotonic()
        process = subprocess.run(
            [sys.executable, "-m", "got_desktop", "edit", "scene.png", INSTRUCTION, "-o", f"out{number}.png"]
            + ["--model", "got-mini", "--steps", "4", "--json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert process.returncode == 0, process.stderr
        durations.append(time.monotonic() - began)
        outputs.append(json.loads(process.stdout))
    log = [json.loads(line) for line in where.log().splitlines()]
    assert len([line for line in log if line["message"] == "loaded"]) == 1
    assert len([line for line in log if line["message"] == "engine serves"]) == 1
    assert len([line for line in log if line["message"] == "job ends" and line["ended"] == "done"]) == 2
    assert outputs[1]["seconds"]["load"] < outputs[0]["seconds"]["load"] / 2 and durations[1] < durations[0]
    assert (tmp_path / "out1.png").read_bytes() == (tmp_path / "out2.png").read_bytes()
    print(f"first {durations[0]:.2f} s (load {outputs[0]['seconds']['load']} s), second {durations[1]:.2f} s")
