"""Requests to the model hub, with huggingface_hub's settings (`HF_ENDPOINT` for a mirror, `HF_TOKEN` for an account).

huggingface_hub's own downloader compares sizes but not hashes and cannot be canceled, so `engine.models.download` is
used instead.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from huggingface_hub import constants, get_token

from engine.api.errors import ModelError

TIMEOUT = 15.0
"""Seconds without data after which a connection counts as broken."""
TRIES = 5
BROKEN = (OSError, http.client.HTTPException)
"""The exceptions of a broken connection."""


def endpoint() -> str:
    """The hub's address."""
    return constants.ENDPOINT.rstrip("/")


def open_url(url: str, start: int = 0) -> http.client.HTTPResponse:
    """The response to a GET, starting at byte `start`. Raises ModelError if the hub refuses, OSError if it cannot be
    reached."""
    request = urllib.request.Request(url, headers={"User-Agent": "got_desktop", "Accept-Encoding": "identity"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    token = get_token()
    if token:  # sent to the hub only, not to the target of a redirect
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (408, 429) or error.code >= 500:
            raise
        raise refused(url, error.code) from error


def read(url: str, most: int = 4_000_000) -> bytes:
    """The body of a small response. Raises ModelError."""
    for attempt in range(TRIES):
        try:
            with open_url(url) as answer:
                return answer.read(most)
        except BROKEN as error:
            if attempt == TRIES - 1:
                raise unreachable(url, error) from error
            time.sleep(pause(attempt))
    raise AssertionError("the last attempt returns or raises")


def pause(attempt: int) -> float:
    """Seconds before the next attempt."""
    return min(8.0, 0.25 * 2**attempt)


def refused(url: str, status: int) -> ModelError:
    return ModelError(
        "download_refused",
        "{url} answered with status {status}.",
        "Accept the model's terms on its web page, and set HF_TOKEN to your account's token."
        if status in (401, 403)
        else "Download the model manually and import its folder.",
        url=url,
        status=status,
    )


def unreachable(url: str, error: Exception) -> ModelError:
    reason = getattr(error, "reason", None) or error
    why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return ModelError(
        "download_broken",
        "{host} cannot be reached ({why}).",
        "Check the network and try again; the downloaded files are kept.",
        host=urlsplit(url).netloc,
        why=why,
    )


def wrong(url: str, why: str) -> ModelError:
    return ModelError(
        "download_wrong",
        "{url}: {why}.",
        "Try again later, or download the model manually and import its folder.",
        url=url,
        why=why,
    )
