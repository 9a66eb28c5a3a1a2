"""The Plug-ins page: where Krita and GIMP are, and installing or removing their plug-ins."""

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
class HostStatus:
    """The plug-in's places in one host."""

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
        self.chosen_places: dict[str, Place] = {}
        """Folders that the user chose, by host."""
        self.busy = True
        self.add(*self.hosts.values())
        for card in self.hosts.values():
            card.fill(Plain(label(self.tr("Searching…"), "muted")))
        self.refresh()

    def refresh(self) -> None:
        """Looks for both hosts again."""
        self._do(lambda: None, "")

    def _do(self, work: Callable[[], object], success: str) -> None:
        """Makes a change, then looks for both hosts again."""
        self.busy = True
        folders = dict(self.chosen_places)

        def change() -> tuple[str, dict[str, HostStatus]]:
            work()
            return success, {host: _look(host, folders.get(host)) for host in HOSTS}

        self.session.background.run(lambda say: change(), self._finish, self._fail)

    def _finish(self, outcome: tuple[str, dict[str, HostStatus]]) -> None:
        success, hosts = outcome
        self._show(hosts)
        if success:
            self.session.message.emit(Message("success", success))

    def _fail(self, error: EngineError) -> None:
        self.session.message.emit(Message.of(error))
        self.refresh()

    def _show(self, hosts: dict[str, HostStatus]) -> None:
        self.busy = False
        for host, result in hosts.items():
            rows: list[QWidget] = [self._place(status) for status in result.statuses]
            if result.missing is not None:
                rows.append(self._missing(host, result.missing))
            self.hosts[host].fill(*rows)

    def _place(self, status: Status) -> QWidget:
        place, title = status.place, self._title(status.place)
        kind, words = {
            "installed": ("success", self.tr("Installed")),
            "out of date": ("warning", self.tr("An older version is installed")),
            "not installed": ("info", self.tr("Not installed")),
            "not ours": ("error", self.tr("Another plug-in is installed in its place")),
        }[status.state]
        buttons = []
        if status.state in installation.WANTING:
            text = self.tr("Install") if status.state == "not installed" else self.tr("Update")
            buttons.append(button(text, lambda: self._install(place), "primary"))
        if status.state in ("installed", "out of date"):
            buttons.append(button(self.tr("Remove"), lambda: self._remove(place)))
        if status.state == "not ours":
            buttons.append(button(self.tr("Check again"), self.refresh))
        for action in buttons:
            action.setAccessibleName(f"{action.text()}: {title}")
        row = Row(words, f"{title} · {at_home(place.folder)}", *buttons, lead=Sign(kind, words))
        row.setObjectName(f"place_{place.host}_{place.kind}")
        notes = self._notes(status)
        both = QWidget()
        whole = column(row, *(inset(note) for note in notes), spacing=2)
        whole.setContentsMargins(0, 0, 0, 12 if notes else 0)
        both.setLayout(whole)
        return both

    def _notes(self, status: Status) -> list[QWidget]:
        place, notes = status.place, []
        if status.state == "not ours":
            words = self.tr("It was not installed by got_desktop and is left unchanged. Move it away first.")
            notes.append(Note("info", words))
        if status.state == "installed" and place.host == "krita" and place.settings is None:
            words = self.tr("Switch it on in Krita: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ GoT.")
            notes.append(Note("info", words))
        if place.kind in ("Flatpak", "Snap"):
            words = self.tr("{kind} isolates {host} from other programs, so it may not reach the engine.")
            notes.append(Note("warning", words.format(kind=place.kind, host=HOSTS[place.host])))
        return notes

    def _missing(self, host: str, error: EngineError) -> QWidget:
        choose = button(self.tr("Choose its folder…"), lambda: self.ask_folder(host))
        choose.setAccessibleName(f"{choose.text()} {HOSTS[host]}")
        remedy = {
            "krita": self.tr("Install it and start it once, or choose its resource folder."),
            "gimp": self.tr("Install GIMP 3 and start it once, or choose its plug-ins folder."),
        }[host]
        words = self.tr("Not found")
        return Row(words, f"{language.words(error)[0]} {remedy}", choose, lead=Sign("warning", words))

    def ask_folder(self, host: str) -> None:
        dialog = QFileDialog(self.window(), self.tr("Folder of {host}").format(host=HOSTS[host]))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.name_folder(host, Path(name)))
        dialog.open()

    def name_folder(self, host: str, folder: Path) -> None:
        self.chosen_places[host] = Place(host, "named", folder.resolve())
        self.refresh()

    def _install(self, place: Place) -> None:
        words = self.tr("The plug-in is installed. Restart {host} if it is running.").format(host=HOSTS[place.host])
        self._do(lambda: installation.install(place), words)

    def _remove(self, place: Place) -> None:
        words = self.tr("The plug-in was removed from {host}.").format(host=HOSTS[place.host])
        self._do(lambda: installation.uninstall(place), words)

    def _title(self, place: Place) -> str:
        name = HOSTS[place.host]
        return name if place.kind in ("native", "named") else f"{name} ({place.kind})"


def _look(host: str, chosen_place: Place | None) -> HostStatus:
    places = [chosen_place] if chosen_place else []
    try:
        places += find(host, Machine.here())
    except EngineError as error:
        if not places:
            return HostStatus((), error)
    return HostStatus(tuple(installation.status(place) for place in places))
