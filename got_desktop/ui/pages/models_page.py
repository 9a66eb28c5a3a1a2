"""The page of models: those that are here, adapters, and how GoT-6B comes to this machine."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.api.protocol import Adapter, Model
from got_desktop import adapters
from got_desktop.model.engine_link import Condition, Offer
from got_desktop.model.figures import gigabytes
from got_desktop.model.getting import Getting
from got_desktop.model.messages import Message
from got_desktop.model.session import Session
from got_desktop.ui.controls import button, label
from got_desktop.ui.pages.get_card import GetCard
from got_desktop.ui.pages.parts import Card, PageView, Plain, Row, Sign, at_home


class ModelsPage(PageView):
    unloaded = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(
            self.tr("Models"),
            self.tr("What plans and draws. A model is loaded when it is first used and stays in memory for a while."),
        )
        self.session = session
        self.getting = Getting(session.background)
        self.models = Card(self.tr("On this machine"))
        self.adapters = Card(self.tr("Adapters"))
        self.get = GetCard(self.getting)
        self.get.import_asked.connect(self.ask_folder)
        self.add(self.models, self.get, self.adapters)
        self.getting.failed.connect(lambda error: session.said.emit(Message.of(error)))
        self.getting.got.connect(self._got)
        session.link.offer_changed.connect(self._show)
        session.link.condition_changed.connect(self._follow)
        session.preferences.changed.connect(self._choose)
        self._loaded: str | None = ""
        self._shown: tuple[Offer, str, str, str | None] | None = None
        self._show(session.link.offer)

    def ask_folder(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("A folder with a model"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.getting.import_folder(Path(name)))
        dialog.open()

    def _got(self, name: str) -> None:
        self.session.link.refresh()
        self.session.said.emit(Message("success", self.tr("{name} is ready to be used.").format(name=name)))

    # what is here

    def _follow(self, condition: Condition) -> None:
        """The engine loads and unloads models for others too."""
        loaded = condition.system.model if condition.system else None
        if loaded != self._loaded:
            self._loaded = loaded
            self._show(self.session.link.offer)

    def _choose(self) -> None:
        self._show(self.session.link.offer)

    def _show(self, offer: Offer) -> None:
        drawing = self.session.preferences.drawing
        state = (offer, drawing.model, drawing.adapter, self._loaded)
        if state == self._shown:
            return
        self._shown = state
        rows = [self._model(model) for model in offer.models]
        waiting = label(self.tr("The engine is asked what there is…"), "muted")
        self.models.fill(*(rows or [Plain(waiting)]))
        self.adapters.fill(*([self._adapter(adapter) for adapter in offer.adapters] or [self._no_adapter()]))

    def _model(self, model: Model) -> QWidget:
        facts = model.description
        used = model.name == self.session.preferences.drawing.model
        about = [gigabytes(model.bytes_on_disk)]
        if facts:
            about[:0] = [self.tr("draws at {side}×{side}").format(side=facts.get("image_size", "?"))]
            about.append(str(facts.get("license", "")))
        else:
            about.append(self.tr("its got.json cannot be read: import or download it again"))
        if model.name == self._loaded:
            about.append(self.tr("in memory"))
        buttons = []
        if model.name == self._loaded:
            buttons.append(self._named(button(self.tr("Unload"), self.session.unload), model.name))
        use = button(
            self.tr("In use") if used else self.tr("Use"),
            lambda: self.session.preferences.draw_with(model=model.name),
        )
        use.setEnabled(not used and bool(facts))
        buttons.append(self._named(use, model.name))
        kind, words = ("success", self.tr("In use")) if used else ("cube", self.tr("Model"))
        if not facts:
            kind, words = "warning", self.tr("Broken")
        row = Row(model.name, " · ".join(part for part in about if part), *buttons, lead=Sign(kind, words))
        row.setObjectName(f"model_{model.name}")
        return row

    def _adapter(self, adapter: Adapter) -> QWidget:
        used = adapter.name == self.session.preferences.drawing.adapter
        about = [gigabytes(adapter.bytes_on_disk)]
        if base := adapter.description.get("base"):
            about.append(self.tr("for {model}").format(model=base))
        change = "" if used else adapter.name
        use = button(
            self.tr("Do not use") if used else self.tr("Use"),
            lambda: self.session.preferences.draw_with(adapter=change),
        )
        kind, words = ("success", self.tr("In use")) if used else ("plug", self.tr("Adapter"))
        return Row(adapter.name, " · ".join(about), self._named(use, adapter.name), lead=Sign(kind, words))

    def _no_adapter(self) -> QWidget:
        folder = adapters.own_folder()
        words = self.tr("None yet. An adapter changes how a model draws; the trainer makes them. They lie in {folder}.")

        def show() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

        return Row(self.tr("No adapter"), words.format(folder=at_home(folder)), button(self.tr("Open folder"), show))

    def _named(self, one: QWidget, name: str) -> QWidget:
        one.setAccessibleName(f"{one.accessibleName()}: {name}")
        return one
