"""A drawing option is declared in one place; a new one appears in every host, in files and in OpenAPI."""

import json
import sys
from dataclasses import dataclass
from enum import KEEP, IntFlag
from importlib import import_module
from math import inf
from types import ModuleType, SimpleNamespace

import pytest
import typer
from pydantic import TypeAdapter
from typer.testing import CliRunner

from engine.api.encoding import dumps, loads
from engine.api.errors import RequestError
from engine.api.options import option, values
from engine.api.protocol import EditOptions, EditRequest
from engine.jobs.tasks import facts_of
from got_desktop.commands.declared import with_drawing
from got_desktop.model.settings import Drawing
from plugins.common.jobs import Settings

IMAGE = "0" * 64


@dataclass(frozen=True, kw_only=True)
class More(EditOptions):
    """An edit's options and one that the project does not have."""

    sharpen: float = option(
        0.25,
        label="_Sharpen",
        hint="How much sharper the edit becomes",
        group="mask",
        least=0,
        most=1,
        percent=True,
        unit=" %",
        slider=100,
    )


@dataclass(frozen=True, kw_only=True)
class Request(More, EditRequest):
    pass


@dataclass(frozen=True, kw_only=True)
class AppDrawing(More, Drawing):
    pass


@dataclass(frozen=True, kw_only=True)
class PluginSettings(More, Settings):
    pass


def test_requests_and_openapi():
    request = Request(instruction="x", image=IMAGE, sharpen=0.5)
    assert loads(Request, dumps(request)) == request
    with pytest.raises(RequestError, match=r"The sharpen is out of range: 2\.0\. Use a value from 0 to 1\."):
        Request(instruction="x", image=IMAGE, sharpen=2.0)
    schema = TypeAdapter(Request).json_schema()["properties"]["sharpen"]
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (0, 1, 0.25)
    assert schema["description"] == "How much sharper the edit becomes."


def test_facts():
    request = Request(instruction="x", image=IMAGE, sharpen=0.5)
    assert facts_of(More, request, {"guidance_scales": request.guidance_scales})["sharpen"] == 0.5


def test_command_line():
    calls = []

    @with_drawing
    def edit(*, drawing: More) -> None:
        calls.append(drawing)

    app, runner = typer.Typer(), CliRunner(env={"COLUMNS": "200"})
    app.command()(edit)
    assert "--sharpen" in (output := runner.invoke(app, ["--help"]).output) and "How much sharper" in output
    assert runner.invoke(app, ["--sharpen", "0.75", "--steps", "3"]).exit_code == 0
    refused = runner.invoke(app, ["--sharpen", "1.5"]).exception
    assert isinstance(refused, RequestError) and "Use a value from 0 to 1." in str(refused)
    assert calls == [More(sharpen=0.75, num_inference_steps=3)]


def test_presets_and_history():
    drawing = AppDrawing(sharpen=0.75, seed=7, width=64).with_values(semantic=2.0)
    data = json.loads(json.dumps(drawing.to_json()))
    assert data["sharpen"] == 0.75 and data["semantic"] == 2.0
    assert AppDrawing.from_json(data) == drawing
    assert Drawing.from_json(data) == Drawing(seed=7, width=64).with_values(semantic=2.0)  # read by an older version


def test_app(qtbot, tmp_path):
    from got_desktop.background import Background
    from got_desktop.model.engine_link import EngineLink
    from got_desktop.model.session import Session
    from got_desktop.ui.drawing_panel import DrawingPanel
    from got_desktop.ui.option_fields import NumberField

    background = Background()
    session = Session(tmp_path, background, EngineLink(background))
    session.preferences.configure(drawing=AppDrawing())
    panel = DrawingPanel(session)
    qtbot.addWidget(panel)
    field = panel.fields["sharpen"]
    assert isinstance(field, NumberField) and field.slider is not None
    assert panel.labels["sharpen"].text() == "Sharpen" and field.toolTip() == "How much sharper the edit becomes"
    assert field.spin.text() == "25 %" and field.slider.maximum() == 100
    field.spin.setValue(50)
    assert values(session.preferences.drawing)["sharpen"] == 0.5 and field.slider.value() == 50
    session.preferences.draw_with(sharpen=1.0)
    assert field.spin.value() == 100


