"""The Models page: the models and adapters on this machine, and getting GoT-6B."""

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
            self.tr("Models plan and draw. A model is loaded on first use and stays in memory for a while."),
        )
        self.session = session
        self.getting = Getting(session.background)
        self.models = Card(self.tr("On this computer"))
        self.adapters = Card(self.tr("Adapters"))
        self.get = GetCard(self.getting)
        self.get.import_requested.connect(self.ask_folder)
        self.add(self.models, self.get, self.adapters)
        self.getting.failed.connect(lambda error: session.message.emit(Message.of(error)))
        self.getting.imported.connect(self._announce)
        session.link.offer_changed.connect(self._show)
        session.link.condition_changed.connect(self._follow)
        session.preferences.changed.connect(self._choose)
        self._loaded_model: str | None = ""
        self._content: tuple[Offer, str, str, str | None] | None = None
        self._show(session.link.offer)

    def ask_folder(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Choose a model folder"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.getting.import_folder(Path(name)))
        dialog.open()

    def _announce(self, name: str) -> None:
        self.session.link.refresh()
        self.session.message.emit(Message("success", self.tr("{name} is ready to use.").format(name=name)))

    # models and adapters

    def _follow(self, condition: Condition) -> None:
        """Follows the loaded model, which other programs can also change."""
        model = condition.system.model if condition.system else None
        if model != self._loaded_model:
            self._loaded_model = model
            self._show(self.session.link.offer)

    def _choose(self) -> None:
        self._show(self.session.link.offer)

    def _show(self, offer: Offer) -> None:
        drawing = self.session.preferences.drawing
        state = (offer, drawing.model, drawing.adapter, self._loaded_model)
        if state == self._content:
            return
        self._content = state
        rows = [self._model(model) for model in offer.models]
        waiting = label(self.tr("Asking the engine for its models…"), "muted")
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
            about.append(self.tr("got.json cannot be read: import or download the model again"))
        if model.name == self._loaded_model:
            about.append(self.tr("in memory"))
        buttons = []
        if model.name == self._loaded_model:
            buttons.append(self._with_name(button(self.tr("Unload"), self.session.unload), model.name))
        use = button(
            self.tr("In use") if used else self.tr("Use"),
            lambda: self.session.preferences.draw_with(model=model.name),
        )
        use.setEnabled(not used and bool(facts))
        buttons.append(self._with_name(use, model.name))
        kind, words = ("success", self.tr("In use")) if used else ("cube", self.tr("Model"))
        if not facts:
            kind, words = "warning", self.tr("Damaged")
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
            self.tr("Stop using") if used else self.tr("Use"),
            lambda: self.session.preferences.draw_with(adapter=change),
        )
        kind, words = ("success", self.tr("In use")) if used else ("plug", self.tr("Adapter"))
        return Row(adapter.name, " · ".join(about), self._with_name(use, adapter.name), lead=Sign(kind, words))

    def _no_adapter(self) -> QWidget:
        folder = adapters.own_folder()
        words = self.tr("None yet. An adapter changes how a model draws. The trainer saves adapters in {folder}.")

        def show() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

        return Row(self.tr("No adapter"), words.format(folder=at_home(folder)), button(self.tr("Open folder"), show))

    def _with_name(self, widget: QWidget, name: str) -> QWidget:
        widget.setAccessibleName(f"{widget.accessibleName()}: {name}")
        return widget
