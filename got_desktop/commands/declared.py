"""The options of a command that its drawing options declare: flag, range, default and help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, Literal, Optional

import typer

from engine.api.options import Option, options_for, with_values


def with_drawing(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option of its own for each drawing option.

    `command` takes them together as its keyword `drawing`, whose annotation is the dataclass that declares them.
    """
    signature = inspect.signature(command, eval_str=True)
    kind = signature.parameters["drawing"].annotation
    options = options_for("cli", kind)
    parameters: list[Parameter] = []
    for parameter in signature.parameters.values():
        parameters += [_parameter(one) for one in options] if parameter.name == "drawing" else [parameter]

    @wraps(command)
    def run(**arguments: Any) -> None:  # noqa: ANN401 - as the command's options are
        values = {one.name: arguments.pop(_name(one)) for one in options}
        command(**arguments, drawing=with_values(kind(), values))

    # typer reads both
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _flag(one: Option) -> str:
    return one.flag or f"--{one.name.replace('_', '-')}"


def _name(one: Option) -> str:
    return _flag(one).removeprefix("--").replace("-", "_")


def _parameter(one: Option) -> Parameter:
    kind: Any = Literal[tuple(choice.value for choice in one.choices)] if one.choices else one.type
    # a dataclass that is nested refuses a wrong value itself, also one that is not a number
    limits: dict[str, Any] = {"min": one.least, "max": one.most} if len(one.path) == 1 else {}
    about = typer.Option(_flag(one), help=one.sentence, rich_help_panel="Drawing", **limits)
    annotation = Annotated[Optional[kind] if one.optional else kind, about]  # noqa: UP045 - a type at run time
    return Parameter(_name(one), Parameter.KEYWORD_ONLY, default=one.default, annotation=annotation)
