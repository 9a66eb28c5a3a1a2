"""`python docs/screenshots/make.py`: takes the pictures of this folder, light and dark, at single and double scale.

Each look is a process of its own, because Qt reads the scale at its start. It runs without a screen, on a real engine
with the model that ships.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QPixmap

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.api.protocol import Selection  # noqa: E402
from got_desktop.app import make_application, open_window  # noqa: E402
from got_desktop.model.samples import samples  # noqa: E402
from got_desktop.model.settings import data_folder  # noqa: E402
from got_desktop.ui.editor import Editor  # noqa: E402
from got_desktop.ui.registry import PAGES  # noqa: E402
from got_desktop.ui.theme import follow  # noqa: E402

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
SIZE = (1440, 900)
PATIENCE = 180.0


def every_look() -> None:
    """Of a copy of the program in a home of its own: the pictures show no path of the machine they are taken on."""
    with tempfile.TemporaryDirectory() as home:
        program = Path(home) / "got_desktop"
        shutil.copytree(ROOT, program, ignore=shutil.ignore_patterns(".*", "__pycache__", "runs"))
        for theme in ("light", "dark"):
            for scale in ("1", "2"):
                environment = os.environ | {
                    "QT_QPA_PLATFORM": "offscreen",
                    "QT_SCALE_FACTOR": scale,
                    "HOME": home,
                    "XDG_DATA_HOME": f"{home}/.local/share",
                    "GOT_APP_DATA": f"{home}/.local/share/got_desktop/{theme}{scale}",
                    "GOT_ENGINE_RUNTIME": f"{home}/run",
                    "GOT_ENGINE_DATA": f"{home}/engine",
                    "GOT_ENGINE_GRACE": "60",
                    "PYTHONPATH": str(program),
                }
                script = program / FOLDER.relative_to(ROOT) / Path(__file__).name
                subprocess.run([sys.executable, script, theme, scale, FOLDER], env=environment, check=True, cwd=program)


def one_look(theme: str, scale: str, folder: Path) -> None:
    app = make_application()
    window = open_window(app, data_folder())
    session, editor = window.session, window.editor
    session.preferences.configure(first_start=False, theme=theme)
    follow(app, theme)
    window.show()
    for panel in window.actions_.panels.values():
        panel.setChecked(True)  # the virtual screen is too small for all of them
    window.resize(*SIZE)
    window.begin()

    def until(holds: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                raise SystemExit("it took too long")
            app.processEvents()
            time.sleep(0.01)

    def take(name: str, once: bool = False) -> None:
        """`once`: at single scale only."""
        if once and scale != "1":
            return
        end = time.monotonic() + 0.4
        until(lambda: time.monotonic() > end)
        _save(window.grab(), folder / f"{name}-{theme}-{scale}x.png")

    until(lambda: session.link.condition.state == "ready")
    take("start")
    session.open_sample(samples()[-1])
    until(lambda: session.document.is_open and not session.document.busy)
    editor.run_plan()
    until(lambda: len(session.review.plan.marks) >= 2)
    take("planning", once=True)
    until(lambda: not session.work.busy)
    session.review.select(next(region.id for region in session.review.plan.chain.boxes if region.is_mask))
    take("review")
    session.review.choose_area(Selection(30, 56, 60, 60))
    take("area", once=True)
    session.review.choose_area(None)
    _draw(editor, until, take)
    for page in PAGES:
        if page.id != "editor":
            window.show_page(page.id)
            shown = window.pages.currentWidget()
            until(lambda: not getattr(shown, "busy", False))  # noqa: B023 - called at once
            take(f"page-{page.id}")
    session.document.undo.setClean()
    session.work.leave()
    window.close()


def _save(picture: QPixmap, path: Path) -> None:
    """In steps of 4 of each channel: smaller, and no difference that one sees."""
    buffer = QBuffer()
    picture.save(buffer, "PNG")
    image = Image.open(io.BytesIO(buffer.data().data())).convert("RGB")
    steps = [255 if value > 253 else (value + 2) // 4 * 4 for value in range(256)]
    image.point(steps * 3).save(path, optimize=True)


def _draw(editor: Editor, until: Callable[[Callable[[], object]], None], take: Callable[..., None]) -> None:
    session = editor.session
    session.preferences.draw_with(candidates=3)
    editor.run_apply()
    until(lambda: session.work.activity and session.work.activity.stage == "draw")
    take("drawing", once=True)
    until(lambda: session.work.results and editor.canvas.after)
    for mode in ("all", "slider", "heat"):
        editor.review.show_mode(mode)
        take(f"results-{mode}", once=mode != "slider")
    editor.accept()
    session.preferences.draw_with(candidates=1)
    until(lambda: session.display.current)
    take("layers", once=True)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        one_look(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        every_look()
