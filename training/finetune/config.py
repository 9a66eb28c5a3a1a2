"""The configuration of a fine-tuning: a strict TOML file, whose keys are declared here.

`got train --init` writes it with all keys and their meanings.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from engine.api.errors import OutputError, RequestError
from engine.api.notes import VALUE_TYPES

TUNED = ("lora", "full", "frozen")


def option(default: Any, about: str, least: float | None = None, choices: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
    """Declares a key of the file: its default, its meaning, and its minimum or its allowed values."""
    return field(default=default, metadata={"about": about, "least": least, "choices": choices})


def section(kind: type) -> Any:  # noqa: ANN401 - a dataclass field
    return field(default_factory=kind)


@dataclass(frozen=True)
class Adapter:
    """Which parts are trained, and how. If any part is trained in full, the output is a whole model, not an adapter."""

    rank: int = option(32, "rank of LoRA", 1)
    alpha: float = option(32.0, "LoRA's update is scaled by alpha / rank", 0)
    dropout: float = option(0.05, "dropout in LoRA", 0)
    planner: str = option("lora", "the language model's decoder", choices=TUNED)
    unet: str = option("lora", "the diffusion model", choices=TUNED)
    convolutions: bool = option(False, "LoRA on the unet's convolutions too, for new colors and textures")
    projectors: str = option("lora", "the projectors from the planner's query tokens to the unet", choices=TUNED)


@dataclass(frozen=True)
class Training:
    steps: int = option(1000, "optimizer steps", 1)
    batch_size: int = option(8, "pairs per step, in all processes together", 1)
    micro_batch: int = option(8, "pairs at a time on one device; gradients are accumulated over a step", 1)
    learning_rate: float = option(5e-5, "peak learning rate", 0)
    warmup: int = option(200, "steps up to the peak; then a cosine down", 0)
    weight_decay: float = option(0.05, "AdamW's weight decay", 0)
    betas: tuple[float, ...] = option((0.9, 0.98), "AdamW's betas")
    epsilon: float = option(1e-6, "AdamW's epsilon", 0)
    optimizer: str = option("adamw", "adamw8bit needs bitsandbytes and a GPU", choices=("adamw", "adamw8bit"))
    precision: str = option(
        "bfloat16",
        "precision of the forward pass; on a CPU that is slow in bfloat16, float32",
        choices=("float32", "bfloat16"),
    )
    gradient_checkpointing: bool = option(False, "takes less memory and a third more time")
    clip: float = option(1.0, "maximum gradient norm", 0)
    ema: float = option(0.0, "decay of the weights' moving average, which is exported; 0: export the last weights", 0)
    save_every: int = option(200, "steps between checkpoints", 1)
    keep: int = option(2, "checkpoints to keep", 1)
    tensorboard: bool = option(False, "write a TensorBoard log too")


@dataclass(frozen=True)
class Loss:
    chain: float = option(1.0, "weight of the chain's cross-entropy", 0)
    diffusion: float = option(1.0, "weight of the diffusion error", 0)
    drop: float = option(0.05, "share of each condition combination other than the full one", 0)
    noise_offset: float = option(0.1, "strength of a constant noise offset per channel", 0)
    min_snr: float = option(0.0, "gamma of min-SNR weighting; 0: none", 0)
    inside: float = option(0.0, "extra weight of the inside of the chain's boxes; 0: none", 0)
    only_inside: bool = option(False, "only the inside of the boxes counts")


@dataclass(frozen=True)
class Pictures:
    buckets: tuple[str, ...] = option((), 'sizes such as "1024x1024"; empty: the square that the base model draws')
    guidance: str = option(
        "spatial", "spatial: chain and boxes; chain: no boxes; none: neither", choices=("spatial", "chain", "none")
    )


@dataclass(frozen=True)
class Validation:
    share: float = option(0.1, "share of pairs to hold out", 0)
    every: int = option(500, "steps between validations", 1)
    samples: int = option(4, "held-out pairs that are planned and rendered; 0: none", 0)
    num_inference_steps: int = option(0, "denoising steps of a sample; 0: the model's own", 0)


@dataclass(frozen=True)
class FinetuneConfig:
    """The configuration of a fine-tuning. Raises RequestError if values contradict each other."""

    name: str = option("my-edit", "name of the adapter")
    base: str = option("got-mini", "the model to start from, by name or folder")
    data: str = option("pairs", "a folder from `got annotate`")
    output: str = option("my-edit", "where the adapter (or model) is written")
    license: str = option("unknown", "license of the data, stored in the adapter")
    seed: int = option(0, "seed of all random numbers", 0)
    adapter: Adapter = section(Adapter)
    training: Training = section(Training)
    loss: Loss = section(Loss)
    pictures: Pictures = section(Pictures)
    validation: Validation = section(Validation)

    def __post_init__(self) -> None:
        if self.training.batch_size % self.training.micro_batch:
            raise _invalid("training.batch_size must be a multiple of training.micro_batch.")
        if self.adapter.planner == self.adapter.unet == self.adapter.projectors == "frozen":
            raise _invalid("adapter: planner, unet and projectors are all frozen, so nothing would be trained.")
        if len(self.training.betas) != 2:
            raise _invalid("training.betas must be two numbers.")
        if self.loss.drop * 3 >= 1 or self.validation.share >= 1 or self.adapter.dropout >= 1:
            raise _invalid("loss.drop must be below 1/3, validation.share and adapter.dropout below 1.")
        for bucket in self.pictures.buckets:
            parse_bucket(bucket)

    @property
    def makes_adapter(self) -> bool:
        return "full" not in (self.adapter.planner, self.adapter.unet, self.adapter.projectors)


def parse_bucket(text: str) -> tuple[int, int]:
    """Returns (width, height) in pixels. Raises RequestError unless both are multiples of 8 and at least 64."""
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isdecimal() and int(side) >= 64 and int(side) % 8 == 0 for side in sides):
        raise _invalid(
            "pictures.buckets: “{text}” is not WIDTHxHEIGHT with multiples of 8, each at least 64.", text=text
        )
    return int(sides[0]), int(sides[1])


def is_recipe(path: Path) -> bool:
    """Returns whether a TOML file is a recipe with phases, which trains from scratch."""
    return "phases" in _table(path)


def load_config(path: Path) -> FinetuneConfig:
    """Returns the configuration in a TOML file. Raises RequestError with the name of a wrong key."""
    try:
        return _read(FinetuneConfig, _table(path), "")
    except RequestError as error:
        fault, advice = error.parts
        raise RequestError(error.code, "{path}: {fault}", "{advice}", path=path, fault=fault, advice=advice) from error


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RequestError(
            "config_not_found",
            "The configuration {path} does not exist.",
            "Create one with `got train --init {path}`.",
            path=path,
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(
            "recipe_broken", "{path} is not valid TOML: {error}.", "Correct that line.", path=path, error=error
        ) from error


def _read(kind: type, table: dict[str, Any], prefix: str) -> Any:  # noqa: ANN401
    known, types = {f.name: f for f in fields(kind)}, get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise _invalid("“{key}” is not a valid key. Valid keys: {names}.", key=prefix + key, names=", ".join(known))
        if is_dataclass(types[key]):
            if not isinstance(value, dict):
                raise _invalid("“{key}” must be a table, [{key}].", key=key)
            values[key] = _read(types[key], value, f"{key}.")
        else:
            values[key] = _value(value, types[key], prefix + key, known[key].metadata)
    return kind(**values)


def _value(value: Any, kind: Any, key: str, about: Any) -> Any:  # noqa: ANN401
    if kind is float and type(value) is int:
        value = float(value)
    if kind in (tuple[str, ...], tuple[float, ...]):
        inner = str if kind == tuple[str, ...] else float
        if not isinstance(value, list) or not all(isinstance(v, inner) for v in value):
            raise _invalid(
                "“{key}” must be a list of strings." if inner is str else "“{key}” must be a list of numbers.", key=key
            )
        return tuple(value)
    if type(value) is not kind:
        raise _invalid("“{key}” must be {kind}, not {value}.", key=key, kind=VALUE_TYPES[kind], value=repr(value))
    if about["choices"] and value not in about["choices"]:
        names = ", ".join(about["choices"])
        raise _invalid("“{key}” must be one of {names}, not “{value}”.", key=key, names=names, value=value)
    if about["least"] is not None and not value >= about["least"]:
        raise _invalid("“{key}” must be at least {least:g}, not {value}.", key=key, least=about["least"], value=value)
    return value


def _invalid(message: str, **values: object) -> RequestError:
    return RequestError(
        "config_invalid",
        message,
        "Correct it; `got train --init` writes a file that explains every key.",
        **values,
    )


def to_toml(config: FinetuneConfig) -> str:
    """Returns the configuration as TOML, each key with its meaning. `load_config` restores an equal configuration."""
    lines = ["# What `got train` is to do; docs/training.md explains it at length.", ""]
    top = [f for f in fields(config) if "about" in f.metadata]
    lines += [_line(f.name, getattr(config, f.name), f.metadata) for f in top]
    for part in fields(config):
        if part not in top:
            inner = getattr(config, part.name)
            lines += ["", f"[{part.name}]"]
            lines += [_line(f.name, getattr(inner, f.name), f.metadata) for f in fields(inner)]
    return "\n".join(lines) + "\n"


def _line(key: str, value: Any, about: Any) -> str:  # noqa: ANN401
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    choices = f" ({', '.join(about['choices'])})" if about["choices"] else ""
    return f"{key} = {text}  # {about['about']}{choices}"


def write_example(path: Path) -> None:
    """Writes a commented configuration with the defaults. Raises OutputError if the file exists."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(to_toml(FinetuneConfig()))
    except FileExistsError as error:
        raise OutputError("output_exists", "{path} already exists.", "Choose another file.", path=path) from error
    except OSError as error:
        raise OutputError(
            "output_not_writable",
            "{path} cannot be written: {reason}.",
            "Check its folder.",
            path=path,
            reason=error.strerror,
        ) from error


def facts(config: FinetuneConfig) -> dict[str, Any]:
    """Returns the configuration as JSON values, for an adapter's provenance."""
    return json.loads(json.dumps(asdict(config)))
