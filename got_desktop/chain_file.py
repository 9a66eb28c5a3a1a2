"""A chain as a text file, which people correct."""

from __future__ import annotations

from pathlib import Path

from engine.api.chain import IM_GEN_START, Chain
from engine.api.errors import ChainError
from engine.api.protocol import EditOptions
from got_desktop import chain_words
from got_desktop.requests import RenderRequest

MAX_BYTES = 100_000


def read(path: Path) -> Chain:
    """The chain in a text file. Raises ChainError where there is none; problems inside stay in `Chain.problems`."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except FileNotFoundError as error:
        raise ChainError("chain_not_found", f"There is no file {path}.", "Make it with `got plan`.") from error
    except OSError as error:
        raise ChainError(
            "chain_unreadable", f"{path} cannot be read: {error.strerror}.", "Name a text file."
        ) from error
    if data is None:
        raise ChainError("chain_too_large", f"{path} is larger than {MAX_BYTES} bytes.", "Name the file of a chain.")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").rstrip()
    except UnicodeDecodeError as error:
        raise ChainError("chain_not_text", f"{path} is not a text in UTF-8.", "Name the file of a chain.") from error
    if not text.strip():
        raise ChainError("chain_empty", f"{path} is empty.", "Make it with `got plan`.")
    return Chain.parse(text)


def read_for(request: RenderRequest) -> Chain | None:
    """The chain of the request's file. Raises ChainError for one that is not finished or has no box left to use."""
    if request.chain is None:
        return None
    chain = read(request.chain)
    if not chain.turns[-1].finished:
        raise ChainError(
            "chain_unfinished", f"{request.chain} ends before its picture.", f"End it with {IM_GEN_START}."
        )
    lost = chain.lost
    if lost and isinstance(request.drawing, EditOptions) and request.drawing.scope != "whole":
        raise ChainError(
            "chain_without_region",
            f"No box of {request.chain} can be used: {chain_words.problem_line(chain, lost)}",
            "Mend it, or add --scope whole to change the whole picture.",
        )
    return chain


def encode(chain: Chain) -> bytes:
    """The file that `read` reads."""
    return f"{chain.text}\n".encode()
