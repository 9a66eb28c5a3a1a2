"""The adapters on this machine, and the ones that `got` uses."""

from __future__ import annotations

from pathlib import Path


def own_folder() -> Path:
    """The folder that holds the adapters."""
    from engine.models.adapters import user_adapters

    return user_adapters()


def in_use() -> tuple[tuple[str, float], ...]:
    """(name, weight) of each adapter that `got model use` selected."""
    from engine.models.adapters import used_adapters

    return tuple(used_adapters())


def use(adapter: str, weight: float) -> str:
    """Selects an adapter by name or folder and returns its name. Raises ModelError."""
    from engine.models.adapters import use_adapter

    return use_adapter(adapter, weight)


def use_none() -> None:
    from engine.models.adapters import use_no_adapter

    use_no_adapter()
