"""Editing: what the docker shows and what its buttons do. No widgets; the engine's work is in a Session's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from krita import Document, Krita

from engine.api import language
from engine.api.chain import Chain
from engine.api.errors import Cancelled, EngineError, EngineUnavailable
from engine.api.language import translate
from engine.api.launch import Engine
from engine.api.protocol import Event, Token
from plugins.common import jobs
from plugins.common.jobs import Heard, Settings
from plugins.common.session import Run, Session
from plugins.common.words import Progress, layer_name, progress
from plugins.krita import canvas, pictures
from plugins.krita.canvas import Capture
from plugins.krita.empty_mask import empty_mask
from plugins.krita.pictures import Result
from plugins.krita.qt import QtCore, Signal


@dataclass(frozen=True)
class Offer:
    """A result that the user can take."""

    name: str
    capture: Capture
    """What it was made from, and so where it belongs."""
    result: Result


@dataclass(frozen=True)
class Catalog:
    """What the engine has."""

    models: tuple[str, ...]
    adapters: tuple[str, ...]
    version: str


class Editing(QtCore.QObject):
    """One docker's plan, boxes and results."""

    changed = Signal()
    """The plan, the selected box or the busy state."""
    offered = Signal()
    """The results."""
    said = Signal(str, bool)
    """A line for the user; True: it is about something that went wrong."""
    progressed = Signal(object)
    """A Progress."""
    catalog = Signal(object)
    """A Catalog: the engine answers; None: there is no engine."""
    _delivered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._delivered.connect(lambda call: call())  # queued: it runs in the thread that owns this object
        self.session = Session("Krita", Path(__file__).parent, self._delivered.emit)
        self.capture: Capture | None = None
        self.chain = Chain("")
        self.selected: int | None = None
        self._taking = False
        self._writes = False  # the chain comes from the model, word by word
        self.offers: list[Offer] = []

    @property
    def busy(self) -> bool:
        """Whether something runs, so that nothing else can be begun."""
        return self.session.busy or self._taking

    # what the buttons do

    def start_engine(self) -> None:
        """Finds or starts the engine and asks what it has."""

        def work(engine: Engine, heard: Heard) -> None:
            self._ask_catalog(engine)

        running = translate("The engine is running.")
        self._begin(translate("Starting the engine"), work, Run(lambda nothing: self._idle(running), self._failed))

    def plan(self, instruction: str, settings: Settings) -> None:
        """Writes the chain for what is on the active canvas."""
        document = self._asked(instruction)
        if document is None:
            return
        self.capture = capture = canvas.capture(document)
        self.chain, self.selected, self._writes = Chain(""), None, True

        def work(engine: Engine, heard: Heard) -> str:
            self._ask_catalog(engine)
            return jobs.plan(engine, heard, instruction, pictures.png(capture.pixels), settings)

        def done(text: str) -> None:
            self.set_chain(Chain(text))
            self._idle(translate("Check the boxes, correct them if needed, then apply the plan."))

        self._begin(translate("Planning"), work, Run(done, self._failed, self._heard))

    def apply(self, instruction: str, settings: Settings) -> None:
        """Draws the plan, or where there is none plans first."""
        if not self._read_again(instruction):
            return
        capture, chain = self.capture, self.chain.text or None
        assert capture is not None
        self._writes = chain is None

        def work(engine: Engine, heard: Heard) -> tuple[jobs.Drawn, list[Result]]:
            self._ask_catalog(engine)
            png = pictures.png(capture.pixels)
            drawn = jobs.edit(engine, heard, instruction, png, chain, settings)
            return drawn, [pictures.result(candidate, capture.selection) for candidate in drawn.candidates]

        def done(made: tuple[jobs.Drawn, list[Result]]) -> None:
            drawn, results = made
            self.set_chain(Chain(drawn.chain))
            self.offers = [Offer(layer_name(instruction), capture, result) for result in results]
            self.offered.emit()
            notes = " ".join(language.note(note) for note in (*capture.notes, *drawn.notes))
            if len(results) == 1:
                self.take(0, notes)
            else:
                self._idle(f"{translate('Choose one of the {count} candidates.', count=len(results))} {notes}")

        self._begin(translate("Applying"), work, Run(done, self._failed, self._heard))

    def cancel(self) -> None:
        if self.session.busy:
            self.session.cancel()
            self.progressed.emit(Progress(translate("Cancelling")))

    def take(self, number: int, notes: str = "") -> None:
        """Lays a result into the document it was made from, or where that cannot be, says why and keeps it."""
        if self._taking:
            return
        self._taking = True  # Krita's event loop goes on in there
        try:
            words, wrong = self._lay(self.offers[number], notes)
        finally:
            self._taking = False
        self._idle(words, wrong)

    def _lay(self, offer: Offer, notes: str) -> tuple[str, bool]:
        """(what to say, whether it went wrong)"""
        layer_mask = empty_mask()  # first: the document may be closed while it is made
        problem = offer.capture.target.problem()
        if problem:
            kept = translate("The result is kept below; double-click it to open it as a new document.")
            return f"{language.note(problem)} {kept}", True
        document = offer.capture.target.document()
        assert document is not None
        canvas.insert(document, offer.name, offer.capture.area, offer.result.pixels, offer.result.mask, layer_mask)
        added = translate("Added the layer “{name}”.", name=offer.name)
        return f"{added} {notes}".strip(), False

    def open_alone(self, number: int) -> None:
        """Shows a result as a document of its own."""
        offer = self.offers[number]
        canvas.new_document(offer.name, offer.result.whole)
        self._idle(translate("Opened the result as a new document."))

    # the plan

    def set_chain(self, chain: Chain) -> None:
        """The chain as it was written, or as the user corrected it."""
        self.chain = chain
        if self.selected is not None and self.selected >= len(chain.boxes):
            self.selected = None
        self.changed.emit()

    def select(self, id: int | None) -> None:
        self.selected = id
        self.changed.emit()

    # how it goes

    def _asked(self, instruction: str) -> Document | None:
        """The active document; None, and the user is told, where it or the instruction is missing."""
        document = Krita.instance().activeDocument()
        if document is None:
            self.said.emit(translate("Open a picture first."), True)
        elif not instruction.strip():
            self.said.emit(translate("The instruction is empty. Describe what should change."), True)
        else:
            return document
        return None

    def _read_again(self, instruction: str) -> bool:
        """The pixels as they are now, for the plan that is there; False where it has no document any more."""
        if self.capture is None or not self.chain.text:
            document = self._asked(instruction)
            if document is None:
                return False
            self.capture = canvas.capture(document)
            return True
        problem = self.capture.target.problem()
        if problem:
            self.said.emit(f"{language.note(problem)} {translate('Plan again.')}", True)
            return False
        self.capture = canvas.capture(self.capture.target.document(), self.capture)
        return True

    def _begin(self, words: str, work: object, run: Run) -> None:
        if self.busy:
            return
        self.session.begin(work, run)  # type: ignore[arg-type]
        self.progressed.emit(Progress(words))
        self.changed.emit()

    def _ask_catalog(self, engine: Engine) -> None:
        """In the session's thread: what the engine has, so that it can be chosen."""
        models = tuple(model.name for model in engine.client.models().models)
        adapters = tuple(adapter.name for adapter in engine.client.adapters().adapters)
        found = Catalog(models, adapters, engine.client.system().version)
        self.session.deliver(lambda: self.catalog.emit(found))

    def _heard(self, event: Event) -> None:
        if isinstance(event, Token) and self._writes:
            self.set_chain(Chain(self.chain.text + event.text))
        line = progress(event)
        if line:
            self.progressed.emit(line)

    def _failed(self, error: EngineError) -> None:
        if isinstance(error, EngineUnavailable):
            self.catalog.emit(None)
        self._idle(language.sentence(error), not isinstance(error, Cancelled))

    def _idle(self, words: str, wrong: bool = False) -> None:
        self.said.emit(words, wrong)
        self.changed.emit()
