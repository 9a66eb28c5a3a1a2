"""After a kill, the next window brings back the unsaved work and the job that was running."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.got_desktop.app.conftest import SEA, answer, dialog, errors
from tests.got_desktop.app.windows import WINDOW, start


def test_unsaved_work_of_a_killed_window_is_recovered(make_window, qtbot, data):
    script = (
        WINDOW
        + """
from engine.api.chain import Box
window.session.recovery.start()
window.session.preferences.instruction = "a hat, please"
window.session.files.open(Path(sys.argv[2]))
while not window.session.document.is_open or window.session.document.busy:
    application.processEvents()
window.session.review.add_box(Box(100, 100, 300, 300), "a hat")
while not (window.session.recovery.folder / "note.json").exists():
    application.processEvents()
print("kept", flush=True)
time.sleep(100)
"""
    )
    with start(script, data, SEA) as child:
        assert child.stdout is not None and child.stdout.readline() == "kept\n"
        os.kill(child.pid, signal.SIGKILL)
    window = make_window(data)
    answer(qtbot, "Restore")
    qtbot.waitUntil(lambda: window.session.document.is_open and not window.session.document.busy)
    session, plan = window.session, window.session.review.plan
    assert [region.phrase for region in plan.chain.boxes] == ["a hat"] and plan.marks[0].by_user
    assert session.preferences.instruction == "a hat, please"
    assert session.document.modified and session.document.path == SEA
    qtbot.waitUntil(lambda: len(list((data / "open").iterdir())) == 1)


DRAWING = (
    WINDOW
    + """
session = window.session
session.recovery.start()
session.preferences.instruction = sys.argv[2]
session.preferences.draw_with(candidates=2, new_picture=not sys.argv[3:])
if sys.argv[3:]:
    session.files.open(Path(sys.argv[3]))
    while not session.document.is_open or session.document.busy:
        application.processEvents()
getattr(session, {how!r})()
note = session.recovery.folder / "note.json"
while not note.exists() or not session.work.job or session.work.job not in note.read_text():
    application.processEvents()
print("drawing", flush=True)
time.sleep(100)
"""
)


@pytest.mark.parametrize(
    ("how", "words", "pictures"),
    [
        ("run_both", "turn the red car purple", [SEA]),
        ("run_both", "a red car on a meadow", []),
        ("run_plan", "turn the red car purple", [SEA]),
    ],
    ids=["an edit", "a new picture", "a plan"],
)
def test_the_job_of_a_killed_window_is_found_again(
    make_window, qtbot, data, how: str, words: str, pictures: list[Path]
):
    with start(DRAWING.format(how=how), data, words, *pictures) as child:
        assert child.stdout is not None and child.stdout.readline() == "drawing\n"
        os.kill(child.pid, signal.SIGKILL)
    window = make_window(data)
    answer(qtbot, "Restore")
    session = window.session
    qtbot.waitUntil(lambda: session.work.busy or session.work.results is not None or not session.review.plan.empty)
    qtbot.waitUntil(lambda: not session.work.busy)
    origin = session.document.state.plan.origin
    assert (origin.instruction, origin.task) == (words, "edit" if pictures else "text_to_image")
    assert errors(window) == []
    if how == "run_plan":
        assert session.work.results is None and session.preferences.instruction == words
        return
    assert session.work.results is not None and len(session.work.results.candidates) == 2
    qtbot.waitUntil(lambda: bool(session.history.find()))
    assert [entry.job for entry in session.history.find()] == [session.work.results.job]
    session.history.add(session.history.find()[0])  # as another start after another crash would
    assert len(session.history.find()) == 1
    window.editor.accept()
    assert session.document.is_open


def test_older_unsaved_work_is_offered_after_the_latest_and_deleted_alone(make_window, qtbot, data):
    for number, name in enumerate(("older.png", "latest.png")):
        folder = data / "open" / name
        folder.mkdir(parents=True)
        note = {"plan": {"chain": "", "marks": []}, "path": str(data / name), "instruction": "", "job": ""}
        (folder / "note.json").write_text(json.dumps(note))
        os.utime(folder / "note.json", (number + 1, number + 1))
    make_window(data)
    assert "latest.png" in dialog(qtbot).text()
    answer(qtbot, "Delete")
    assert "older.png" in dialog(qtbot).text()
    qtbot.waitUntil(lambda: not (data / "open" / "latest.png").exists())
    answer(qtbot, "Later")
    assert (data / "open" / "older.png").exists()
