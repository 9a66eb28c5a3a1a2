"""Everything that undo restores: the picture, its layers and the plan. Immutable; a change creates another State."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.api.protocol import Selection
from got_desktop.background import let_go
from got_desktop.model.layers import Layer, merged_down
from got_desktop.model.plan import WHOLE, Frame, Plan

if TYPE_CHECKING:
    from engine.imaging.decode import Source


@dataclass(frozen=True, eq=False)
class State:
    base: Source | None = None
    """None: no picture is open."""
    layers: tuple[Layer, ...] = ()
    """From bottom to top."""
    plan: Plan = Plan()
    selection: Selection | None = None
    """The part of the picture that an edit may change; None: all of it."""
    plan_frame: Frame | None = None
    """The part of the picture that the model saw when it planned, which the boxes refer to; None: all of it."""

    def __del__(self, let_go: Callable[[object], None] = let_go) -> None:
        let_go(self.base)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels; (0, 0) if no picture is open."""
        return self.base.image.size if self.base else (0, 0)

    @property
    def whole(self) -> Frame:
        """The whole picture; without a picture, one pixel for each of the chain's units."""
        return (0, 0, *self.size) if self.base else WHOLE

    @property
    def frame(self) -> Frame:
        """The part of the picture that the plan's boxes refer to."""
        return self.plan_frame or self.whole

    @property
    def seen(self) -> Frame:
        """The part of the picture that the model sees now: the selection with some of its surroundings."""
        return self.selection.seen_in(*self.size) if self.selection else self.whole

    def selecting(self, selection: Selection | None) -> State:
        """Changes the area to edit. The boxes stay; they are cut off at its edge when they are drawn."""
        after = replace(self, selection=selection)
        return replace(after, plan_frame=after.seen) if self.plan.empty else after

    def planned(self, plan: Plan, frame: Frame) -> State:
        """Changes the plan; its boxes refer to that part of the picture."""
        return replace(self, plan=plan, plan_frame=frame)

    def looks_as(self, other: State) -> bool:
        """Whether both show the same pixels, as far as this can be said without comparing pixels."""
        return self.base is other.base and self.layers == other.layers

    def position(self, id: str) -> int:
        return next(index for index, layer in enumerate(self.layers) if layer.id == id)

    def with_layers(self, *layers: Layer) -> State:
        """Adds layers on top."""
        return replace(self, layers=self.layers + layers)

    def with_result(self, job: str, layers: tuple[Layer, ...]) -> State:
        """Adds the layers of a job on top or, if it has layers here already, in their place."""
        places = [place for place, layer in enumerate(self.layers) if layer.job == job]
        rest = [layer for layer in self.layers if layer.job != job]
        place = places[0] if places else len(rest)
        return replace(self, layers=(*rest[:place], *layers, *rest[place:]))

    def with_layer(self, id: str, **change: object) -> State:
        """Changes one layer: name, visible, opacity, mask_on."""
        return replace(self, layers=tuple(replace(x, **change) if x.id == id else x for x in self.layers))

    def without_layer(self, id: str) -> State:
        return replace(self, layers=tuple(layer for layer in self.layers if layer.id != id))

    def shifted(self, id: str, by: int) -> State:
        """Moves a layer up or, if `by` is negative, down."""
        rest, place = list(self.layers), self.position(id)
        layer = rest.pop(place)
        rest.insert(min(len(rest), max(0, place + by)), layer)
        return replace(self, layers=tuple(rest))

    def merged(self, id: str) -> State:
        """Merges a layer with the one below it. Slow."""
        place = self.position(id)
        one = merged_down(self.layers[place - 1], self.layers[place])
        return replace(self, layers=self.layers[: place - 1] + (one,) + self.layers[place + 1 :])

    def with_plan(self, plan: Plan) -> State:
        return replace(self, plan=plan)

    # storage, next to the pixels

    def review_json(self) -> dict[str, Any]:
        """The plan with the selection and the frame."""
        area = {"selection": astuple(self.selection) if self.selection else None, "frame": self.plan_frame}
        return self.plan.to_json() | area

    def with_review(self, value: Mapping[str, Any]) -> State:
        area, frame = value.get("selection"), value.get("frame")
        selection, plan_frame = Selection(*area) if area else None, tuple(frame) if frame else None
        return replace(self, plan=Plan.from_json(value), selection=selection, plan_frame=plan_frame)
