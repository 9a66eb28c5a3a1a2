"""Access control: checks each request before the rest of the engine sees it.

The loopback interface does not protect the engine: every local user and every page in a browser can reach the port. So
each request must have this engine's token and host name, and must not come from a web page.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.api.encoding import dumps
from engine.api.errors import RequestError
from engine.api.formats import UPLOADED
from engine.api.protocol import ErrorReply

OPEN_PATH = "/v1/challenge"
"""The only path without a token: it proves to a client that the engine knows the token."""
UPLOAD_PATH = "/v1/images"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SAME_SITE = frozenset({b"", b"none", b"same-origin"})


class Guard:
    """ASGI middleware around the whole application, including unknown paths."""

    def __init__(self, app: ASGIApp, token: str, port: int, upload_limit: int, body_limit: int) -> None:
        self.app = app
        self.expected = f"Bearer {token}".encode()
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self.upload_limit = upload_limit
        self.body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":  # WebSockets are not supported
            return await send({"type": "websocket.close", "code": 1008})
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal:
            return await _refuse(send, *refusal)
        limit = self.upload_limit if scope["path"] == UPLOAD_PATH else self.body_limit
        body = await _read_body(receive, limit)
        if body is None:
            return await _refuse(send, 413, _too_large(limit))
        await self.app(scope, _Replay(body, receive), send)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, RequestError] | None:
        """(status, error) of a refusal, or None if the request is allowed."""
        raw = {name: [value for key, value in scope["headers"] if key == name] for name in (b"host", b"authorization")}
        if len(raw[b"host"]) != 1 or raw[b"host"][0].decode("latin-1") not in self.hosts:
            return 421, RequestError(
                "host_wrong", "The request is for another host.", "Use 127.0.0.1 and the engine's port."
            )
        if "origin" in headers or headers.get("sec-fetch-site", "").encode() not in _SAME_SITE:
            return 403, RequestError(
                "origin_refused",
                "The engine does not accept requests from web pages.",
                "Send the request from a program.",
            )
        credentials = raw[b"authorization"]
        # compares bytes in constant time, whatever their length
        allowed = len(credentials) == 1 and compare_digest(credentials[0], self.expected)
        if not allowed and scope["path"] != OPEN_PATH:
            return 401, RequestError(
                "token_wrong", "The engine's token is missing or wrong.", "Read the runtime file again."
            )
        return self._wrong_content(scope, headers)

    def _wrong_content(self, scope: Scope, headers: Headers) -> tuple[int, RequestError] | None:
        content = headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = tuple(UPLOADED) if scope["path"] == UPLOAD_PATH else ("application/json",)
        if scope["method"] in _WITH_BODY and content not in wanted:
            return 415, RequestError(
                "content_type_wrong",
                "The content type must be {type}.",
                "Set the Content-Type header.",
                type=" or ".join(wanted),
            )
        limit = self.upload_limit if scope["path"] == UPLOAD_PATH else self.body_limit
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 20 and int(length) <= limit):
            return 413, _too_large(limit)
        return None


def _too_large(limit: int) -> RequestError:
    return RequestError(
        "body_too_large", "The request is larger than {limit} MiB.", "Send a smaller request.", limit=limit // 1024**2
    )


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """The complete body, or None as soon as it exceeds `limit`, even while it is still being sent."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


class _Replay:
    """Replays the body once, and then passes on further messages, such as a disconnect."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.body: bytes | None = body
        self.receive = receive

    async def __call__(self) -> Message:
        if self.body is None:
            return await self.receive()
        body, self.body = self.body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _refuse(send: Send, status: int, error: RequestError) -> None:
    body = dumps(ErrorReply.of(error))
    headers: list[tuple[bytes, Any]] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the rest of the body is not read
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
