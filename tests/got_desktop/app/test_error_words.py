"""Errors in the user's language: what they name is kept, and no template is of words that nobody says."""

import re
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QTranslator

from engine.api.chain import Chain
from engine.api.errors import EngineError
from engine.api.protocol import PlanRequest
from engine.api.runtime import locked
from engine.imaging.decode import decode, read_image
from engine.imaging.save import check_size, check_writable
from engine.models.convert import import_released
from got_desktop import doctor
from got_desktop.app import TRANSLATIONS
from got_desktop.model import pictures
from got_desktop.model.error_words import LINES, TEMPLATES, line, words
from got_desktop.model.messages import Message

BY_CASE = "|".join(
    (
        "(?<=The )(instruction|caption)",
        "(?<=is )(?=more)",
        "(?<=} )(pages|frames of animation)",
        "picture-book.* are(?=;)",
        r"(?<=from now on ).*(?=\. It is)",
        "^(installed|not installed|out of date|not ours)(?= in {folder}$)",
    )
)
"""What the program fills into its words, or says for a part of them only."""


@pytest.fixture
def german(qapp) -> Iterator[None]:
    translator = QTranslator()
    assert translator.load(str(TRANSLATIONS / "got_de.qm"))
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


def caught(call: Callable[[], object]) -> EngineError:
    with pytest.raises(EngineError) as found:
        call()
    return found.value


def test_real_errors_are_said_in_german(german, golden, tmp_path):
    (tmp_path / ".mine.partial").mkdir(0o700)
    Image.new("RGB", (3, 3)).save(tmp_path / "small.png")
    (tmp_path / "bad.ora").write_bytes(b"PK no")
    missing = tmp_path / "missing.png"
    tries = [
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
        running = caught(lambda: import_released(golden, tmp_path / "mine"))
    for error in (*map(caught, tries), running):
        message, remedy = words(error)
        assert message != error.message and remedy != error.remedy, error
    assert Message.of(caught(tries[0])).text == f"Es gibt keine Datei {missing}."
    problem = Chain.parse("A boat <|box_start|>(9,9),(1,1)<|box_end|>.").problems[0]
    assert words(problem) == (
        "„(9,9),(1,1)“ hat keine Fläche im Bild.",
        "Nennen Sie die linke obere Ecke zuerst, beide von 0 bis 1000.",
    )


def test_notes_and_findings_are_said_in_german(german, tmp_path, monkeypatch):
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "two.webp", save_all=True, append_images=frames[1:], lossless=True)
    frames[0].convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.new("I;16", (64, 64)).save(tmp_path / "deep.png")
    notes = [note for name in ("two.webp", "cmyk.jpg", "deep.png") for note in read_image(tmp_path / name).notes]
    assert len(notes) == 3 and all(line(note) != note for note in notes), [line(note) for note in notes]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "krita").mkdir()
    monkeypatch.setattr(doctor, "_DISK_NEEDED", 1e18)
    findings = [doctor._python(), doctor._memory(), doctor._disk(), doctor._shipped_model()]
    findings += doctor._plugin("Krita plug-in")
    for finding in findings:
        said = [text for text in (finding.found, finding.remedy, finding.hint) if text]
        assert all(line(text) != text for text in said), finding
    assert line("cuda:0 Card; cpu, 1 thread") == "cuda:0 Card; cpu, 1 Thread"


def test_other_words_stay_as_they_are(german):
    assert words(EngineError("newer_code", "What.", "Do.")) == ("What.", "Do.")
    assert words(EngineError("image_broken", "Said otherwise.", "{x} in braces")) == (
        "Said otherwise.",
        "{x} in braces",
    )


def test_every_template_is_of_words_that_are_said(root):
    folders = ("engine", "got_desktop", "plugins")
    files = [file for name in folders for file in (root / name).rglob("*.py") if file.name != "error_words.py"]
    files.append(root / "resources/models/got-mini/got.json")
    said = " ".join(" ".join(file.read_text(encoding="utf-8") for file in files).split())
    said = re.sub(r'(?<= )" f?"', "", said)  # strings over several lines
    assert all(f'"{code}"' in said for code in TEMPLATES)
    for template in (str(one) for many in (LINES, *TEMPLATES.values()) for one in many):
        parts = [part.strip() for part in re.split(r"\{\w+\}", re.sub(BY_CASE, "{what}", template))]
        assert all(part in said for part in parts), template
