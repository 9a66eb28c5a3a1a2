"""Downloading a released model from a real server that fails like real servers do."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.api.errors import ModelError, OutputError
from engine.models import download as downloading
from engine.models import hub as asking
from engine.models.download import download, remaining
from engine.models.offer import Offer, begun, look_up
from engine.models.released import GOT_6B
from tests.engine.models.hub import Hub, fill

BIN = "pytorch_model-00002.bin"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(asking, "pause", lambda attempt: 0.0)
    with Hub(fill(tmp_path / "hub")) as hub:
        yield hub


@pytest.fixture
def offer(hub: Hub) -> Offer:
    return look_up(GOT_6B, hub.address)


def load(offer: Offer, folder: Path) -> list[tuple[str, int, int]]:
    calls: list[tuple[str, int, int]] = []
    download(offer, folder, lambda *progress: calls.append(progress))
    return calls


def assert_complete(hub: Hub, offer: Offer, folder: Path) -> None:
    for part, file in offer.files():
        assert (folder / part.folder / file.path).read_bytes() == hub.files(part.repository)[file.path]
    assert not list(folder.rglob("*.part"))


def test_the_offer_lists_the_files_of_an_import_and_the_terms(offer: Offer):
    assert [part.folder for part in offer.parts] == [source.folder for source in GOT_6B]
    paths = [file.path for _, file in offer.files()]
    assert paths == [
        "pytorch_model-00001.bin",
        "pytorch_model-00002.bin",
        "config.json",
        "tokenizer.json",
        "unet/config.json",
        "vae/config.json",
    ]
    assert [part.terms for part in offer.parts] == [f"The terms of {source.repository}." for source in GOT_6B]
    assert {part.license for part in offer.parts} == {"mit"}
    assert {file.digest.partition(":")[0] for _, file in offer.files()} == {"sha256", "git"}


def test_everything_is_downloaded_once(hub: Hub, offer: Offer, tmp_path: Path):
    assert load(offer, tmp_path / "got")[-1] == ("download", offer.size, offer.size)
    assert_complete(hub, offer, tmp_path / "got")
    count = len(hub.asked)
    load(offer, tmp_path / "got")
    assert len(hub.asked) == count
    assert remaining(offer, tmp_path / "got") == 0
    assert begun(tmp_path / "got") == offer


def test_a_broken_download_continues_where_it_broke(hub: Hub, offer: Offer, tmp_path: Path):
    hub.faults.break_after, hub.faults.breaks = 70_000, 8
    load(offer, tmp_path / "got")
    assert_complete(hub, offer, tmp_path / "got")
    ranges = [byte_range for name, byte_range in hub.asked if name == BIN]
    assert ranges[:3] == ["", "bytes=70000-", "bytes=140000-"]


def test_without_range_support_the_download_starts_again(hub: Hub, offer: Offer, tmp_path: Path):
    hub.faults.break_after, hub.faults.breaks, hub.faults.no_ranges = 70_000, 2, True
    load(offer, tmp_path / "got")
    assert_complete(hub, offer, tmp_path / "got")


def test_an_overloaded_server_is_asked_again(hub: Hub, offer: Offer, tmp_path: Path):
    hub.faults.broken_answers = 3
    load(offer, tmp_path / "got")
    assert_complete(hub, offer, tmp_path / "got")


def test_a_lost_server_is_reported_and_downloaded_data_is_kept(hub: Hub, offer: Offer, tmp_path: Path):
    hub.faults.break_after, hub.faults.breaks = 0, 99
    with pytest.raises(ModelError, match="127.0.0.1.* cannot be reached") as failed:
        load(offer, tmp_path / "got")
    assert failed.value.code == "download_broken" and "kept" in failed.value.remedy
    hub.faults.break_after, hub.faults.breaks = 100_000, 1
    load(offer, tmp_path / "got")
    assert_complete(hub, offer, tmp_path / "got")


def test_no_server_at_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "pause", lambda attempt: 0.0)
    with Hub(fill(tmp_path / "hub")) as hub:
        address = hub.address
    with pytest.raises(ModelError, match="cannot be reached") as failed:
        look_up(GOT_6B, address)
    assert failed.value.code == "download_broken"


@pytest.mark.parametrize("name", [BIN, "unet/config.json"])
def test_a_file_with_a_wrong_hash_is_removed(hub: Hub, offer: Offer, tmp_path: Path, name: str):
    hub.faults.wrong_bytes = name
    with pytest.raises(ModelError, match=f"{Path(name).name} is not the file that its publisher lists") as failed:
        load(offer, tmp_path / "got")
    assert failed.value.code == "download_wrong"
    assert not list((tmp_path / "got").rglob(Path(name).name + "*")) or name == "unet/config.json"
    hub.faults.wrong_bytes = ""
    load(offer, tmp_path / "got")
    assert_complete(hub, offer, tmp_path / "got")


@pytest.mark.parametrize(("status", "remedy"), [(404, "manually"), (403, "HF_TOKEN"), (401, "HF_TOKEN")])
def test_a_refusal_is_reported_with_a_remedy(hub: Hub, status: int, remedy: str):
    hub.faults.status = status
    with pytest.raises(ModelError, match=f"answered with status {status}") as failed:
        look_up(GOT_6B, hub.address)
    assert remedy in failed.value.remedy


def test_a_list_with_paths_outside_the_folder_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    original_list = hub._list
    evil = {"rfilename": "../../evil.json", "size": 2, "blobId": "0" * 40}
    monkeypatch.setattr(hub, "_list", lambda name: {**original_list(name), "siblings": [evil]})
    with pytest.raises(ModelError, match="evil.json"):
        look_up(GOT_6B, hub.address)


@pytest.mark.parametrize("answer", [b"no json", b"[]", b"{}", b'{"sha": "1", "siblings": [{"rfilename": "a.bin"}]}'])
def test_an_invalid_list_is_reported(hub: Hub, monkeypatch: pytest.MonkeyPatch, answer: bytes):
    monkeypatch.setattr(asking, "read", lambda url, most=0: answer)
    with pytest.raises(ModelError, match="list of its files|none of the files"):
        look_up(GOT_6B, hub.address)


def test_too_little_space_is_reported_before_anything_is_downloaded(
    hub: Hub, offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = shutil.disk_usage(tmp_path)._replace(free=offer.size - 1)
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda folder: usage)
    count = len(hub.asked)
    with pytest.raises(OutputError, match="GB are free") as failed:
        load(offer, tmp_path / "deep" / "got")
    assert failed.value.code == "disk_full"
    assert len(hub.asked) == count and not (tmp_path / "deep").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files, as only Linux does")
def test_a_full_disk_is_reported_and_the_download_continues_later(hub: Hub, offer: Offer, tmp_path: Path):
    """In the child a file may not exceed 200 kB; the kernel refuses the write as on a full disk."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
    lines = run_child(offer, tmp_path / "got", f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {limit}")
    assert lines[-1]["kind"] == "OutputError"
    assert (tmp_path / "got" / "GoT-6B" / "pytorch_model-00001.bin.part").stat().st_size == 200_000
    load(offer, tmp_path / "got")
    assert_complete(hub, offer, tmp_path / "got")
    assert ("pytorch_model-00001.bin", "bytes=200000-") in hub.asked


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_download_of_a_killed_process_is_continued(hub: Hub, offer: Offer, tmp_path: Path, number: int):
    hub.faults.hold = threading.Event()
    child = start_child(offer, tmp_path / "got")
    part = tmp_path / "got" / "GoT-6B" / "pytorch_model-00001.bin.part"
    wait(lambda: part.exists() and part.stat().st_size == 150_000)
    child.send_signal(number)
    child.communicate()
    hub.faults.hold.set()
    hub.faults.hold = None
    load(offer, tmp_path / "got")
    assert_complete(hub, offer, tmp_path / "got")
    assert ("pytorch_model-00001.bin", "bytes=150000-") in hub.asked


def test_the_process_reports_the_offer_and_the_remaining_bytes(hub: Hub, offer: Offer, tmp_path: Path):
    command = [sys.executable, "-P", "-m", "engine.models.download", json.dumps({"folder": str(tmp_path / "got")})]
    process = subprocess.run(
        command, env=os.environ | {"HF_ENDPOINT": hub.address, "PYTHONPATH": os.getcwd()}, capture_output=True
    )
    reply = json.loads(process.stdout)
    assert Offer.from_json(reply["offer"]) == offer and reply["remaining"] == offer.size
    lines = run_child(offer, tmp_path / "got")
    assert lines[-2] == {"stage": "download", "done": offer.size, "total": offer.size}
    assert lines[-1] == {"summary": str(tmp_path / "got")}


def start_child(offer: Offer, folder: Path, before: str = "") -> subprocess.Popen[bytes]:
    arguments = json.dumps({"folder": str(folder), "offer": offer.as_json()})
    program = f"{before}\nfrom engine.models.download import main\nimport sys\nmain(sys.argv[1])"
    return subprocess.Popen([sys.executable, "-c", program, arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run_child(offer: Offer, folder: Path, before: str = "") -> list[dict]:
    out, err = start_child(offer, folder, before).communicate()
    assert not err, err.decode()
    return [json.loads(line) for line in out.splitlines()]


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 600
    while not until():
        assert time.monotonic() < end
        time.sleep(0.02)
