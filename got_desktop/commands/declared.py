"""Command-line options for the drawing options, with their flag, range, default and help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, Literal, Optional

import typer

from engine.api.options import Option, check, options_for, with_values


def with_drawing(command: Callable[..., None]) -> Callable[..., None]:
    """The command with one command-line option for each drawing option.

    `command` gets them as its keyword `drawing`, whose annotation is the dataclass that declares them.
    """
    signature = inspect.signature(command, eval_str=True)
    kind = signature.parameters["drawing"].annotation
    options = options_for("cli", kind)
    parameters: list[Parameter] = []
    for parameter in signature.parameters.values():
        parameters += [_parameter(option) for option in options] if parameter.name == "drawing" else [parameter]

    @wraps(command)
    def run(**arguments: Any) -> None:  # noqa: ANN401 - as the command's options are
        values = {option.name: arguments.pop(_name(option)) for option in options}
        drawing = with_values(kind(), values)
        check(drawing)
        command(**arguments, drawing=drawing)

    # typer reads both
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _flag(option: Option) -> str:
    return option.flag or f"--{option.name.replace('_', '-')}"


def _name(option: Option) -> str:
    return _flag(option).removeprefix("--").replace("-", "_")


def _parameter(option: Option) -> Parameter:
    kind: Any = Literal[tuple(choice.value for choice in option.choices)] if option.choices else option.type
    # the request checks the limits: its error says more than typer's
    limits = f" From {option.limits[0]} to {option.limits[1]}." if option.limits else ""
    about = typer.Option(_flag(option), help=option.sentence + limits, rich_help_panel="Drawing")
    annotation = Annotated[Optional[kind] if option.optional else kind, about]  # noqa: UP045 - a type at run time
    return Parameter(_name(option), Parameter.KEYWORD_ONLY, default=option.default, annotation=annotation)
