"""The window's pages. A page is a QWidget that is created from the Session when it is first shown.

To add one, put its widget into `got_desktop/ui/pages/` and a line into `PAGES`: it then appears in the rail at the left
and in the View menu. Its module is imported when the page is opened, not at start-up. A page shows messages with
`session.message.emit(Message(...))`, does slow work with `session.background.run(...)` and sends requests to the engine
with `session.link.ask(...)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from got_desktop.model.session import Session


@dataclass(frozen=True)
class Page:
    id: str
    icon: str
    """The name of a file in `resources/icons`."""
    title: Callable[[], str]
    """The title in the user's language."""
    module: str
    widget: str
    """The name of a class in the module; it is called with the session."""

    def make(self, session: Session) -> QWidget:
        return getattr(import_module(self.module), self.widget)(session)


PAGES: list[Page] = [
    Page(
        "editor",
        "edit",
        lambda: QCoreApplication.translate("Pages", "Edit"),
        "got_desktop.ui.editor",
        "Editor",
    ),
    Page(
        "models",
        "cube",
        lambda: QCoreApplication.translate("Pages", "Models"),
        "got_desktop.ui.pages.models_page",
        "ModelsPage",
    ),
    Page(
        "training",
        "training",
        lambda: QCoreApplication.translate("Pages", "Training"),
        "got_desktop.ui.pages.training_page",
        "TrainingPage",
    ),
    Page(
        "plugins",
        "plug",
        lambda: QCoreApplication.translate("Pages", "Plug-ins"),
        "got_desktop.ui.pages.plugins_page",
        "PluginsPage",
    ),
    Page(
        "doctor",
        "doctor",
        lambda: QCoreApplication.translate("Pages", "Doctor"),
        "got_desktop.ui.pages.doctor_page",
        "DoctorPage",
    ),
    Page(
        "settings",
        "settings",
        lambda: QCoreApplication.translate("Pages", "Settings"),
        "got_desktop.ui.pages.settings_page",
        "SettingsPage",
    ),
]
