"""Finding and starting the engine: one at a time, the user's own, and gone when nobody needs it. Real processes."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from engine.api import launch
from engine.api.client import EngineClient
from engine.api.errors import EngineUnavailable
from engine.api.protocol import PROTOCOL
from engine.api.runtime import (
    Runtime,
    _process_start_ps,
    locked,
    open_folder,
    process_start,
    proof,
    read_runtime,
    write_runtime,
)
from tests.campaign import times
from tests.ready import Ready

pytestmark = [
    pytest.mark.own_engine,
    pytest.mark.skipif(os.name == "nt", reason="modes, links and signals work otherwise on Windows"),
]

OURS = Runtime(1, os.getpid(), process_start(os.getpid()), "t" * 43)


def until(condition, seconds: float = 600.0):
    """Waits until a condition is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)
    return result


# the runtime file


def test_folder_and_file_are_ours_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        folder = open_folder(tmp_path / "run")
        write_runtime(folder, OURS)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "engine.json").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["engine.json"]
    assert read_runtime(folder) == OURS


def test_an_engine_under_umask_000_leaves_nothing_open(place):
    where = place()
    before = os.umask(0)
    try:
        with where.connect():
            files = [*where.runtime.iterdir(), where.data, where.data / "engine.log"]
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files}
    finally:
        os.umask(before)
    assert "engine.json" in modes and set(modes.values()) == {0}


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o770, 0o777, 0o701])
def test_a_folder_that_others_can_enter_is_refused(tmp_path, mode):
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(mode)
    with pytest.raises(EngineUnavailable, match="others"):
        launch.connect("test", tmp_path / "run")


def test_a_planted_link_as_folder_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "theirs")
    with pytest.raises(EngineUnavailable, match="link"):
        launch.connect("test", tmp_path / "run")
    assert list((tmp_path / "theirs").iterdir()) == []


def test_a_planted_link_as_file_is_not_followed(tmp_path):
    folder, victim = open_folder(tmp_path / "run"), tmp_path / "victim"
    victim.write_text(json.dumps({"port": 1, "pid": 1, "started": "1", "token": "x" * 43, "protocol": PROTOCOL}))
    victim.chmod(0o600)
    (folder / "engine.json").symlink_to(victim)
    assert read_runtime(folder) is None
    before = victim.read_text()
    write_runtime(folder, OURS)
    assert victim.read_text() == before and not (folder / "engine.json").is_symlink()
    assert read_runtime(folder) == OURS


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_could_write_is_not_believed(tmp_path, mode):
    folder = open_folder(tmp_path / "run")
    write_runtime(folder, OURS)
    (folder / "engine.json").chmod(mode)
    assert read_runtime(folder) is None


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_someone_else_is_not_believed(tmp_path):
    folder = open_folder(tmp_path / "run")
    write_runtime(folder, OURS)
    os.chown(folder / "engine.json", 12345, 12345)
    assert read_runtime(folder) is None
    os.chown(folder, 12345, 12345)
    with pytest.raises(EngineUnavailable):
        open_folder(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"port": "1"}', "\xff", '{"port": 1}', "x" * 100_000])
