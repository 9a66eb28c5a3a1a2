"""A hub of models on 127.0.0.1: real HTTP, with the faults that real connections have."""

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
"""Bytes from which on a file counts as one of the large ones, which the hub names by SHA-256."""


@dataclass
class Faults:
    """What goes wrong; counted down where it is a number of times."""

    break_after: int = 0
    """Bytes of a body after which the connection is cut, `breaks` times."""
    breaks: int = 0
    broken_answers: int = 0
    """Answers with status 503."""
    no_ranges: bool = False
    wrong_bytes: str = ""
    """Path of a file whose bytes are other ones."""
    status: int = 0
    """Answers everything with it."""
    hold: threading.Event | None = None
    """Bodies stop in the middle until it is set."""


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
        listed = re.fullmatch(r"/api/models/(.+)/revision/main", path)
        if listed:
            return _send(request, 200, json.dumps(self._list(listed[1])).encode())
        found = re.fullmatch(rf"/([^/]+/[^/]+)/resolve/{COMMIT}/(.+)", path)
        if not found or found[2] not in self.files(found[1]):
            return _send(request, 404, b"")
        self._send_file(request, found[2], self.files(found[1])[found[2]])

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
        wanted, faults = request.headers.get("Range", ""), self.faults
        self.asked.append((name, wanted))
        if name == faults.wrong_bytes:
            data = bytes(len(data))
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and not faults.no_ranges else 0
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
    """Repositories with the three parts of a released model, of a few hundred kilobytes and no meaning."""
    made = {}
    for number, (name, files) in enumerate(
        {
            "LucasFang/GoT-6B": ("README.md", "pytorch_model-00001.bin", "pytorch_model-00002.bin", "figure.png"),
            "Qwen/Qwen2.5-VL-3B-Instruct": ("LICENSE", "config.json", "tokenizer.json", "model.safetensors"),
            "stabilityai/stable-diffusion-xl-base-1.0": ("LICENSE.md", "unet/config.json", "vae/config.json"),
        }.items()
    ):
        made[name] = folder / name
        for place, file in enumerate(files):
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            terms = f"---\nlicense: mit\n---\nThe terms of {name}."
            seed = number * 10 + place + 1
            size = 300_000 if file.endswith((".bin", ".safetensors")) else 600
            data = terms.encode() if file.startswith(("LICENSE", "README")) else _bytes(seed, size)
            path.write_bytes(data)
    return made


def _bytes(seed: int, size: int) -> bytes:
    return hashlib.shake_256(bytes([seed])).digest(size)
