"""Progress on the command line: stages, tokens, boxes as they are written, and steps with the time left."""

from __future__ import annotations

import re
import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from engine.api.chain import IM_GEN_START, Chain, Region
from engine.api.protocol import Event, Loading, Note, Planning, Queued, Step, Token, Writing

_BEFORE_COLOR = re.compile(r" ?(\(\w*)?")


class Progress:
    """Shows bars on a terminal, and elsewhere a line for each finished stage."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self.notes: list[str] = []
        """Notes that were shown to the user."""
        self.seconds: dict[str, float] = {}
        """The duration of each stage, by name."""
        self._bars = Bars(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<24}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[detail]}"),
            TimeRemainingColumn(elapsed_when_finished=True, compact=True),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._stage = ""
        self._title = ""
        self._detail = ""
        self._start = 0.0
        self._task: TaskID | None = None
        self._text = ""
        self._tokens = 0
        self._boxes_shown = 0

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._end_stage()
        self._bars.stop()

    def stage(self, name: str, title: str) -> None:
        """Starts a stage and ends the previous one. `seconds` adds up stages of the same name."""
        self._end_stage()
        self._stage, self._title, self._detail, self._start = name, title, "", time.monotonic()
        self._task = self._bars.add_task(title, total=None, detail="")

    def _end_stage(self) -> None:
        if self._task is None:
            return
        duration = time.monotonic() - self._start
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + duration
        self._bars.update(self._task, total=1, completed=1)
        self._task = None
        if not self.console.is_terminal:
            detail = f": {self._detail}" if self._detail else ""
            self.console.print(f"{self._title}{detail} ({duration:.1f} s)", markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Shows a note."""
        self.notes.append(text)
        self.console.print(f"[yellow]note:[/] {escape(text)}", soft_wrap=True)

    def event(self, event: Event, has_chain: bool = False) -> None:
        """Shows an event that the engine sent about the job."""
        if isinstance(event, Queued) and event.position:
            self._show(f"waiting for {_count(event.position, 'job', 'jobs')}")
        elif isinstance(event, Loading):
            self._loading(event, has_chain)
        elif isinstance(event, Planning) and self._stage != "plan":
            self.plan(event.turn + 1)
        elif isinstance(event, Token):
            self.token(event.text)
        elif isinstance(event, Step):
            self.step(event.step, event.total, event.turn)
        elif isinstance(event, Note):
            self.note(event.text)
        elif isinstance(event, Writing):
            self.stage("write", "Write")

    def _loading(self, event: Loading, has_chain: bool) -> None:
        if event.total:
            self.part(f"part {event.done} of {event.total}", event.done, event.total)
        else:
            self._show("already in memory")
        if event.done == event.total and has_chain:
            self.render()

    def plan(self, number: int = 1) -> None:
        """Starts the planning stage of a turn; turns count from 1."""
        self.stage("plan", "Plan" if number == 1 else f"Plan, turn {number}")
        self._tokens = 0

    def token(self, piece: str) -> None:
        """Shows progress after the planner wrote a piece of the chain."""
        if self._stage != "plan":
            self.plan(len(Chain.parse(self._text).turns) + 1)
        self._text += piece
        self._tokens += 1
        self._show_boxes(complete=IM_GEN_START in piece)
        self._show(f"{self._tokens} tokens, {_count(self._boxes_shown, 'box', 'boxes')}")

    def _show_boxes(self, complete: bool) -> None:
        """Shows each box as soon as its color word, or its absence, is known."""
        for region in Chain.parse(self._text).boxes[self._boxes_shown :]:
            if region.color is None and not complete and _BEFORE_COLOR.fullmatch(self._text, region.end):
                return
            self._boxes_shown += 1
            self.console.print(box_line(self._boxes_shown, region), soft_wrap=True)

    def render(self, number: int = 1) -> None:
        """Starts the rendering stage of a turn; turns count from 1."""
        self.stage("render", "Render" if number == 1 else f"Render, picture {number}")

    def step(self, step: int, total: int, turn: int) -> None:
        """Shows that a denoising step is done; steps count from 1, turns from 0."""
        if self._stage != "render":
            self.render(turn + 1)
        self.part(f"step {step} of {total}", step, total)
        if step == total:
            self.stage("decode", "Decode")

    def part(self, detail: str, done: int, total: int) -> None:
        """Shows how much of the current stage is done."""
        assert self._task is not None
        self._bars.update(self._task, completed=done, total=total)
        self._show(detail)

    def _show(self, detail: str) -> None:
        self._detail = detail
        assert self._task is not None
        self._bars.update(self._task, detail=detail)


def box_line(number: int, region: Region) -> str:
    """A box as one line of rich markup."""
    box = region.box
    kind = f"[red]■ {escape(region.color)}[/]" if region.color else "[red]□[/] no color: reasoned about"
    return f"  {number}  ({box.x1},{box.y1})–({box.x2},{box.y2})  {kind}  {escape(region.phrase)}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