def test_a_broken_file_is_none(tmp_path, text):
    folder = open_folder(tmp_path / "run")
    with open(os.open(folder / "engine.json", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(text.encode("latin-1"))
    assert read_runtime(folder) is None


def test_a_dead_process_and_one_that_got_its_pid_are_told_apart(tmp_path):
    folder = open_folder(tmp_path / "run")
    for stale in (replace(OURS, started="0"), replace(OURS, pid=2**22 + 1)):
        write_runtime(folder, stale)
        assert not stale.alive and launch.find(folder) is None
    assert OURS.alive


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_where_there_is_no_proc_ps_tells_processes_apart():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = _process_start_ps(child.pid)
    assert started and started == _process_start_ps(child.pid)
    child.communicate()
    assert _process_start_ps(child.pid) is None and process_start(child.pid) is None


# a squatter at the engine's port


class Squatter:
    """Listens at the engine's port, answers as configured, and keeps every byte that it receives."""

    def __init__(self, answer) -> None:
        received = self.received = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                received.append(self.requestline + str(self.headers) + body.decode("latin-1"))
                reply = answer(body)
                self.send_response(200)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_PUT = do_DELETE = do_POST

            def log_message(self, *arguments):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def relay_to(real: Runtime):
    """Relays the challenge to the real engine, and its reply back."""

    def answer(body: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", real.port), timeout=600) as line:
            line.sendall(
                b"POST /v1/challenge HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (real.port, len(body), body)
            )
            return b"".join(iter(lambda: line.recv(4096), b"")).partition(b"\r\n\r\n")[2]

    return answer


def test_a_squatter_gets_no_byte_of_token_or_picture(place):
    where = place()
    with where.connect() as engine:
        real = engine.client.runtime
        answers = [
            lambda body: b"{}",
            lambda body: b'{"proof": "' + b"0" * 64 + b'"}',
            lambda body: b'{"proof": "' + json.loads(body)["nonce"].encode() + b'"}',
            lambda body: json.dumps({"proof": proof("", json.loads(body)["nonce"], real.port)}).encode(),
            relay_to(real),
        ]
        for answer in answers:
            squatter = Squatter(answer)
            try:
                assert not EngineClient(replace(real, port=squatter.port)).prove()
                received = "".join(squatter.received)
            finally:
                squatter.close()
            assert received.startswith("POST /v1/challenge") and len(squatter.received) == 1
            assert real.token not in received and real.token[:8] not in received and "Authorization" not in received
        assert engine.client.prove()


def test_a_squatter_after_a_crash_is_passed_over_and_a_new_engine_starts(place):
    where = place()
    squatter = Squatter(lambda body: b"{}")
    try:
        folder = open_folder(where.runtime)
        write_runtime(folder, replace(OURS, pid=2**22 + 1, port=squatter.port, token="s" * 43))
        with where.connect() as engine:
            assert engine.client.runtime.port != squatter.port and engine.client.system().protocol == PROTOCOL
    finally:
        squatter.close()
    assert squatter.received == []


# one engine


STARTER = Path(__file__).with_name("starter.py")


def starter(where, command: Sequence[str] = (sys.executable, str(STARTER))) -> subprocess.Popen[str]:
    environment = os.environ | where.environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe)


def line(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline()


def engines(where) -> set[int]:
    """All engine processes of that place, found by their environment."""
    pids = set()
    for process in psutil.process_iter():
        try:
            if process.cmdline()[-2:] == ["-m", "engine"] and process.status() != "zombie":
                if process.environ().get("GOT_ENGINE_RUNTIME") == str(where.runtime):
                    pids.add(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return pids


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_many_starters_at_once_make_one_engine(place, tmp_path):
    starters, ready = times(6, 20), Ready(STARTER, tmp_path, libraries=())
    for round in range(times(1, 20)):
        where = place(f"round-{round}", grace=1)
        processes = [starter(where, ready.command) for _ in range(starters)]
        pids = {int(line(process)) for process in processes}
        assert len(pids) == 1 and engines(where) == pids
        for process in processes:
            process.communicate()
            assert process.returncode == 0
        until(lambda where=where: not engines(where))
    ready.close()


@pytest.mark.full
def test_the_starter_may_be_killed_and_the_others_go_on(place):
    where = place(lease=3, grace=1)
    first = starter(where)
    pid = int(line(first))
    with where.connect() as engine:
        first.kill()
        first.communicate()
        time.sleep(4.5)  # its lease has expired
        assert engine.client.runtime.pid == pid and engine.client.system().leases == 1
    until(lambda: not engines(where))


def test_a_starter_that_is_killed_while_it_starts_holds_nobody_up(place):
    where = place(grace=1)
    first = starter(where)
    until(lambda: engines(where) or first.poll() is not None)
    first.kill()
    first.communicate()
    with where.connect() as engine:  # the orphan, or another engine; whichever was second exits
        until(lambda: engines(where) == {engine.client.runtime.pid})


def test_the_engine_goes_after_the_last_lease_and_leaves_no_file(place):
    where = place(grace=1)
    first, second = where.connect("one"), where.connect("two")
    assert first.client.runtime == second.client.runtime and first.client.system().leases == 2
    first.close()
    time.sleep(2)
    assert where.find() is not None
    second.close()
    until(lambda: not engines(where))
    assert not (where.runtime / "engine.json").exists()


@pytest.mark.full
def test_an_engine_whose_clients_were_killed_goes_too(place):
    where = place(grace=1, lease=3)
    engine = where.connect()
    engine._closed.set()  # simulates a killed client: the lease is neither released nor renewed
    engine._renewal.join()
    until(lambda: not engines(where))


def test_a_killed_engine_is_followed_by_another(place):
    where = place()
    with where.connect() as engine:
        pid = engine.client.runtime.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineUnavailable):
            engine.client.system()
    with where.connect() as engine:
        assert engine.client.runtime.pid != pid


@pytest.mark.full
def test_a_stopped_engine_is_noticed_within_15_s_and_replaced(place):
    where = place()
    with where.connect() as engine:
        pid = engine.client.runtime.pid
        os.kill(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        with pytest.raises(EngineUnavailable, match="does not answer"):
            engine.client.system()
        assert time.monotonic() - stopped < 15
        with where.connect() as other:
            assert other.client.runtime.pid != pid and process_start(pid) is None


def test_after_five_crashes_nothing_is_started_any_more(place):
    where = place()
    folder = open_folder(where.runtime)
    (folder / "crashes.json").write_text(json.dumps([time.time() - 60] * 5))
    with pytest.raises(EngineUnavailable, match="crashed 5 times"):
        where.connect()
    (folder / "crashes.json").write_text(json.dumps([time.time() - 700] * 5))
    with where.connect() as engine:
        assert engine.client.prove()


@pytest.mark.full
def test_each_crash_doubles_the_wait(place):
    where = place()
    folder = open_folder(where.runtime)
    (folder / "crashes.json").write_text(json.dumps([time.time() - 50, time.time()]))
    began = time.monotonic()
    with where.connect():
        assert 1.9 < time.monotonic() - began < 30


def test_an_engine_that_cannot_start_says_why(place):
    program = "import sys; sys.exit('no such thing as a GPU')"
    where = place(command=[sys.executable, "-c", program])
    with pytest.raises(EngineUnavailable, match="no such thing as a GPU"):
        where.connect()
    assert len(json.loads((where.runtime / "crashes.json").read_text())) == 1


def test_an_engine_of_another_version_is_not_talked_to(place):
    where = place()
    write_runtime(open_folder(where.runtime), replace(OURS, protocol=99))
    with pytest.raises(EngineUnavailable, match="different version"):
        where.connect()


def test_a_second_engine_gives_way(place):
    where = place()
    with where.connect() as engine:
        environment = os.environ | where.environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        second = subprocess.run(
            [sys.executable, "-m", "engine"], env=environment, capture_output=True, text=True, timeout=600
        )
        assert (second.returncode, second.stderr) == (0, "")
        assert engines(where) == {engine.client.runtime.pid} and engine.client.prove()


@pytest.mark.full
def test_a_signal_ends_the_engine_in_order_within_10_s_with_20_open_streams(place):
    where = place()
    with where.connect() as engine:
        from engine.api.protocol import LoadRequest

        client = engine.client
        job = client.submit(LoadRequest(model="tiny"))
        lines = []
        for _ in range(20):
            line = socket.create_connection(("127.0.0.1", client.runtime.port), timeout=600)
            line.sendall(
                f"GET /v1/jobs/{job.id}/events HTTP/1.1\r\nHost: 127.0.0.1:{client.runtime.port}\r\n"
                f"Authorization: Bearer {client.runtime.token}\r\n\r\n".encode()
            )
            assert line.recv(100).startswith(b"HTTP/1.1 200")
            lines.append(line)
        began = time.monotonic()
        os.kill(client.runtime.pid, signal.SIGTERM)
        until(lambda: not client.runtime.alive, 15)
        assert time.monotonic() - began < 10
        for line in lines:
            line.close()
    assert not (where.runtime / "engine.json").exists()
    assert launch._crashes(where.runtime) == []


def test_the_lock_is_the_systems(tmp_path: Path):
    path = tmp_path / "lock"
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom engine.api.runtime import locked\n"
        "with locked(Path(sys.argv[1]), 1):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        assert line(holder) == "held\n"
        with pytest.raises(EngineUnavailable), locked(path, 0.2):
            raise AssertionError("two hold it")
        holder.kill()
    with locked(path, 5):
        pass
