"""Editing: the docker's state and the actions of its buttons. No widgets; the engine's work runs in a thread."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from krita import Document, Krita, Node

from engine.api import language
from engine.api.chain import Chain
from engine.api.errors import Cancelled, EngineError, EngineUnavailable
from engine.api.language import translate
from engine.api.launch import Engine
from engine.api.origin import Origin
from engine.api.protocol import Event, Token
from plugins.common import jobs
from plugins.common.jobs import Callbacks, Settings
from plugins.common.session import Run, Session
from plugins.common.words import Progress, layer_name, progress
from plugins.krita import canvas, pictures
from plugins.krita.canvas import Capture
from plugins.krita.empty_layer import empty_layer
from plugins.krita.pictures import Result
from plugins.krita.qt import QtCore, Signal


@dataclass(frozen=True)
class Offer:
    """A candidate that the user can insert."""

    name: str
    capture: Capture
    """The input that it was made from, and thus the document where it belongs."""
    result: Result


@dataclass(frozen=True)
class Catalog:
    """The engine's models and adapters."""

    models: tuple[str, ...]
    adapters: tuple[str, ...]
    version: str


class Editing(QtCore.QObject):
    """Plan, boxes and candidates of one docker."""

    changed = Signal()
    """The plan, the selected box or the busy state has changed."""
    offers_changed = Signal()
    """The candidates have changed."""
    message = Signal(str, bool)
    """A line for the user. True: it is an error."""
    progress_changed = Signal(object)
    """A Progress."""
    catalog = Signal(object)
    """A Catalog if the engine answers. None: there is no engine."""
    _delivered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._delivered.connect(lambda call: call())  # queued: it runs in the thread that owns this object
        self.session = Session("Krita", Path(__file__).parent, self._delivered.emit)
        self.capture: Capture | None = None
        self.chain = Chain("")
        self.origin = Origin()
        """What the chain answers."""
        self.selected: int | None = None
        self._inserting = False
        self._is_planning = False  # the model is writing the chain
        self.offers: list[Offer] = []

    @property
    def busy(self) -> bool:
        """Whether something is running, so that nothing else can start."""
        return self.session.busy or self._inserting

    # actions of the buttons

    def start_engine(self) -> None:
        """Finds or starts the engine, and reads its catalog."""

        def work(engine: Engine, callbacks: Callbacks) -> None:
            self._read_catalog(engine)

        running = translate("The engine is running.")
        self._begin(translate("Starting the engine"), work, Run(lambda nothing: self._idle(running), self._on_error))

    def plan(self, instruction: str, settings: Settings) -> None:
        """Plans an edit of the active canvas."""
        document = self._active_document(instruction)
        if document is None:
            return
        self.capture = capture = canvas.capture(document)
        self._begin_to_plan(instruction, settings)

        def work(engine: Engine, callbacks: Callbacks) -> tuple[str, str]:
            self._read_catalog(engine)
            png = pictures.png(capture.pixels)
            return jobs.plan(engine, callbacks, instruction, png, settings), _id(png)

        def on_done(value: tuple[str, str]) -> None:
            chain, image = value
            self.origin = replace(self.origin, image=image)
            self.set_chain(Chain(chain))
            self._idle(translate("Check the boxes, correct them if needed, then apply the plan."))

        self._begin(translate("Planning"), work, Run(on_done, self._on_error, self._on_event))

    def apply(self, instruction: str, settings: Settings) -> None:
        """Draws the plan with the words that it answers, or plans first if there is none."""
        words = self.origin.words(instruction)
        if not self._read_again(words):
            return
        capture, chain = self.capture, self.chain.text or None
        assert capture is not None
        if chain is None:
            self._begin_to_plan(words, settings)
        elif not self.origin.known:  # written by hand: from now on it answers these words
            self.origin = Origin(instruction=words)
        self._is_planning = chain is None

        def work(engine: Engine, callbacks: Callbacks) -> tuple[jobs.Outcome, list[Result], str]:
            self._read_catalog(engine)
            png = pictures.png(capture.pixels)
            outcome = jobs.edit(engine, callbacks, words, png, chain, settings)
            return outcome, [pictures.result(one, capture.selection) for one in outcome.candidates], _id(png)

        def on_done(value: tuple[jobs.Outcome, list[Result], str]) -> None:
            outcome, results, image = value
            self.origin = replace(self.origin, image=self.origin.image or image)
            self.set_chain(Chain(outcome.chain))
            self.offers = [Offer(layer_name(words), capture, result) for result in results]
            self.offers_changed.emit()
            notes = " ".join(language.note(note) for note in (*capture.notes, *outcome.notes))
            if len(results) == 1:
                self.take(0, notes)
            else:
                self._idle(f"{translate('Choose one of the {count} candidates.', count=len(results))} {notes}")

        self._begin(translate("Applying"), work, Run(on_done, self._on_error, self._on_event))

    def _begin_to_plan(self, words: str, settings: Settings) -> None:
        self.chain, self.selected, self._is_planning = Chain(""), None, True
        self.origin = Origin(instruction=words, model=settings.model, adapter=settings.adapter or "")

    def cancel(self) -> None:
        if self.session.busy:
            self.session.cancel()
            self.progress_changed.emit(Progress(translate("Cancelling")))

    def take(self, number: int, notes: str = "") -> None:
        """Inserts a candidate into its document. If that is not possible, says why and keeps the candidate."""
        if self._inserting:
            return
        self._inserting = True  # Krita's event loop runs in there
        try:
            words, is_error = self._insert(self.offers[number], notes)
        finally:
            self._inserting = False
        self._idle(words, is_error)

    def _insert(self, offer: Offer, notes: str) -> tuple[str, bool]:
        """(message, whether it is an error)"""
        layer = empty_layer()  # first, because the document may be closed meanwhile
        problem = offer.capture.target.problem()
        if problem:
            hint = translate("The result is kept below; double-click it to open it as a new document.")
            return f"{language.note(problem)} {hint}", True
        document = offer.capture.target.document()
        assert document is not None
        before = canvas.visible(document, offer.capture.area)
        canvas.insert(document, layer, offer.name, offer.capture.area, offer.result.pixels, offer.result.mask)
        words = [
            self._inserted(offer),
            self._unseen(offer, layer, canvas.visible(document, offer.capture.area) == before),
        ]
        return " ".join(filter(None, [*words, notes])), False

    def _inserted(self, offer: Offer) -> str:
        target = offer.capture.target
        if target.is_in_front:
            return translate("Added the layer “{name}”.", name=offer.name)
        return translate("Added the layer “{name}” to “{document}”.", name=offer.name, document=target.name)

    def _unseen(self, offer: Offer, layer: Node, looks_the_same: bool) -> str:
        """Why nobody sees the new layer. Empty: it is seen, or its edit changes nothing."""
        group = canvas.hiding(layer)
        if group is not None:
            return translate("It cannot be seen, because the group “{name}” is hidden.", name=group.name())
        if looks_the_same and offer.result.whole != offer.capture.pixels:
            return translate("The picture looks the same as before; perhaps another layer covers the new one.")
        return ""

    def open_as_document(self, number: int) -> None:
        """Opens a candidate as a new document."""
        offer = self.offers[number]
        canvas.new_document(offer.name, offer.result.whole)
        self._idle(translate("Opened the result as a new document."))

    # the plan

    def set_chain(self, chain: Chain) -> None:
        """Sets the chain that the model wrote or the user corrected."""
        self.chain = chain
        if not chain.text:
            self.origin = Origin()  # what the user writes next answers nothing yet
        if self.selected is not None and self.selected >= len(chain.boxes):
            self.selected = None
        self.changed.emit()

    def select(self, id: int | None) -> None:
        self.selected = id
        self.changed.emit()

    # progress and messages

    def _active_document(self, instruction: str) -> Document | None:
        """The active document. None, with a message to the user, if there is none or the instruction is empty."""
        document = Krita.instance().activeDocument()
        if document is None:
            self.message.emit(translate("Open a picture first."), True)
        elif not instruction.strip():
            self._say_empty()
        else:
            return document
        return None

    def _say_empty(self) -> None:
        self.message.emit(translate("The instruction is empty. Describe what should change."), True)

    def _read_again(self, instruction: str) -> bool:
        """Reads the pixels again for the current plan. False if its document is no longer there."""
        if self.capture is None or not self.chain.text:
            document = self._active_document(instruction)
            if document is None:
                return False
            self.capture = canvas.capture(document)
            return True
        if not instruction.strip():
            self._say_empty()
            return False
        problem = self.capture.target.problem()
        if problem:
            self.message.emit(f"{language.note(problem)} {translate('Plan again.')}", True)
            return False
        self.capture = canvas.capture(self.capture.target.document(), self.capture)
        return True

    def _begin(self, words: str, work: object, run: Run) -> None:
        if self.busy:
            return
        self.session.begin(work, run)  # type: ignore[arg-type]
        self.progress_changed.emit(Progress(words))
        self.changed.emit()

    def _read_catalog(self, engine: Engine) -> None:
        """Reads the engine's catalog for the choice of a model. Runs in the session's thread."""
        models = tuple(model.name for model in engine.client.models().models)
        adapters = tuple(adapter.name for adapter in engine.client.adapters().adapters)
        catalog = Catalog(models, adapters, engine.client.system().version)
        self.session.deliver(lambda: self.catalog.emit(catalog))

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Token) and self._is_planning:
            self.set_chain(Chain(self.chain.text + event.text))
        line = progress(event)
        if line:
            self.progress_changed.emit(line)

    def _on_error(self, error: EngineError) -> None:
        if isinstance(error, EngineUnavailable):
            self.catalog.emit(None)
        self._idle(language.sentence(error), not isinstance(error, Cancelled))

    def _idle(self, words: str, is_error: bool = False) -> None:
        self.message.emit(words, is_error)
        self.changed.emit()


def _id(png: bytes) -> str:
    """The ID that the engine gives an uploaded picture."""
    return hashlib.sha256(png).hexdigest()
