"""The other commands, and `got` as a separate process."""

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
    """Starts `got`; modules are searched in `path` first. It handles Ctrl+C however the tests are run."""
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


def test_help_lists_the_commands_and_every_exit_code(got):
    result = got("--help")
    assert result.code == 0
    for word in ("plan", "edit", "generate", "model", "train", "evaluate", "doctor"):
        assert word in result.out
    text = " ".join(result.out.split())
    for code, meaning in failure.EXIT_CODES.items():
        assert f"{code} {meaning}" in text


def test_every_option_of_an_edit_is_explained(got):
    result = got("edit", "--help")
    for option in (
        "--output --boxes-overlay --chain --json --seed --steps --scheduler --semantic-scale --spatial-scale "
        "--reference-scale --model --device --fit --scope --feather --grow --force --no-facts"
    ).split():
        assert option in result.out


def test_help_is_shown_without_a_command(got):
    assert "Usage: got" in (got().out + got().err)


def test_the_version(got):
    assert got("--version").out == f"got_desktop {VERSION}\n"


def test_help_and_wrong_usage_do_not_import_torch(picture):
    program = (
        "import sys; from got_desktop.cli import run_command; "
        f"codes = [run_command(a) for a in (['edit', '--help'], ['edit', {str(picture)!r}], "
        f"['edit', {str(picture)!r}, ' ', '-o', 'x.png'], ['edit', 'nowhere.png', 'x', '-o', 'x.png'], "
        "['model', 'list'])]; "
        "print(codes, 'torch' in sys.modules, file=sys.stderr)"
    )
    root = Path(__file__).parents[2]
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert child.stderr.strip().endswith("[0, 2, 2, 3, 0] False"), child.stderr


def test_the_choices_match_the_engine():
    from typing import get_args

    from engine.api.schedulers import SCHEDULERS
    from engine.imaging.composite import SCOPES

    assert set(get_args(protocol.Scheduler)) == set(SCHEDULERS)
    assert get_args(protocol.Scope) == SCOPES


@pytest.mark.skipif(os.name == "nt", reason="signals work differently on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancelling_ends_cleanly_and_leaves_no_files(picture, chain, tmp_path, number):
    arguments = ("--chain", chain, "--model", "tiny", "--steps", 1000, "--boxes-overlay", "b.png")
    with process("edit", picture, INSTRUCTION, "-o", "out.png", *arguments, cwd=tmp_path) as running:
        assert running.stderr is not None
        while "Load tiny" not in running.stderr.readline():
            assert running.poll() is None
        time.sleep(0.5)
        running.send_signal(number)
        output = running.stderr.read()
    assert running.returncode == 130
    assert output.splitlines()[-1] == "got: Cancelled." and "Traceback" not in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chain.txt", "scene.png"]
    client = launch.find()
    assert client is not None
    while not (job := client.jobs()[-1]).final:  # the engine cancels at its next step
        time.sleep(0.05)
    assert job.state == "cancelled"


def test_models_are_listed_by_name(got, tiny_model):
    result = got("model", "list")
    assert result.code == 0 and "tiny" in result.out
    models = {model["name"]: model for model in json.loads(got("model", "list", "--json").out)}
    assert models["tiny"]["folder"] == str(tiny_model) and models["tiny"]["image_size"] == 64
    assert 0 < models["tiny"]["megabytes"] < 5


def test_model_info_shows_the_description(got, tiny_model):
    info = json.loads(got("model", "info", "tiny", "--json").out)
    assert info["defaults"]["num_inference_steps"] == 50 and info["source_size"] == 16
    assert "image_size" in got("model", "info", tiny_model).out


@pytest.mark.full
def test_a_released_checkpoint_is_imported(got, golden, picture, tmp_path):
    result = got("model", "import", golden, "-o", "native", "--source-size", 112)
    assert result.code == 0, result.err
    assert "tensors read" in result.out and "Wrote native" in result.out
    assert got("model", "info", "native").code == 0
    again = got("model", "import", golden, "-o", "native")
    assert again.code == 6 and "native" in again.err


@pytest.mark.full
def test_an_interrupted_import_is_resumed(got, golden, tmp_path):
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Released(golden).convert(tmp_path / "native", on_progress=stop, max_shard_size=2 * 10**9)
    result = got("model", "import", golden, "-o", "native", "--source-size", 112)
    assert result.code == 0 and "The import resumes where the last one stopped; 1 of its files are kept." in result.err
    assert sorted(path.name for path in tmp_path.iterdir() if "native" in path.name) == ["native"]


@pytest.mark.full
def test_an_import_that_fails_prints_one_line(got, tmp_path):
    result = got("model", "import", tmp_path, "-o", "native")
    assert result.code == 4 and "does not contain the folder GoT-6B" in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.full
def test_the_doctor_reports_what_is_installed(got):
    result = got("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(result.out)}
    assert findings["Program"]["good"] and "Python" in findings["Program"]["found"]
    assert findings["Packages"]["good"] and "torch" in findings["Packages"]["found"]
    assert findings["Devices"]["good"] and "cpu" in findings["Devices"]["found"]
    assert result.code == (0 if all(finding["good"] for finding in findings.values()) else 1)
    assert got("model", "load", "tiny").code == 0
    findings = {finding["what"]: finding for finding in json.loads(got("doctor", "--json").out)}
    assert findings["Engine"]["found"].endswith("tiny loaded: the whole model stays in memory")


def test_the_doctor_reports_problems_with_remedies(got, monkeypatch, tmp_path):
    (tmp_path / "logs").write_text("in the way")
    monkeypatch.setattr("got_desktop.doctor.log_file", lambda: tmp_path / "logs" / "got.log")
    monkeypatch.setattr("got_desktop.doctor.PACKAGES", ("torch", "no-such-package"))
    monkeypatch.setattr("got_desktop.doctor.SHIPPED_MODEL", "no-such-model")
    result = got("doctor")
    assert result.code == 1
    assert "✗ Packages  missing: no-such-package" in result.out
    assert "✗ Log" in result.out and "✗ Model" in result.out
    assert result.out.count("  → ") >= 3


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake trainer that prints its arguments and how it was ended; it is found before the real one."""
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
    monkeypatch.setattr(signal, "signal", lambda *handler: None)  # this process keeps running
    code = run_command([command, "storybook", "--samples", "5", "--json", "out.json", "--help"])
    assert code == 7
    assert capfd.readouterr().out == "['storybook', '--samples', '5', '--json', 'out.json', '--help']\n"


@pytest.fixture
def one_processor():
    """Limits processes that are started meanwhile to one processor, if the system supports it."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.skipif(os.name == "nt", reason="signals work differently on Windows")
def test_ctrl_c_lets_the_trainer_handle_it(trainer, one_processor):
    with process("train", "wait", path=trainer, start_new_session=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "['wait']\n"
        if hasattr(os, "SCHED_IDLE"):  # as on a busy machine, the trainer ends before the command runs again
            os.sched_setscheduler(running.pid, os.SCHED_IDLE, os.sched_param(0))
        os.killpg(running.pid, signal.SIGINT)
        assert running.stdout.read() == "saved\n"
    assert running.returncode == 130


@pytest.mark.skipif(os.name == "nt", reason="signals work differently on Windows")
def test_ending_the_command_ends_the_trainer(trainer):
    with process("train", "wait", path=trainer) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "['wait']\n"
        running.terminate()
        assert running.stdout.read() == ""
    assert running.returncode != 0
