"""Settings from the environment."""

from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from engine.settings import EngineSettings

GIVEN = {Path: "/somewhere", float: "2", int: "2", str: "int8"}


def test_every_setting_keeps_its_type(monkeypatch: pytest.MonkeyPatch):
    types = get_type_hints(EngineSettings)
    for name, kind in types.items():
        monkeypatch.setenv(f"GOT_ENGINE_{name.upper()}", GIVEN[kind])
    settings = EngineSettings.from_environment()
    found = {field.name: getattr(settings, field.name) for field in fields(settings)}
    assert found == {name: kind(GIVEN[kind]) for name, kind in types.items()}
    assert {name: isinstance(value, types[name]) for name, value in found.items()} == dict.fromkeys(types, True)


def test_what_is_not_set_is_the_default(monkeypatch: pytest.MonkeyPatch):
    for name in get_type_hints(EngineSettings):
        monkeypatch.delenv(f"GOT_ENGINE_{name.upper()}", raising=False)
    monkeypatch.setenv("GOT_ENGINE_QUEUE", "")
    assert EngineSettings.from_environment() == EngineSettings()


def test_a_value_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOT_ENGINE_QUEUE", "many")
    with pytest.raises(ValueError, match="many"):
        EngineSettings.from_environment()