def _stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **contents: object) -> None:
    """Adds a module that only the host has."""
    module = ModuleType(name)
    vars(module).update(contents)
    monkeypatch.setitem(sys.modules, name, module)


def test_gimp(monkeypatch):
    calls = {}
    procedure = SimpleNamespace(
        add_double_argument=lambda name, *about: calls.update({name: about}),
        add_int_argument=lambda name, *about: calls.update({name: about}),
        add_string_argument=lambda name, *about: calls.update({name: about}),
    )
    flags = IntFlag("ParamFlags", {"READWRITE": 3, "LAX_VALIDATION": 8}, boundary=KEEP)
    _stand_in(monkeypatch, "gi")
    _stand_in(monkeypatch, "gi.repository", Gimp=SimpleNamespace(), GObject=SimpleNamespace(ParamFlags=flags))
    from plugins.gimp import arguments

    arguments.add(procedure, More)
    masks = ["scope", "feather", "grow", "sharpen"]
    assert list(calls) == ["candidates", "seed", "steps", "semantic", "spatial", "reference", *masks]
    assert calls["sharpen"][:2] == ("_Sharpen", "How much sharper the edit becomes (0 to 1)")
    assert calls["sharpen"][2:5] == (-inf, inf, 0.25)  # GIMP allows every value, and our own check refuses it
    assert calls["scope"][1:3] == ("Which part of the picture may change (boxes, spill, whole)", "boxes")
    assert [one.name for one in arguments.of(More, first=True)] == ["candidates", "scope"]
    assert "sharpen" in [one.name for one in arguments.of(More, first=False)]
    answers = {"sharpen": 0.5, "steps": -1, "semantic": -1.0, "scope": "spill"}
    config = SimpleNamespace(
        get_property=answers.get,
        list_properties=lambda: [SimpleNamespace(get_name=lambda name=name: name) for name in answers],
    )
    assert arguments.read(config, More) == {"sharpen": 0.5, "steps": None, "semantic": None, "scope": "spill"}
    answers["scope"] = "everything"
    with pytest.raises(RequestError, match="Scope “everything” does not exist. Use one of these: boxes, spill, whole."):
        arguments.read(config, More)


def test_krita(monkeypatch, qtbot, root):
    from PySide6 import QtCore, QtWidgets

    settings_file = {"semantic": "2.5", "grow": "7", "scope": "spill"}
    krita = SimpleNamespace(
        writeSetting=lambda group, name, value: settings_file.update({name: value}),
        readSetting=lambda group, name, default: settings_file.get(name, default),
    )
    _stand_in(monkeypatch, "krita", Krita=SimpleNamespace(instance=lambda: krita))
    _stand_in(monkeypatch, "plugins.krita", __path__=[str(root / "plugins" / "krita")])
    _stand_in(monkeypatch, "plugins.krita.qt", Qt=QtCore.Qt, QtWidgets=QtWidgets)
    more = import_module("plugins.krita.more")
    monkeypatch.setattr(more, "Settings", PluginSettings)
    form = more.More(More)
    qtbot.addWidget(form)
    field = form.fields["sharpen"]
    assert (field.accessibleName(), field.text(), field.toolTip()) == (
        "Sharpen",
        "25 %",
        "How much sharper the edit becomes",
    )
    field.setValue(50)
    settings = form.settings()
    assert (settings.sharpen, settings.grow, settings.scope, settings.guidance_scales.semantic) == (
        0.5,
        7,
        "spill",
        2.5,
    )
    assert settings_file["sharpen"] == "50" and settings_file["grow"] == "7" and settings_file["spatial"] == "-0.5"
