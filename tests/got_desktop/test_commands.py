"""The other commands, and `got` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.api import launch, protocol
from got_desktop import VERSION, failure
from got_desktop.cli import run_command
from tests.engine.models.released import Released
from tests.got_desktop.conftest import INSTRUCTION


def process(*arguments: object, path: Path | None = None, **options) -> subprocess.Popen[str]:
    """`got` as a program; modules are looked for in `path` first. It hears Ctrl+C, whatever the tests run under."""
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(map(str, [path, root] if path else [root]))
    return subprocess.Popen(
        [sys.executable, "-m", "got_desktop", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=None if os.name == "nt" else lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env=os.environ | {"PYTHONPATH": paths, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
        **options,
    )


def test_help_names_the_commands_and_every_exit_code(got):
    said = got("--help")
    assert said.code == 0
    for word in ("plan", "edit", "generate", "model", "train", "evaluate", "doctor"):
        assert word in said.out
    text = " ".join(said.out.split())
    for code, meaning in failure.EXIT_CODES.items():
        assert f"{code} {meaning}" in text


def test_every_option_of_an_edit_is_explained(got):
    said = got("edit", "--help")
    for option in (
        "--output --boxes-overlay --chain --json --seed --steps --scheduler --semantic-scale --spatial-scale "
        "--reference-scale --model --device --fit --scope --feather --grow --force --no-facts"
    ).split():
        assert option in said.out


def test_without_a_command_help_is_shown(got):
    assert "Usage: got" in (got().out + got().err)


def test_the_version(got):
    assert got("--version").out == f"got_desktop {VERSION}\n"


def test_help_and_wrong_use_need_no_torch(picture):
    program = (
        "import sys; from got_desktop.cli import run_command; "
        f"codes = [run_command(a) for a in (['edit', '--help'], ['edit', {str(picture)!r}], "
        f"['edit', {str(picture)!r}, ' ', '-o', 'x.png'], ['edit', 'nowhere.png', 'x', '-o', 'x.png'], "
        "['model', 'list'])]; "
        "print(codes, 'torch' in sys.modules, file=sys.stderr)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert done.stderr.strip().endswith("[0, 2, 2, 3, 0] False"), done.stderr


def test_the_choices_are_those_of_the_engine():
    from typing import get_args

    from engine.api.schedulers import SCHEDULERS
    from engine.imaging.composite import SCOPES

    assert set(get_args(protocol.Scheduler)) == set(SCHEDULERS)
    assert get_args(protocol.Scope) == SCOPES


@pytest.mark.skipif(os.name == "nt", reason="signals work otherwise on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelling_ends_cleanly_and_leaves_nothing(picture, chain, tmp_path, number):
    arguments = ("--chain", chain, "--model", "tiny", "--steps", 1000, "--boxes-overlay", "b.png")
    with process("edit", picture, INSTRUCTION, "-o", "out.png", *arguments, cwd=tmp_path) as running:
        assert running.stderr is not None
        while "Load tiny" not in running.stderr.readline():
            assert running.poll() is None
        time.sleep(0.5)
        running.send_signal(number)
        said = running.stderr.read()
    assert running.returncode == 130
    assert said.splitlines()[-1] == "got: Cancelled." and "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chain.txt", "scene.png"]
    client = launch.find()
    assert client is not None
    while not (job := client.jobs()[-1]).final:  # the engine stops at its next step
        time.sleep(0.05)
    assert job.state == "cancelled"


def test_models_are_listed_by_name(got, tiny_model):
    said = got("model", "list")
    assert said.code == 0 and "tiny" in said.out
    listed = {model["name"]: model for model in json.loads(got("model", "list", "--json").out)}
    assert listed["tiny"]["folder"] == str(tiny_model) and listed["tiny"]["image_size"] == 64
    assert 0 < listed["tiny"]["megabytes"] < 5


def test_a_model_says_what_it_is(got, tiny_model):
    info = json.loads(got("model", "info", "tiny", "--json").out)
    assert info["defaults"]["num_inference_steps"] == 50 and info["source_size"] == 16
    assert "image_size" in got("model", "info", tiny_model).out


@pytest.mark.full
def test_a_released_checkpoint_is_imported_and_edits(got, golden, picture, tmp_path):
    said = got("model", "import", golden, "-o", "native", "--source-size", 112)
    assert said.code == 0, said.err
    assert "tensors read" in said.out and "Wrote native" in said.out
    assert got("model", "info", "native").code == 0
    again = got("model", "import", golden, "-o", "native")
    assert again.code == 6 and "native" in again.err


@pytest.mark.full
def test_an_import_that_was_interrupted_goes_on(got, golden, tmp_path):
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Released(golden).convert(tmp_path / "native", on_progress=stop, max_shard_size=2 * 10**9)
    said = got("model", "import", golden, "-o", "native", "--source-size", 112)
    assert said.code == 0 and "The import resumes where the last one stopped; 1 of its files are kept." in said.err
    assert sorted(path.name for path in tmp_path.iterdir() if "native" in path.name) == ["native"]


@pytest.mark.full
def test_an_import_that_cannot_be_is_one_line(got, tmp_path):
    said = got("model", "import", tmp_path, "-o", "native")
    assert said.code == 4 and "does not contain the folder GoT-6B" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.full
def test_the_doctor_names_what_is_there(got):
    said = got("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(said.out)}
    assert findings["Program"]["good"] and "Python" in findings["Program"]["found"]
    assert findings["Packages"]["good"] and "torch" in findings["Packages"]["found"]
    assert findings["Devices"]["good"] and "cpu" in findings["Devices"]["found"]
    assert said.code == (0 if all(finding["good"] for finding in findings.values()) else 1)
    assert got("model", "load", "tiny").code == 0
    findings = {finding["what"]: finding for finding in json.loads(got("doctor", "--json").out)}
    assert findings["Engine"]["found"].endswith("tiny loaded: the whole model stays in memory")


def test_the_doctor_names_what_is_wrong_with_the_remedy(got, monkeypatch, tmp_path):
    (tmp_path / "logs").write_text("in the way")
    monkeypatch.setattr("got_desktop.doctor.log_file", lambda: tmp_path / "logs" / "got.log")
    monkeypatch.setattr("got_desktop.doctor.PACKAGES", ("torch", "no-such-package"))
    monkeypatch.setattr("got_desktop.doctor.SHIPPED_MODEL", "no-such-model")
    said = got("doctor")
    assert said.code == 1
    assert "✗ Packages  missing: no-such-package" in said.out
    assert "✗ Log" in said.out and "✗ Model" in said.out
    assert said.out.count("  → ") >= 3


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trainer that says what it was asked, and how it was ended; it is found before ours."""
    folder = tmp_path / "first" / "training"
    folder.mkdir(parents=True)
    program = (
        "import sys, time\n"
        "try:\n    print(sys.argv[1:], flush=True)\n    time.sleep(60 if 'wait' in sys.argv else 0)\n"
        "except KeyboardInterrupt:\n    print('saved', flush=True)\n    sys.exit(130)\n"
        "sys.exit(7)\n"
    )
    for name in ("__init__", "__main__", "evaluate"):
        (folder / f"{name}.py").write_text(program if name != "__init__" else "")
    monkeypatch.setattr(sys, "path", [str(folder.parent), *sys.path])
    return folder.parent


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_the_trainer_runs_as_a_process_with_all_its_arguments(trainer, capfd, monkeypatch, command):
    monkeypatch.setattr(signal, "signal", lambda *handler: None)  # this process goes on
    code = run_command([command, "storybook", "--samples", "5", "--json", "out.json", "--help"])
    assert code == 7
    assert capfd.readouterr().out == "['storybook', '--samples', '5', '--json', 'out.json', '--help']\n"


@pytest.fixture
def one_processor():
    """What is started meanwhile shares one processor, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.skipif(os.name == "nt", reason="signals work otherwise on Windows")
def test_ctrl_c_lets_the_trainer_end_in_its_own_way(trainer, one_processor):
    with process("train", "wait", path=trainer, start_new_session=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "['wait']\n"
        if hasattr(os, "SCHED_IDLE"):  # as on a busy machine: the trainer ends before the command's own turn comes
            os.sched_setscheduler(running.pid, os.SCHED_IDLE, os.sched_param(0))
        os.killpg(running.pid, signal.SIGINT)
        assert running.stdout.read() == "saved\n"
    assert running.returncode == 130


@pytest.mark.skipif(os.name == "nt", reason="signals work otherwise on Windows")
def test_ending_the_command_ends_the_trainer(trainer):
    with process("train", "wait", path=trainer) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "['wait']\n"
        running.terminate()
        assert running.stdout.read() == ""
    assert running.returncode != 0
