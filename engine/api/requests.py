"""Requests to the engine. An invalid request cannot be created: `__post_init__` raises RequestError.

Requests contain no file names: pictures are identified by the hash of their bytes, models and adapters by their names
in the catalog. Standard library only, Python 3.10.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from engine.api.chain import IM_GEN_START, Chain
from engine.api.drawing import EditOptions, GenerateOptions
from engine.api.errors import RequestError
from engine.api.options import check
from engine.api.selection import Selection

MAX_INSTRUCTION = 2000
"""Maximum characters of an instruction or caption. Real ones are far shorter, and the planner reads all of it."""
MAX_CHAIN = 100_000
"""Maximum characters of a chain."""
MAX_ADAPTERS = 8

_BAD_NAME = {
    "adapter": "“{name}” is not a valid adapter name.",
    "client": "“{name}” is not a valid client name.",
    "model": "“{name}” is not a valid model name.",
}
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^/\\\x00-\x1f\x7f.][^/\\\x00-\x1f\x7f]{0,99}")


@dataclass(frozen=True)
class Challenge:
    """Asks an engine to prove that it knows the token of its runtime file, before the token is sent to it."""

    nonce: str
    """64 hexadecimal digits, never used twice."""

    def __post_init__(self) -> None:
        _demand(
            _IMAGE_ID.fullmatch(self.nonce) is not None, "nonce_wrong", "The nonce must be 64 hexadecimal digits.", ""
        )


@dataclass(frozen=True)
class AdapterUse:
    """An adapter of the catalog and its weight, -4 to 4."""

    name: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_name("adapter", self.name)
        valid = math.isfinite(self.weight) and abs(self.weight) <= 4
        _demand(
            valid,
            "adapter_weight_out_of_range",
            "The adapter's weight is out of range: {weight}.",
            "Use a value from -4 to 4.",
            weight=self.weight,
        )


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Plan the chain for an edit of `image`, or for a new picture from a caption if `image` is None."""

    instruction: str
    image: str | None = None
    """ID returned by an upload."""
    model: str = "got-mini"
    """A name in the catalog."""
    adapters: tuple[AdapterUse, ...] = ()
    device: str = "auto"
    """ "auto", "cpu", "cuda", "cuda:1", "mps", …"""
    selection: Selection | None = None

    def __post_init__(self) -> None:
        check_words("caption" if self.image is None else "instruction", self.instruction)
        _check_image(self.image)
        _check_name("model", self.model)
        _check_adapters(self.adapters)
        _check_device(self.device)
        _demand(
            self.selection is None or self.image is not None,
            "selection_without_image",
            "There is a selection but no picture.",
            "Add the picture to the request.",
        )


@dataclass(frozen=True, kw_only=True)
class _Instruction:
    instruction: str


@dataclass(frozen=True, kw_only=True)
class _Edit(_Instruction):
    image: str


@dataclass(frozen=True, kw_only=True)
class _Drawing:
    """What is drawn, and the model that draws it. Options say how."""

    chain: str | None = None
    """Drawn exactly as it is, whether a model wrote it or a user corrected it. None: plan first."""
    model: str = "got-mini"
    adapters: tuple[AdapterUse, ...] = ()
    device: str = "auto"

    def _check_drawing(self) -> None:
        _check_name("model", self.model)
        _check_adapters(self.adapters)
        _check_device(self.device)
        check(self)
        if self.chain is not None:
            _check_chain(self.chain)


@dataclass(frozen=True, kw_only=True)
class EditRequest(EditOptions, _Drawing, _Edit):
    """Edit a picture by instruction."""

    selection: Selection | None = None

    def __post_init__(self) -> None:
        check_words("instruction", self.instruction)
        _check_image(self.image)
        self._check_drawing()


@dataclass(frozen=True, kw_only=True)
class GenerateRequest(GenerateOptions, _Drawing, _Instruction):
    """Draw a new picture from a caption."""

    def __post_init__(self) -> None:
        check_words("caption", self.instruction)
        self._check_drawing()


