"""The Settings page: appearance, language, device, files, history and keyboard shortcuts."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from engine.api import language
from engine.api.notes import Note
from got_desktop.model import kept_pairs
from got_desktop.model.engine_link import Condition
from got_desktop.model.figures import gigabytes, whole
from got_desktop.model.session import Session
from got_desktop.ui import canvas_keys
from got_desktop.ui.controls import Choice, Segments, button, label, quiet
from got_desktop.ui.icons import FOLDER
from got_desktop.ui.pages.parts import Card, PageView, Plain, Row, at_home
from got_desktop.ui.question import Question, Role

TRANSLATIONS = FOLDER.parent / "translations"
KEPT = (0, 100, 500, 2000, 10_000)


class SettingsPage(PageView):
    def __init__(self, session: Session) -> None:
        super().__init__(self.tr("Settings"), self.tr("Changes are saved immediately."))
        self.session, self.preferences = session, session.preferences
        self.keys = Card(self.tr("Keyboard shortcuts"))
        self.add(self._looks(), self._engine(), self._files(), self._history(), self.keys)
        session.preferences.changed.connect(self._follow)
        session.link.condition_changed.connect(self._follow_engine)
        self._follow()
        self._follow_engine(session.link.condition)
        self._ask_devices()

    # appearance and language

    def _looks(self) -> Card:
        self.theme = Segments(
            self.tr("Theme"),
            [("system", self.tr("System")), ("light", self.tr("Light")), ("dark", self.tr("Dark"))],
        )
        self.theme.chosen.connect(lambda value: self.preferences.configure(theme=value))
        self.language = Choice()
        self.language.setAccessibleName(self.tr("Language"))
        self.language.addItem(self.tr("System"), "")
        for code in languages():
            self.language.addItem(language_name(code), code)
        self.language.activated.connect(self._speak)
        self.language_row = Row(self.tr("Language"), "", self.language)
        return Card(
            self.tr("Appearance"),
            Row(self.tr("Theme"), self.tr("Light, dark, or the system's theme."), self.theme),
            self.language_row,
        )

    def _speak(self) -> None:
        self.preferences.configure(language=self.language.currentData())
        self.language_row.explain(self.tr("Takes effect after a restart."))

    # engine

    def _engine(self) -> Card:
        self.device = Choice()
        self.device.setAccessibleName(self.tr("Device"))
        self.device.addItem(self.tr("Best available"), "auto")
        self.device.activated.connect(lambda: self.preferences.configure(device=self.device.currentData()))
        self.unload = button(self.tr("Unload"), self.session.unload)
        self.unload.setAccessibleName(self.tr("Unload the model"))
        self.memory = Row(self.tr("Memory"), " ", self.unload)
        return Card(
            self.tr("Engine"),
            Row(
                self.tr("Device"),
                self.tr("What models run on. Takes effect with the next plan or picture."),
                self.device,
            ),
            self.memory,
        )

    def _ask_devices(self) -> None:
        self.session.link.ask_devices(self._list_devices)

    def _list_devices(self, devices: tuple[Note, ...]) -> None:
        for device in devices:
            name = device.text.replace(",", " ").split()[0]
            if self.device.findData(name) < 0:
                self.device.addItem(language.note(device), name)
        self._follow()

    def _follow_engine(self, condition: Condition) -> None:
        system = condition.system
        self.unload.setEnabled(system is not None and bool(system.model))
        if system is None:
            self.memory.explain(self.tr("The engine is not running."))
        elif not system.model:
            self.memory.explain(self.tr("No model is loaded."))
        else:
            words = self.tr("{model} is loaded. {used} of {total} are in use. It is unloaded when no program needs it.")
            sizes = {"used": gigabytes(system.memory_used), "total": gigabytes(system.memory_total)}
            self.memory.explain(words.format(model=system.model, **sizes))

    # files and history

    def _files(self) -> Card:
        self.facts = QCheckBox(self.tr("Save"))
        self.facts.setAccessibleName(self.tr("Save how pictures were made"))
        self.facts.toggled.connect(lambda on: self.preferences.configure(save_facts=on))
        self.pairs = QCheckBox(self.tr("Keep"))
        self.pairs.setAccessibleName(self.tr("Keep edits for training"))
        self.pairs.toggled.connect(lambda on: self.preferences.configure(keep_pairs=on))
        pairs = self.tr("The source, result, instruction and plan of each edit that you accept are saved in {folder}.")
        self.snap = QCheckBox(self.tr("Snap"))
        self.snap.setAccessibleName(self.tr("Snap boxes"))
        self.snap.toggled.connect(lambda on: self.preferences.configure(snap=on))
        return Card(
            self.tr("Pictures"),
            Row(
                self.tr("How pictures were made"),
                self.tr("Instruction, plan, boxes, seed and model are stored in the files that you save."),
                self.facts,
            ),
            Row(
                self.tr("Keep edits for training"),
                pairs.format(folder=at_home(kept_pairs.folder_of(self.session.folder))),
                self.pairs,
            ),
            Row(
                self.tr("Snap boxes"),
                self.tr("Boxes snap to the edges of other boxes and of the picture while you drag them."),
                self.snap,
            ),
        )

    def _history(self) -> Card:
        self.kept = Choice()
        self.kept.setAccessibleName(self.tr("Number of edits to keep"))
        for number in KEPT:
            text = whole(number) if number else self.tr("None")
            self.kept.addItem(text, number)
        self.kept.activated.connect(lambda: self.preferences.configure(history_kept=self.kept.currentData()))
        self.clear = button(self.tr("Clear…"), self._ask_clear)
        self.clear.setAccessibleName(self.tr("Clear the history"))
        return Card(
            self.tr("History"),
            Row(
                self.tr("Number of edits to keep"),
                self.tr("Older edits are removed as new ones are added. Starred edits are kept."),
                self.kept,
            ),
            Row(self.tr("Clear the history"), self.tr("Deletes all edits except the starred ones."), self.clear),
        )

    def _ask_clear(self) -> None:
        question = Question(
            self.window(),
            self.tr("Clear the history"),
            self.tr("All edits except the starred ones are deleted from the history."),
            self.tr("Your pictures and layers are not changed."),
        )
        question.offer(self.tr("Clear"), Role.DestructiveRole, self.session.clear_history)
        question.offer_cancel(preferred=True)
        question.open()

    # following

    def _follow(self) -> None:
        settings = self.preferences.settings
        with quiet(self.facts, self.pairs, self.snap, self.language, self.device, self.kept):
            self.theme.choose(settings.theme)
            self.facts.setChecked(settings.save_facts)
            self.pairs.setChecked(settings.keep_pairs)
            self.snap.setChecked(settings.snap)
            self.language.setCurrentIndex(max(0, self.language.findData(settings.language)))
            if self.device.findData(settings.device) < 0:
                self.device.addItem(settings.device, settings.device)
            self.device.setCurrentIndex(self.device.findData(settings.device))
            if self.kept.findData(settings.history_kept) < 0:
                self.kept.addItem(whole(settings.history_kept), settings.history_kept)
            self.kept.setCurrentIndex(self.kept.findData(settings.history_kept))

    # keys

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(2, 1)
        shortcuts = [*_menu_shortcuts(self.window()), *canvas_keys.shortcuts()]
        half = (len(shortcuts) + 1) // 2
        for place, (action, keys) in enumerate(shortcuts):
            first = 0 if place < half else 2
            keys_label = label(keys, "muted")
            keys_label.setWordWrap(False)
            grid.addWidget(label(action), place % half, first)
            grid.addWidget(keys_label, place % half, first + 1)
        self.keys.fill(Plain(grid))


def _menu_shortcuts(window: QWidget) -> list[tuple[str, str]]:
    """(command, keys) of each menu command that has a keyboard shortcut."""
    form = "NativeText"
    return [
        (
            action.text().replace("&", "").rstrip("…"),
            ", ".join(keys.toString(getattr(keys.SequenceFormat, form)) for keys in action.shortcuts()[:1]),
        )
        for action in window.findChildren(QAction)
        if action.shortcuts() and action.text()
    ]


def languages() -> list[str]:
    """Codes of the available languages: English and each translation."""
    return ["en", *sorted(file.stem.removeprefix("got_") for file in TRANSLATIONS.glob("got_*.qm"))]


def language_name(code: str) -> str:
    """The language's name in itself, such as “Deutsch”."""
    name = QLocale(code).nativeLanguageName()
    return name[:1].upper() + name[1:]
