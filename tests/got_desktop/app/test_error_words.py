"""Errors in the user's language: what they name is kept, and no template is of words that nobody says."""

import re
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QTranslator

from engine.api.chain import Chain
from engine.api.errors import EngineError
from engine.api.protocol import PlanRequest
from engine.imaging.decode import decode, read_image
from engine.imaging.save import check_size, check_writable
from got_desktop.app import TRANSLATIONS
from got_desktop.model import pictures
from got_desktop.model.error_words import TEMPLATES, words
from got_desktop.model.messages import Message


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


def test_real_errors_are_said_in_german(german, tmp_path):
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
        lambda: check_writable(tmp_path / "a.xyz", True, pictures.SAVE_SUFFIXES),
        lambda: check_writable(tmp_path / "none" / "a.png", True),
        lambda: check_size(tmp_path / "a.jpg", (70_000, 3)),
        lambda: PlanRequest(" "),
        lambda: PlanRequest("x" * 3000),
    ]
    for call in tries:
        error = caught(call)
        message, remedy = words(error)
        assert message != error.message and remedy != error.remedy, error
    assert Message.of(caught(tries[0])).text == f"Es gibt keine Datei {missing}."
    problem = Chain.parse("A boat <|box_start|>(9,9),(1,1)<|box_end|>.").problems[0]
    assert words(problem) == ("„(9,9),(1,1)“ hat kein Inneres.", "Nennen Sie die linke obere Ecke zuerst.")


def test_other_words_stay_as_they_are(german):
    assert words(EngineError("newer_code", "What.", "Do.")) == ("What.", "Do.")
    assert words(EngineError("image_broken", "Said otherwise.", "{x} in braces")) == (
        "Said otherwise.",
        "{x} in braces",
    )


def test_every_template_is_of_words_that_are_said(root):
    folders = ("engine", "got_desktop")
    files = [file for name in folders for file in (root / name).rglob("*.py") if file.name != "error_words.py"]
    said = " ".join(" ".join(file.read_text(encoding="utf-8") for file in files).split())
    for code, templates in TEMPLATES.items():
        assert f'"{code}"' in said
        for template in map(str, templates):
            # what the program fills in, or says for a part of them only
            filled = re.sub("(?<=The )(instruction|caption)|(?<=is )(?=more)", "{what}", template)
            parts = [part.strip() for part in re.split(r"\{\w+\}", filled)]
            assert all(part in said for part in parts), (code, template)
