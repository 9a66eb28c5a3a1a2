"""What a run came to, until the user accepts or dismisses it: candidates to choose from, beside what was before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.api.chain import Chain
from engine.api.client import EngineClient
from engine.api.protocol import JobResult
from got_desktop.model import pictures
from got_desktop.model.history import Entry
from got_desktop.model.layers import Layer, composite
from got_desktop.model.plan import Plan
from got_desktop.model.raster import Difference, Pyramid, difference, overview, pyramid
from got_desktop.model.settings import Drawing
from got_desktop.model.state import State

if TYPE_CHECKING:
    from engine.imaging.decode import Source

THUMBNAIL = 224


@dataclass(frozen=True, eq=False)
class Candidate:
    layers: tuple[Layer, ...]
    """One a turn; none of a new picture."""
    base: Source | None
    """A new picture."""
    thumbnail: bytes
    beside: Pyramid
    """For its place beside the others."""
    seed: int


@dataclass(frozen=True, eq=False)
class Results:
    job: str
    """The engine's job: acknowledged when the user has decided."""
    result: JobResult
    drawing: Drawing
    before: State
    """What they were made from."""
    candidates: tuple[Candidate, ...]
    original: Pyramid | None
    """What was before them, where there are several; None for new pictures."""

    @property
    def chain(self) -> str:
        return self.result.chains[0]

    def accepted(self, index: int, state: State) -> State:
        """`state` with that candidate: its layers on top, or the new picture instead of what was there.

        Layers belong to the picture that they were made on, though undo has gone back to another one meanwhile.
        """
        candidate = self.candidates[index]
        if candidate.base is not None:
            return State(candidate.base, (), state.plan)
        own = state if state.base is self.before.base else self.before
        return own.with_layers(*candidate.layers)


@dataclass(frozen=True, eq=False)
class Comparison:
    """One candidate beside what was before it."""

    before: Pyramid | None
    after: Pyramid
    difference: Difference | None


def fetch(client: EngineClient, result: JobResult, before: State, drawing: Drawing) -> Results:
    """The candidates of a job that is done. Slow."""
    facts = _facts(result, before, drawing)
    made = []
    for number in range(len(result.chains)):
        seed = int(result.options.get("seed", 0)) + number
        own = facts | {"seed": seed}
        read = _reader(client, result)
        files = result.named("layer", number)
        if files:
            layers = tuple(
                pictures.read_layer(read(file.name), layer_name(result.instruction, file.turn), own) for file in files
            )
            assert before.base is not None  # an edit has a source
            shown = composite(before.base.image, before.layers + layers)
            made.append(Candidate(layers, None, pictures.thumbnail(shown, THUMBNAIL), overview(shown), seed))
        else:
            data = read(result.named("image", number)[-1].name)
            base = replace(pictures.picture_source(data, "The new picture"), name="")
            made.append(Candidate((), base, pictures.thumbnail(base.image, THUMBNAIL), overview(base.image), seed))
    base = before.base if not drawing.new_picture and len(made) > 1 else None
    original = overview(composite(base.image, before.layers)) if base is not None else None
    return Results(result.id, result, drawing, before, tuple(made), original)


def _reader(client: EngineClient, result: JobResult) -> Callable[[str], bytes]:
    return lambda name: client.file(result.id, name)


def layer_name(instruction: str, turn: int) -> str:
    """What the layer of that turn is called: the instruction's first 40 characters."""
    words = " ".join(instruction.split())
    short = words if len(words) <= 40 else f"{words[:39]}…"
    return f"GoT: {short}" + (f" ({turn + 1})" if turn else "")


def _facts(result: JobResult, before: State, drawing: Drawing) -> dict[str, Any]:
    part = before.selection if not drawing.new_picture else None
    boxes = [
        {"box": [r.box.x1, r.box.y1, r.box.x2, r.box.y2], "phrase": r.phrase, "color": r.color, "turn": r.turn}
        for r in Chain.parse(result.chains[0]).boxes
    ]
    return {
        "instruction": result.instruction,
        "chain": result.chains[0],
        "boxes": boxes,
        "model": result.model,
        **({"selection": asdict(part)} if part else {}),
        **result.options,
    }


def compare(results: Results, index: int) -> Comparison:
    """What the canvas shows of one candidate. Slow."""
    candidate, before = results.candidates[index], results.before
    if candidate.base is not None or before.base is None:
        assert candidate.base is not None
        return Comparison(None, pyramid(candidate.base.image), None)
    was = composite(before.base.image, before.layers)
    now = composite(before.base.image, before.layers + candidate.layers)
    boxes = Plan.of(results.chain).reframed(before.seen, before.whole).chain.boxes
    inside = [region.box.pixels(*was.size) for region in boxes if region.is_mask]
    return Comparison(pyramid(was), pyramid(now), difference(was, now, inside))


def entry_of(found: Results, name: str) -> Entry:
    """What the history keeps of it; `name` is the document's. Slow."""
    base = found.before.base
    after = found.candidates[0].thumbnail
    before = pictures.thumbnail(base.image, THUMBNAIL) if base and not found.drawing.new_picture else after
    state = found.before
    plan = Plan.of(found.chain)
    if base and not found.drawing.new_picture:  # kept as what it means for the whole picture
        plan = plan.reframed(state.seen, state.whole)
    return Entry(found.result.instruction, plan.text, found.drawing, name, before, after)
