"""The page of plug-ins: where Krita and GIMP are, whether they have theirs, and putting it in or out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.api import language
from engine.api.errors import EngineError
from got_desktop.model.messages import Message
from got_desktop.model.session import Session
from got_desktop.ui.controls import button, column, label
from got_desktop.ui.pages.parts import Card, Note, PageView, Plain, Row, Sign, at_home, inset
from plugins import install as installation
from plugins.install import Status
from plugins.places import Machine, Place, find

HOSTS = {"krita": "Krita", "gimp": "GIMP 3"}


@dataclass(frozen=True)
class Seen:
    """What there is of one host."""

    statuses: tuple[Status, ...]
    missing: EngineError | None = None
    """Why the host was not found."""


class PluginsPage(PageView):
    def __init__(self, session: Session) -> None:
        super().__init__(
            self.tr("Plug-ins"),
            self.tr("Plan, review and apply inside Krita and GIMP 3, with the same engine and the same models."),
        )
        self.session = session
        self.hosts = {host: Card(title) for host, title in HOSTS.items()}
        self.named: dict[str, Place] = {}
        """Folders that the user named, by host."""
        self.busy = True
        self.add(*self.hosts.values())
        for card in self.hosts.values():
            card.fill(Plain(label(self.tr("Looking for it…"), "muted")))
        self.refresh()

    def refresh(self) -> None:
        """Looks for both again."""
        self._do(lambda: None, "")

    def _do(self, work: Callable[[], object], success: str) -> None:
        """One change, then a fresh look at everything."""
        self.busy = True
        named = dict(self.named)

        def change() -> tuple[str, dict[str, Seen]]:
            work()
            return success, {host: _look(host, named.get(host)) for host in HOSTS}

        self.session.background.run(lambda say: change(), self._changed, self._not_changed)

    def _changed(self, made: tuple[str, dict[str, Seen]]) -> None:
        success, seen = made
        self._show(seen)
        if success:
            self.session.said.emit(Message("success", success))

    def _not_changed(self, error: EngineError) -> None:
        self.session.said.emit(Message.of(error))
        self.refresh()

    def _show(self, seen: dict[str, Seen]) -> None:
        self.busy = False
        for host, found in seen.items():
            rows: list[QWidget] = [self._place(status) for status in found.statuses]
            if found.missing is not None:
                rows.append(self._missing(host, found.missing))
            self.hosts[host].fill(*rows)

    def _place(self, status: Status) -> QWidget:
        place, title = status.place, self._title(status.place)
        kind, words = {
            "installed": ("success", self.tr("Installed")),
            "out of date": ("warning", self.tr("An older version is installed")),
            "not installed": ("info", self.tr("Not installed")),
            "not ours": ("error", self.tr("Another plug-in lies in its place")),
        }[status.state]
        buttons = []
        if status.state in installation.WANTING:
            text = self.tr("Install") if status.state == "not installed" else self.tr("Update")
            buttons.append(button(text, lambda: self._install(place), "primary"))
        if status.state in ("installed", "out of date"):
            buttons.append(button(self.tr("Remove"), lambda: self._remove(place)))
        if status.state == "not ours":
            buttons.append(button(self.tr("Look again"), self.refresh))
        for one in buttons:
            one.setAccessibleName(f"{one.text()}: {title}")
        row = Row(words, f"{title} · {at_home(place.folder)}", *buttons, lead=Sign(kind, words))
        row.setObjectName(f"place_{place.host}_{place.kind}")
        notes = self._notes(status)
        both = QWidget()
        whole = column(row, *(inset(one) for one in notes), spacing=2)
        whole.setContentsMargins(0, 0, 0, 12 if notes else 0)
        both.setLayout(whole)
        return both

    def _notes(self, status: Status) -> list[QWidget]:
        place, notes = status.place, []
        if status.state == "not ours":
            words = self.tr("It was not installed by got_desktop, and is left alone. Move it away first.")
            notes.append(Note("info", words))
        if status.state == "installed" and place.host == "krita" and place.settings is None:
            words = self.tr("Switch it on in Krita: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ GoT.")
            notes.append(Note("info", words))
        if place.kind in ("Flatpak", "Snap"):
            words = self.tr("A {kind} keeps {host} apart from other programs: it may not reach the engine.")
            notes.append(Note("warning", words.format(kind=place.kind, host=HOSTS[place.host])))
        return notes

    def _missing(self, host: str, error: EngineError) -> QWidget:
        choose = button(self.tr("Choose its folder…"), lambda: self.ask_folder(host))
        choose.setAccessibleName(f"{choose.text()} {HOSTS[host]}")
        remedy = {
            "krita": self.tr("Install it and start it once, or choose its resource folder."),
            "gimp": self.tr("Install GIMP 3 and start it once, or choose its folder plug-ins."),
        }[host]
        words = self.tr("Not found")
        return Row(words, f"{language.words(error)[0]} {remedy}", choose, lead=Sign("warning", words))

    def ask_folder(self, host: str) -> None:
        dialog = QFileDialog(self.window(), self.tr("The folder of {host}").format(host=HOSTS[host]))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.name_folder(host, Path(name)))
        dialog.open()

    def name_folder(self, host: str, folder: Path) -> None:
        self.named[host] = Place(host, "named", folder.resolve())
        self.refresh()

    def _install(self, place: Place) -> None:
        words = self.tr("The plug-in is installed. Start {host} anew if it runs.").format(host=HOSTS[place.host])
        self._do(lambda: installation.install(place), words)

    def _remove(self, place: Place) -> None:
        words = self.tr("The plug-in was removed from {host}.").format(host=HOSTS[place.host])
        self._do(lambda: installation.uninstall(place), words)

    def _title(self, place: Place) -> str:
        name = HOSTS[place.host]
        return name if place.kind in ("native", "named") else f"{name} ({place.kind})"


def _look(host: str, named: Place | None) -> Seen:
    places = [named] if named else []
    try:
        places += find(host, Machine.here())
    except EngineError as error:
        if not places:
            return Seen((), error)
    return Seen(tuple(installation.status(place) for place in places))
