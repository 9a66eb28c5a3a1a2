"""Errors and notes in the app's language."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QLocale, QTranslator

from engine.api import language
from engine.api.chain import NO_REGION, Chain
from engine.api.errors import EngineError
from engine.api.notes import Note
from engine.api.protocol import PlanRequest
from engine.api.runtime import locked
from engine.imaging.decode import decode, read_image
from engine.imaging.save import check_size, check_writable
from engine.models.convert import import_released
from got_desktop import doctor
from got_desktop.app import set_language
from got_desktop.model import pictures
from got_desktop.model.messages import Message


@pytest.fixture
def german(qapp) -> Iterator[None]:
    set_language(qapp, "de")
    yield
    QLocale.setDefault(QLocale.system())
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)


def error_of(call: Callable[[], object]) -> EngineError:
    with pytest.raises(EngineError) as info:
        call()
    return info.value


def test_real_errors_are_translated(german, golden, tmp_path):
    (tmp_path / ".mine.partial").mkdir(0o700)
    Image.new("RGB", (3, 3)).save(tmp_path / "small.png")
    (tmp_path / "bad.ora").write_bytes(b"PK no")
    missing = tmp_path / "missing.png"
    calls = [
        lambda: read_image(missing),
        lambda: read_image(tmp_path),
        lambda: read_image(tmp_path / "small.png"),
        lambda: decode(b"", "x.png"),
        lambda: decode(b"no picture", "x.png"),
        lambda: pictures.read(tmp_path / "bad.ora"),
        lambda: check_writable(tmp_path / "a.xyz", True),
        lambda: check_writable(tmp_path / "none" / "a.png", True),
        lambda: check_size(tmp_path / "a.jpg", (70_000, 3)),
        lambda: PlanRequest(instruction=" "),
        lambda: PlanRequest(instruction="x" * 3000),
    ]
    with locked(tmp_path / ".mine.partial" / "lock", 0.0):
        running = error_of(lambda: import_released(golden, tmp_path / "mine"))
    for error in (*map(error_of, calls), running):
        message, remedy = language.words(error)
        assert message != error.message and remedy != error.remedy, error
    assert Message.of(error_of(calls[0])).text == f"Es gibt keine Datei {missing}."
    problem = Chain.parse("A boat <|box_start|>(9,9),(1,1)<|box_end|>.").problems[0]
    assert language.words(problem) == (
        "„(9,9),(1,1)“ hat keine Fläche im Bild.",
        "Nennen Sie die linke obere Ecke zuerst, mit Koordinaten von 0 bis 1000.",
    )


def test_notes_and_findings_are_translated(german, tmp_path, monkeypatch):
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "two.webp", save_all=True, append_images=frames[1:], lossless=True)
    frames[0].convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.new("I;16", (64, 64)).save(tmp_path / "deep.png")
    notes = [note for name in ("two.webp", "cmyk.jpg", "deep.png") for note in read_image(tmp_path / name).notes]
    assert len(notes) == 3 and all(language.note(note) != note.text for note in (*notes, NO_REGION))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "krita").mkdir()
    monkeypatch.setattr(doctor, "_DISK_NEEDED", 1e18)
    findings = [doctor._python(), doctor._memory(), doctor._disk(), doctor._shipped_model()]
    findings += doctor._plugin("Krita plug-in")
    assert len(findings) > 4
    for finding in findings:
        notes = [note for note in (*finding.notes, finding.remedy, finding.hint) if note and note.template]
        assert notes and all(language.note(note) != note.text for note in notes), finding
    size = Note.of("memory", "{size:.1f} GB in total", size=16.4)
    assert (size.text, language.note(size)) == ("16.4 GB in total", "16,4 GB insgesamt")


def test_unknown_texts_are_shown_unchanged(german):
    assert language.words(EngineError("newer_code", "What.", "{x} in braces")) == ("What.", "{x} in braces")
    assert (
        language.note(Note("The file has 3 pages; only the first is used."))
        == "The file has 3 pages; only the first is used."
    )
    assert language.note(Note("cpu, 1 thread")) == "cpu, 1 Thread"


def test_the_language_can_change_while_the_app_is_running(german, qapp):
    error = EngineError("image_not_found", "There is no file {path}.", "", path=Path("a.png"))
    assert Message.of(error).text == "Es gibt keine Datei a.png."
    set_language(qapp, "en")
    assert Message.of(error).text == "There is no file a.png."
