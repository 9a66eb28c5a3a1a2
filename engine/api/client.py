"""EngineClient: talks to a running engine. Every call waits for its reply. Standard library only.

A call that is safe to repeat is retried when the connection breaks. A job is submitted under an idempotency key, so
that it is never queued twice.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import quote

from engine.api import protocol
from engine.api.encoding import dumps, from_json, loads
from engine.api.errors import EngineError, EngineUnavailable, RequestError
from engine.api.notes import Note
from engine.api.protocol import (
    EVENTS,
    REQUESTS,
    Adapters,
    Done,
    ErrorReply,
    Event,
    Finished,
    ImageInfo,
    JobRequest,
    JobResult,
    Jobs,
    JobState,
    Lease,
    LeaseRequest,
    Models,
    System,
)
from engine.api.runtime import Runtime, proof

T = TypeVar("T")

TIMEOUT = 10.0
"""Seconds without a byte after which the engine counts as hung. On a stream it sends a byte every 3 s."""
HANGS = "engine_hangs"
"""Error code for a hung engine."""
_TRIES = 3
_CODES = {kind: code for code, kind in REQUESTS.items()}
_PATHS = {
    "plan": "/v1/plans",
    "edit": "/v1/edits",
    "generate": "/v1/generations",
    "load": "/v1/models/load",
    "unload": "/v1/models/unload",
}


class EngineClient:
    """A client of one engine, authorized by the token in its runtime file. Safe to use from several threads."""

    def __init__(self, runtime: Runtime, timeout: float = TIMEOUT) -> None:
        self.runtime = runtime
        self.timeout = timeout

    # the engine

    def prove(self, timeout: float = 3.0) -> bool:
        """Whether the process that listens at the port knows the token. The token itself is not sent to it."""
        nonce = secrets.token_hex(32)
        connection = http.client.HTTPConnection("127.0.0.1", self.runtime.port, timeout=timeout)
        try:
            connection.request("POST", "/v1/challenge", dumps(protocol.Challenge(nonce)), _JSON)
            answer = loads(protocol.Proof, connection.getresponse().read(1000))
        except (OSError, http.client.HTTPException, RequestError):
            return False
        finally:
            connection.close()
        return secrets.compare_digest(answer.proof, proof(self.runtime.token, nonce, self.runtime.port))

    def system(self) -> System:
        return self._get(System, "/v1/system")

    def devices(self) -> tuple[Note, ...]:
        """The devices that can run models, best first. Slow on the first call."""
        return self._get(protocol.Devices, "/v1/devices").messages

    def shutdown(self) -> None:
        """Stops the engine. Unfinished jobs continue when it is started again."""
        self._post(Done, "/v1/shutdown")

    # leases

    def lease(self, client: str) -> Lease:
        return self._post(Lease, "/v1/leases", LeaseRequest(client))

    def renew(self, lease: Lease) -> Lease:
        return self._post(Lease, f"/v1/leases/{quote(lease.id)}/renew")

    def give_back(self, lease: Lease) -> None:
        self._call(Done, "DELETE", f"/v1/leases/{quote(lease.id)}")

    # pictures and models

    def upload(self, data: bytes, content_type: str = "image/png") -> ImageInfo:
        """Uploads a picture as PNG, JPEG or WebP. Raises ImageError."""
        return loads(ImageInfo, self._ask("POST", "/v1/images", data, content_type))

    def models(self) -> Models:
        return self._get(Models, "/v1/models")

    def model(self, name: str) -> protocol.Model:
        return self._get(protocol.Model, f"/v1/models/{quote(name, safe='')}")

    def adapters(self) -> Adapters:
        return self._get(Adapters, "/v1/adapters")

    # jobs

    def submit(self, request: JobRequest, key: str | None = None) -> JobState:
        """Adds a job to the queue; the same key and request return the same job.

        Raises Busy if the queue is full, and RequestError if the key was used for another request.
        """
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        path = _PATHS[_CODES[type(request)]]
        return loads(JobState, self._ask("POST", path, dumps(request), headers=headers))

    def job(self, id: str) -> JobState:
        return self._get(JobState, f"/v1/jobs/{quote(id)}")

    def jobs(self, unacknowledged: bool = False) -> tuple[JobState, ...]:
        """All jobs, or only those whose outcome has not been acknowledged, oldest first."""
        return self._get(Jobs, f"/v1/jobs?unacknowledged={'true' if unacknowledged else 'false'}").jobs

    def cancel(self, id: str) -> JobState:
        """Cancels a job at its next token or step. A job in a final state does not change."""
        return self._post(JobState, f"/v1/jobs/{quote(id)}/cancel")

    def acknowledge(self, id: str) -> None:
        """Confirms that the outcome has arrived; the engine then deletes the job and its result."""
        self._post(Done, f"/v1/jobs/{quote(id)}/acknowledge")

    def result(self, id: str) -> JobResult:
        return self._get(JobResult, f"/v1/jobs/{quote(id)}/result")

    def file(self, id: str, name: str) -> bytes:
        """One file of a result."""
        return self._ask("GET", f"/v1/jobs/{quote(id)}/files/{quote(name)}")

    def events(self, id: str, last: str = "") -> Iterator[tuple[str, Event]]:
        """(event id, event) pairs after the id `last` until the job ends, also across broken connections.

        Raises EngineUnavailable if the engine is no longer running, or sends nothing for `timeout` seconds.
        """
        failures = 0
        while True:
            try:
                for event_id, event in self._stream(id, last):
                    failures, last = 0, event_id
                    yield event_id, event
                    if isinstance(event, Finished):
                        return
                raise EngineUnavailable("engine_gone", "The engine closed the event stream.", "Try again.")
            except EngineUnavailable as error:
                failures += 1
                if error.code == HANGS or failures == _TRIES or not self.runtime.alive:
                    raise  # a hung engine would hang again, a dead one stays dead
                time.sleep(0.2 * failures)

    def follow(self, id: str, on_event: Callable[[Event], None] | None = None) -> JobState:
        """Waits until a job ends. Raises the error that it failed with, or Cancelled."""
        for _, event in self.events(id):
            if on_event:
                on_event(event)
            if isinstance(event, Finished):
                if event.job.state != "done":
                    assert event.job.error is not None  # only a successful job has no error
                    raise event.job.error.error()
                return event.job
        raise AssertionError("a stream ends with Finished")

    # HTTP

    def _get(self, kind: type[T], path: str) -> T:
        return loads(kind, self._ask("GET", path))

    def _post(self, kind: type[T], path: str, body: object | None = None) -> T:
        return loads(kind, self._ask("POST", path, b"{}" if body is None else dumps(body)))

    def _call(self, kind: type[T], method: str, path: str) -> T:
        return loads(kind, self._ask(method, path))

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """The reply's body. Raises the error that the engine replied with, or EngineUnavailable."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._ask_once(method, path, body, {"Content-Type": content_type, **(headers or {})})
            except (OSError, http.client.HTTPException) as error:
                # a hung engine would hang again, a dead one stays dead
                if isinstance(error, TimeoutError) or attempt == _TRIES or not self.runtime.alive:
                    raise _unavailable(error) from error
                time.sleep(0.1 * attempt)
        raise AssertionError("the last attempt returns or raises")

    def _ask_once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        connection = self._connect()
        try:
            try:
                connection.request(method, path, body, headers | self._authorization())
            except (BrokenPipeError, ConnectionResetError):
                pass  # the engine rejected the body while it was sent; the reply says why
            response = connection.getresponse()
            data = response.read()
            if response.status >= 400:
                raise _error(data, response.status)
            return data
        finally:
            connection.close()

    def _stream(self, id: str, last: str) -> Iterator[tuple[str, Event]]:
        connection = self._connect()
        headers = self._authorization() | ({"Last-Event-ID": last} if last else {})
        try:
            connection.request("GET", f"/v1/jobs/{quote(id)}/events", headers=headers)
            response = connection.getresponse()
            if response.status >= 400:
                raise _error(response.read(), response.status)
            yield from _read_events(response)
        except (OSError, http.client.HTTPException) as error:
            raise _unavailable(error) from error
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.runtime.port, timeout=self.timeout)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.runtime.token}"}


_JSON = {"Content-Type": "application/json"}


def _read_events(response: http.client.HTTPResponse) -> Iterator[tuple[str, Event]]:
    """Server-sent events as the engine writes them: one line each for id, event and data, then an empty line."""
    fields: dict[str, str] = {}
    while line := response.readline():
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            kind = EVENTS.get(fields["event"])
            if kind:  # a newer engine may send other events
                yield fields["id"], from_json(kind, json.loads(fields["data"]))
            fields = {}


def _error(data: bytes, status: int) -> EngineError:
    try:
        return loads(ErrorReply, data).error()
    except RequestError:
        return EngineUnavailable(
            "engine_answer_wrong", "The engine answered with status {status}.", "Restart the engine.", status=status
        )


def _unavailable(error: Exception) -> EngineUnavailable:
    if isinstance(error, (TimeoutError, socket.timeout)):
        return EngineUnavailable(HANGS, "The engine does not answer.", "Try again; the engine will be restarted.")
    return EngineUnavailable(
        "engine_gone", "The engine is no longer running.", "Try again; the engine will be restarted."
    )
