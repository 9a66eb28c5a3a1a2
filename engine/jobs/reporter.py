"""Converts the pipeline's progress to events of the job."""

from __future__ import annotations

import base64
import io
import math
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.api.chain import IM_GEN_START, Chain
from engine.api.protocol import BoxFound, Event, Loading, Note, Planning, Preview, Profile, Step, Token, Writing

if TYPE_CHECKING:
    from torch import Tensor

    from engine.got import GoTPipeline
    from engine.imaging.fit import Fit

PREVIEWS = 8
"""Maximum number of previews per image."""
_PREVIEW_SIDE = 192

_BEFORE_COLOR = re.compile(r" ?(\(\w*)?")


class Reporter:
    """Sends the events of one job, and measures the time of each stage."""

    def __init__(self, say: Callable[[Event], None]) -> None:
        self.say = say
        self.notes: list[Note] = []
        self.seconds: dict[str, float] = {}
        self.candidate = 0
        self.fit: Fit | None = None
        """How the picture to edit lies on the model's canvas; None for a new picture."""
        self._stage = ""
        self._stage_start = time.monotonic()
        self._text = ""
        self._repeated_text = ""
        self._boxes = 0
        self._pictures = self._candidates = 1
        self._latents: Tensor | None = None
        self._pipeline: GoTPipeline | None = None
        self._render_start = 0.0
        self._steps_done = 0
        self._tokens = 0
        self._parts: dict[str, float] = {}
        self._part = ""
        self._part_start = self._step_start = 0.0
        self._steps: list[float] = []

    def stage(self, name: str) -> None:
        """Begins a stage and ends the previous one. Times of stages with the same name add up."""
        now = time.monotonic()
        self._end_part(now)
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._stage_start
        self._stage, self._stage_start = name, now

    def drawing(self, part: str) -> None:
        """Begins a part of rendering and ends the previous one: encode, denoise or decode."""
        now = time.monotonic()
        self._end_part(now)
        self._part, self._part_start, self._step_start = part, now, now

    def _end_part(self, now: float) -> None:
        if self._part:
            self._parts[self._part] = self._parts.get(self._part, 0.0) + now - self._part_start
        self._part = ""

    def profile(self) -> Profile:
        """The time that each part of rendering took."""
        encode, decode = (round(self._parts.get(part, 0.0), 4) for part in ("encode", "decode"))
        return Profile(self._tokens, encode, tuple(round(step, 4) for step in self._steps), decode)

    def again(self) -> None:
        """Called when the job starts again: planning is greedy, so the chain is the same and is not sent twice."""
        self._repeated_text, self._steps_done, self.candidate = self._text, 0, 0
        self._steps.clear()

    def note(self, note: Note) -> None:
        """Sends a note to the user, once per job."""
        if note not in self.notes:
            self.notes.append(note)
            self.say(note)

    def loading(self, model: str, done: int, total: int) -> None:
        self.say(Loading(model, done, total))

    def plan(self) -> None:
        """Begins planning a turn."""
        self.stage("plan")
        self.say(Planning(self._text.count(IM_GEN_START), self.candidate))

    def token(self, piece: str) -> None:
        """Sends a piece of the chain."""
        if self._repeated_text:
            self._repeated_text = self._repeated_text.removeprefix(piece)
            return
        if self._stage != "plan":
            self.plan()
        self.say(Token(piece, self._text.count(IM_GEN_START)))
        self._text += piece
        self._tokens += 1
        self._find_boxes(complete=IM_GEN_START in piece)
        if IM_GEN_START in piece:
            self.draw()

    def _find_boxes(self, complete: bool) -> None:
        """Sends each box once its color word is complete, or is not the next word."""
        for region in Chain.parse(self._text).boxes[self._boxes :]:
            if region.color is None and not complete and _BEFORE_COLOR.fullmatch(self._text, region.end):
                return
            self._boxes += 1
            box = region.box
            corners = (box.x1, box.y1, box.x2, box.y2)
            self.say(BoxFound(region.id, region.turn, corners, region.phrase, region.color))

    def expect(self, pipeline: GoTPipeline, candidates: int, turns: int = 1) -> None:
        """Sets the expected number of images: candidates × turns, as far as these are known."""
        self._pipeline, self._candidates, self._pictures = pipeline, candidates, candidates * turns

    def draw(self) -> None:
        """Begins an image."""
        self.stage("render")
        if self._steps_done == 0:
            self._render_start = self._stage_start

    def latents(self, latents: Tensor) -> None:
        self._latents = latents

    def step(self, step: int, total: int, turn: int) -> None:
        """Sends a finished denoising step; steps count from 1, turns from 0."""
        now = time.monotonic()
        self._steps.append(now - self._step_start)
        self._steps_done += 1
        each = (now - self._render_start) / self._steps_done
        left = max(0.0, each * (self._pictures * total - self._steps_done))
        seconds, candidates = round(self._steps[-1], 4), self._candidates
        self.say(Step(step, total, turn, self.candidate, round(left, 2), seconds, candidates))
        if step < total and step % max(1, math.ceil(total / PREVIEWS)) == 0:
            self.say(Preview(step, turn, self.candidate, self._preview()))
        self._step_start = time.monotonic()

    def _preview(self) -> str:
        assert self._pipeline is not None and self._latents is not None
        buffer = io.BytesIO()
        canvas = self._pipeline.renderer.preview(self._latents, _PREVIEW_SIDE)
        picture = self.fit.crop_scaled(canvas) if self.fit else canvas
        picture.save(buffer, "JPEG", quality=70)
        return base64.b64encode(buffer.getvalue()).decode()

    def write(self) -> None:
        """Begins writing the results. A job that only planned has no picture to assemble, so nothing is sent."""
        self.stage("write")
        if self._steps_done:
            self.say(Writing())
