"""A model hub on 127.0.0.1: real HTTP, with faults of real connections."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34
LARGE = 2_000
"""Size in bytes from which a file counts as large; the hub identifies large files by SHA-256."""


@dataclass
class Faults:
    """The faults to simulate; counts are decremented with each occurrence."""

    break_after: int = 0
    """Number of bytes in a body after which the connection is cut, `breaks` times."""
    breaks: int = 0
    broken_answers: int = 0
    """Number of responses with status 503."""
    no_ranges: bool = False
    wrong_bytes: str = ""
    """Path of a file that is served with other bytes."""
    status: int = 0
    """Status of all responses."""
    hold: threading.Event | None = None
    """Bodies stop in the middle until this is set."""


@dataclass
class Hub:
    """Serves `repositories`: name -> folder on disk."""

    repositories: dict[str, Path]
    faults: Faults = field(default_factory=Faults)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(path, Range) of each request for a file."""

    def __enter__(self) -> Hub:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # noqa: N802 - http.server's name
                hub._answer(self)

            def log_message(self, format: str, *values: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *outcome: object) -> None:
        if self.faults.hold:
            self.faults.hold.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def files(self, repository: str) -> dict[str, bytes]:
        folder = self.repositories[repository]
        return {str(p.relative_to(folder).as_posix()): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        if self.faults.status:
            return _send(request, self.faults.status, b"")
        if self.faults.broken_answers:
            self.faults.broken_answers -= 1
            return _send(request, 503, b"")
        revision = re.fullmatch(r"/api/models/(.+)/revision/main", path)
        if revision:
            return _send(request, 200, json.dumps(self._list(revision[1])).encode())
        file = re.fullmatch(rf"/([^/]+/[^/]+)/resolve/{COMMIT}/(.+)", path)
        if not file or file[2] not in self.files(file[1]):
            return _send(request, 404, b"")
        self._send_file(request, file[2], self.files(file[1])[file[2]])

    def _list(self, repository: str) -> dict[str, object]:
        siblings = []
        for name, data in sorted(self.files(repository).items()):
            item: dict[str, object] = {"rfilename": name, "size": len(data)}
            item["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            if len(data) >= LARGE:
                item["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
            siblings.append(item)
        return {"id": repository, "sha": COMMIT, "siblings": siblings, "cardData": {"license": "mit"}}

    def _send_file(self, request: BaseHTTPRequestHandler, name: str, data: bytes) -> None:
        byte_range, faults = request.headers.get("Range", ""), self.faults
        self.asked.append((name, byte_range))
        if name == faults.wrong_bytes:
            data = bytes(len(data))
        start = int(byte_range.removeprefix("bytes=").removesuffix("-")) if byte_range and not faults.no_ranges else 0
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        body = data[start:]
        if faults.breaks and len(body) > faults.break_after:
            faults.breaks -= 1
            request.wfile.write(body[: faults.break_after])
            request.close_connection = True
        elif faults.hold and len(data) >= LARGE:
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            faults.hold.wait(600)
            request.close_connection = True
        else:
            request.wfile.write(body)


def _send(request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def fill(folder: Path) -> dict[str, Path]:
    """Repositories with the three parts of a released model: a few hundred kilobytes without meaning."""
    repositories = {}
    for number, (name, files) in enumerate(
        {
            "LucasFang/GoT-6B": ("README.md", "pytorch_model-00001.bin", "pytorch_model-00002.bin", "figure.png"),
            "Qwen/Qwen2.5-VL-3B-Instruct": ("LICENSE", "config.json", "tokenizer.json", "model.safetensors"),
            "stabilityai/stable-diffusion-xl-base-1.0": ("LICENSE.md", "unet/config.json", "vae/config.json"),
        }.items()
    ):
        repositories[name] = folder / name
        for place, file in enumerate(files):
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            terms = f"---\nlicense: mit\n---\nThe terms of {name}."
            seed = number * 10 + place + 1
            size = 300_000 if file.endswith((".bin", ".safetensors")) else 600
            data = terms.encode() if file.startswith(("LICENSE", "README")) else _bytes(seed, size)
            path.write_bytes(data)
    return repositories


def _bytes(seed: int, size: int) -> bytes:
    return hashlib.shake_256(bytes([seed])).digest(size)