@dataclass(frozen=True, kw_only=True)
class LoadRequest:
    """Load a model now, so that the first job does not have to wait."""

    model: str
    adapters: tuple[AdapterUse, ...] = ()
    device: str = "auto"

    def __post_init__(self) -> None:
        _check_name("model", self.model)
        _check_adapters(self.adapters)
        _check_device(self.device)


@dataclass(frozen=True)
class UnloadRequest:
    """Release the device's memory."""


JobRequest = PlanRequest | EditRequest | GenerateRequest | LoadRequest | UnloadRequest
REQUESTS: dict[str, type[JobRequest]] = {
    "plan": PlanRequest,
    "edit": EditRequest,
    "generate": GenerateRequest,
    "load": LoadRequest,
    "unload": UnloadRequest,
}
"""Kind of job -> its request."""


@dataclass(frozen=True)
class LeaseRequest:
    """Keep the engine running for a client."""

    client: str = "client"
    """The client's name, for people to read."""

    def __post_init__(self) -> None:
        _check_name("client", self.client)


# invariants


def _demand(valid: bool, code: str, message: str, remedy: str, **values: object) -> None:
    if not valid:
        raise RequestError(code, message, remedy, **values)


def check_words(what: Literal["caption", "instruction"], words: str) -> None:
    """Raises RequestError for words that are empty, too long, or contain invalid characters."""
    caption = what == "caption"
    _demand(
        bool(words.strip()),
        "instruction_empty",
        "The caption is empty." if caption else "The instruction is empty.",
        "Describe what you want to see." if caption else "Describe what should change.",
    )
    _demand(
        not any("\ud800" <= character <= "\udfff" for character in words),
        "text_not_unicode",
        "The caption contains an invalid character." if caption else "The instruction contains an invalid character.",
        "Type or paste it again.",
    )
    _demand(
        len(words) <= MAX_INSTRUCTION,
        "instruction_too_long",
        "The caption is too long: {count} characters."
        if caption
        else "The instruction is too long: {count} characters.",
        "Use at most {limit} characters.",
        count=len(words),
        limit=MAX_INSTRUCTION,
    )


def _check_chain(text: str) -> None:
    _demand(bool(text.strip()), "chain_empty", "The chain is empty.", "Plan first, or write a chain by hand.")
    _demand(
        len(text) <= MAX_CHAIN,
        "chain_too_long",
        "The chain is too long.",
        "Use at most {limit} characters.",
        limit=MAX_CHAIN,
    )
    _demand(
        Chain.parse(text).turns[-1].finished,
        "chain_unfinished",
        "The chain does not end with a picture.",
        "End it with {token}.",
        token=IM_GEN_START,
    )


def _check_image(image: str | None) -> None:
    valid = image is None or _IMAGE_ID.fullmatch(image) is not None
    _demand(
        valid, "image_id_wrong", "This is not a valid picture ID.", "Upload the picture and use the ID in the reply."
    )


def _check_name(what: str, name: str) -> None:
    _demand(
        _NAME.fullmatch(name) is not None,
        f"{what}_name_wrong",
        _BAD_NAME[what],
        "Use a name of at most 100 characters, not a path.",
        name=name[:100],
    )


def _check_adapters(adapters: tuple[AdapterUse, ...]) -> None:
    names = [adapter.name for adapter in adapters]
    _demand(
        len(names) <= MAX_ADAPTERS,
        "adapters_too_many",
        "There are too many adapters.",
        "Use at most {limit}.",
        limit=MAX_ADAPTERS,
    )
    _demand(len(set(names)) == len(names), "adapter_twice", "An adapter is listed twice.", "List each adapter once.")


def _check_device(device: str) -> None:
    _demand(
        re.fullmatch(r"[a-z]{1,16}(:\d{1,3})?", device) is not None,
        "device_unknown",
        "There is no device “{device}” on this machine.",
        "Use auto or cpu; `got doctor` lists the devices.",
        device=device[:40],
    )
