"""The results of a run until the user accepts or discards them: candidates, and the document before the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.api.borders import reach
from engine.api.client import EngineClient
from engine.api.errors import ImageError
from engine.api.origin import Origin
from engine.api.protocol import JobResult
from got_desktop.model import pictures
from got_desktop.model.history import Entry
from got_desktop.model.layers import Layer, composite
from got_desktop.model.plan import Plan
from got_desktop.model.raster import Difference, Pyramid, Rectangle, difference, overview, pyramid
from got_desktop.model.settings import Drawing
from got_desktop.model.state import State

if TYPE_CHECKING:
    from engine.imaging.decode import Source

THUMBNAIL = 224


@dataclass(frozen=True, eq=False)
class Candidate:
    layers: tuple[Layer, ...]
    """One layer per turn; none for a new picture."""
    base: Source | None
    """The new picture, if the run drew one."""
    thumbnail: bytes
    overview: Pyramid
    """The picture to show next to the other candidates."""
    seed: int


@dataclass(frozen=True, eq=False)
class Results:
    job: str
    """The engine's job, which is acknowledged after the user has decided."""
    result: JobResult
    drawing: Drawing
    plan: Plan
    """The plan that was drawn; its boxes refer to the part of the picture that the model saw."""
    before: State
    """The document before the run."""
    candidates: tuple[Candidate, ...]
    original: Pyramid | None
    """The picture before the run, if there are several candidates; None for new pictures."""
    chosen: int = 0
    """The candidate to look at first."""

    @property
    def instruction(self) -> str:
        """The words that were drawn."""
        return self.plan.origin.words(self.result.instruction)

    def accepted(self, index: int, state: State) -> State:
        """`state` with the candidate's layers on top, or with the new picture as its base.

        Layers are added to the picture that they were made for, even if undo has since returned to another picture.
        A plan that was written by hand answers from now on what it was drawn for.
        """
        candidate = self.candidates[index]
        if candidate.base is not None:
            return State(candidate.base, (), self._answering(state.plan))
        own = state if state.base is self.before.base else self.before
        return own.with_result(self.job, candidate.layers).with_plan(self._answering(own.plan))

    def _answering(self, plan: Plan) -> Plan:
        return plan if plan.empty or plan.origin.known else replace(plan, origin=self.plan.origin)


@dataclass(frozen=True, eq=False)
class Comparison:
    """One candidate and the picture before the run."""

    before: Pyramid | None
    after: Pyramid
    difference: Difference | None


def fetch(client: EngineClient, result: JobResult, before: State, drawing: Drawing, origin: Origin) -> Results:
    """Fetches the candidates of a finished job; `origin` is what its plan answers. Slow."""
    plan = Plan.of(result.chains[0], origin)
    words = origin.words(result.instruction)
    facts = _facts(result, plan, before, drawing)
    candidates = []
    for number in range(len(result.chains)):
        seed = int(result.options.get("seed", 0)) + number
        own = facts | {"seed": seed}
        read = _reader(client, result)
        files = result.named("layer", number)
        if files:
            job = result.id if len(result.chains) > 1 else ""
            layers = tuple(
                pictures.read_layer(read(file.name), layer_name(words, file.turn), own, job) for file in files
            )
            assert before.base is not None  # an edit always has a source
            _check_size(layers[0], before)
            composited = composite(before.base.image, before.with_result(result.id, layers).layers)
            profile = before.base.icc_profile
            candidates.append(
                Candidate(
                    layers,
                    None,
                    pictures.thumbnail(composited, THUMBNAIL, profile),
                    overview(composited, profile),
                    seed,
                )
            )
        else:
            data = read(result.named("image", number)[-1].name)
            base = replace(pictures.picture_source(data, "The new picture"), name="")
            candidates.append(
                Candidate(
                    (),
                    base,
                    pictures.thumbnail(base.image, THUMBNAIL, base.icc_profile),
                    overview(base.image, base.icc_profile),
                    seed,
                )
            )
    base = before.base if not drawing.new_picture and len(candidates) > 1 else None
    original = None
    if base is not None:
        original = overview(composite(base.image, before.with_result(result.id, ()).layers), base.icc_profile)
    return Results(result.id, result, drawing, plan, before, tuple(candidates), original)


def _check_size(layer: Layer, before: State) -> None:
    """Candidates of an earlier edit may belong to another picture than the one that is open."""
    if layer.pixels.size != before.size:
        width, height = layer.pixels.size
        raise ImageError(
            "candidates_of_other_picture",
            "These candidates belong to a picture of {width}×{height} pixels.",
            "Open that picture first.",
            width=width,
            height=height,
        )


def _reader(client: EngineClient, result: JobResult) -> Callable[[str], bytes]:
    return lambda name: client.file(result.id, name)


def layer_name(instruction: str, turn: int) -> str:
    """The name of a turn's layer, with the first 40 characters of the instruction."""
    return f"GoT: {short(instruction)}" + (f" ({turn + 1})" if turn else "")


def short(instruction: str, most: int = 40) -> str:
    """The first characters of an instruction, on one line."""
    words = " ".join(instruction.split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _facts(result: JobResult, plan: Plan, before: State, drawing: Drawing) -> dict[str, Any]:
    part = before.selection if not drawing.new_picture else None
    boxes = [
        {"box": [r.box.x1, r.box.y1, r.box.x2, r.box.y2], "phrase": r.phrase, "color": r.color, "turn": r.turn}
        for r in plan.chain.boxes
    ]
    return {
        "instruction": plan.origin.words(result.instruction),
        "chain": plan.text,
        "boxes": boxes,
        "model": result.model,
        "origin": plan.origin.to_json(),
        **({"selection": asdict(part)} if part else {}),
        **result.options,
    }


def compare(results: Results, index: int) -> Comparison:
    """Prepares one candidate for the canvas. Slow."""
    candidate, before = results.candidates[index], results.before
    if candidate.base is not None or before.base is None:
        assert candidate.base is not None
        return Comparison(None, pyramid(candidate.base.image, candidate.base.icc_profile), None)
    was = composite(before.base.image, before.with_result(results.job, ()).layers)
    now = composite(before.base.image, before.with_result(results.job, candidate.layers).layers)
    profile = before.base.icc_profile
    return Comparison(pyramid(was, profile), pyramid(now, profile), difference(was, now, *_regions(results)))


def _regions(results: Results) -> tuple[list[Rectangle], list[int]]:
    """The edit regions of a result and the widths of their soft borders, in pixels of the whole picture."""
    left, top, right, bottom = results.before.seen
    options, regions, borders = results.result.options, [], []
    for region in results.plan.chain.boxes:
        if region.is_mask:
            x1, y1, x2, y2 = region.box.pixels(right - left, bottom - top)
            regions.append((left + x1, top + y1, left + x2 + 1, top + y2 + 1))
            borders.append(reach(x2 + 1 - x1, y2 + 1 - y1, options["feather"], options["grow"]))
    return regions, borders


def entry_of(results: Results, name: str) -> Entry:
    """The history entry of a run; `name` is the document's name. Slow."""
    base = results.before.base
    after = results.candidates[0].thumbnail
    state, plan, before = results.before, results.plan, after
    if base and not results.drawing.new_picture:
        before = pictures.thumbnail(base.image, THUMBNAIL, base.icc_profile)
        # stored in units of the whole picture
        plan = plan.reframed(state.seen, state.whole)
    return Entry(results.instruction, plan.text, results.drawing, name, before, after, plan.origin, results.job)
