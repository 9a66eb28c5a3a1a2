"""A chain as a text file that users can edit."""

from __future__ import annotations

from pathlib import Path

from engine.api.chain import IM_GEN_START, Chain
from engine.api.errors import ChainError
from engine.api.protocol import EditOptions
from got_desktop.requests import RenderRequest

MAX_BYTES = 100_000


def read(path: Path) -> Chain:
    """The chain in a text file. Raises ChainError if there is none; problems in the chain are in `Chain.problems`."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except FileNotFoundError as error:
        raise ChainError(
            "chain_not_found", "There is no file {path}.", "Create it with `got plan`.", path=path
        ) from error
    except OSError as error:
        raise ChainError(
            "chain_unreadable",
            "{path} cannot be read: {reason}.",
            "Choose a text file.",
            path=path,
            reason=error.strerror,
        ) from error
    if data is None:
        raise ChainError(
            "chain_too_large",
            "{path} is larger than {limit} bytes.",
            "Choose a file that contains a chain.",
            path=path,
            limit=MAX_BYTES,
        )
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").rstrip()
    except UnicodeDecodeError as error:
        raise ChainError(
            "chain_not_text", "{path} is not UTF-8 text.", "Choose a file that contains a chain.", path=path
        ) from error
    if not text.strip():
        raise ChainError("chain_empty", "{path} is empty.", "Create it with `got plan`.", path=path)
    return Chain.parse(text)


def read_for(request: RenderRequest) -> Chain | None:
    """The chain in the request's file. Raises ChainError if it is unfinished or has no usable box."""
    if request.chain is None:
        return None
    chain = read(request.chain)
    if not chain.turns[-1].finished:
        raise ChainError(
            "chain_unfinished",
            "The chain in {path} does not end with a picture.",
            "End it with {token}.",
            path=request.chain,
            token=IM_GEN_START,
        )
    problem = chain.lost
    if problem and isinstance(request.drawing, EditOptions) and request.drawing.scope != "whole":
        raise ChainError(
            "chain_without_region",
            "No edit box in {path} can be used: {problem}",
            "Correct it, or add --scope whole to change the whole picture.",
            path=request.chain,
            problem=chain.note_of(problem),
        )
    return chain


def encode(chain: Chain) -> bytes:
    """The bytes of a chain file, as `read` expects them."""
    return f"{chain.text}\n".encode()
