"""The user's preferences: instruction, drawing options and app settings, saved for the next start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from got_desktop.background import Background
from got_desktop.model import settings
from got_desktop.model.engine_link import EngineLink
from got_desktop.model.keeping import SettingsFile
from got_desktop.model.settings import Drawing, Settings, defaults_of


class Preferences(QObject):
    changed = Signal()
    failed = Signal(object)
    """An EngineError: the settings could not be written."""

    def __init__(self, folder: Path, background: Background, link: EngineLink) -> None:
        super().__init__()
        self.folder = folder
        self.link = link
        self.settings = settings.load(folder)
        self.instruction = self.settings.instruction
        link.device = self.settings.device
        self._file = SettingsFile(folder, background, self._current_settings)
        self._file.failed.connect(self.failed)

    @property
    def drawing(self) -> Drawing:
        return self.settings.drawing

    @property
    def defaults(self) -> dict[str, Any]:
        """The selected model's default values by option name."""
        return defaults_of(self._description(), self.drawing.task)

    @property
    def image_size(self) -> int:
        """Side of the square that the selected model draws; 0 if it is not known yet."""
        return int(self._description().get("image_size", 0))

    def _description(self) -> Mapping[str, Any]:
        return next((m.description for m in self.link.offer.models if m.name == self.drawing.model), {})

    def configure(self, **change: object) -> None:
        """Changes settings of the app."""
        self.settings = replace(self.settings, **change)
        self.link.device = self.settings.device
        self._file.store()
        self.changed.emit()

    def draw_with(self, **change: object) -> None:
        """Changes the drawing options for the next run, by the names of options and of fields of `Drawing`."""
        self.configure(drawing=self.drawing.with_values(**change))

    def use(self, instruction: str, drawing: Drawing) -> None:
        """Uses the instruction and drawing options of a preset or an earlier edit."""
        self.instruction = instruction
        self.configure(drawing=drawing)

    def next_seed(self) -> None:
        """Picks a new seed for the next run, unless the seed is locked."""
        if not self.drawing.seed_locked:
            self.configure(drawing=self.drawing.with_any_seed())

    def add_recent(self, path: Path) -> None:
        """Adds a file to the recent files."""
        self.configure(recent=self.settings.with_recent(path).recent)

    def store(self) -> None:
        """Writes the settings on this thread. Raises OutputError."""
        settings.store(self.folder, self._current_settings())

    def _current_settings(self) -> Settings:
        return replace(self.settings, instruction=self.instruction)
