"""Runs a job of each kind on the model: plan, edit, generate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from PIL import Image

from engine.api.chain import NO_REGION, Chain, Turn, escape_user_text
from engine.api.errors import ChainError
from engine.api.notes import Note
from engine.api.options import arguments
from engine.api.protocol import (
    EditOptions,
    EditRequest,
    GenerateOptions,
    GenerateRequest,
    JobResult,
    Placement,
    PlanRequest,
)
from engine.got import GoTPipeline
from engine.got.presets import preset_options
from engine.imaging.decode import Source
from engine.imaging.fit import Fit
from engine.imaging.region import Region
from engine.imaging.save import encode
from engine.jobs.pictures import Pictures
from engine.jobs.reporter import Reporter
from engine.jobs.results import Files, blank, edit_layers
from engine.jobs.store import Job

Outcome = tuple[JobResult, Mapping[str, bytes]]


class Task:
    """One job with the model that it runs on."""

    def __init__(self, job: Job, pipeline: GoTPipeline, pictures: Pictures, reporter: Reporter) -> None:
        self.job = job
        self.pipeline = pipeline
        self.pictures = pictures
        self.reporter = reporter

    def run(self, cancel: Callable[[], bool]) -> Outcome:
        """Raises EngineError, and Cancelled when `cancel` returns True."""
        self.cancel = cancel
        request = self.job.request
        if isinstance(request, PlanRequest):
            return self._plan(request)
        if isinstance(request, EditRequest):
            return self._edit(request)
        assert isinstance(request, GenerateRequest)
        return self._generate(request)

    def _plan(self, request: PlanRequest) -> Outcome:
        source = self._source(request.image)
        picture = Region.of(source.image.size, request.selection).cut(source.for_model()) if source else None
        self._note_unfamiliar(picture)
        self.reporter.plan()
        chain = self.pipeline.plan(
            self._words(request.instruction), picture, on_token=self.reporter.token, cancel=self.cancel
        )
        for turn in chain.turns:
            self._note_problems(chain, turn, planned=True)
            if source and not turn.lost:
                self._note_whole(turn)
        self.reporter.write()
        files = Files()
        files.add_overlay([picture or blank()], chain)
        return self._result(request.instruction, [chain], {}, files)

    def _edit(self, request: EditRequest) -> Outcome:
        source = self._source(request.image)
        assert source is not None  # an edit names a picture
        region = Region.of(source.image.size, request.selection)
        picture = region.cut(source.for_model())
        self._note_unfamiliar(picture)
        side = request.side or self.pipeline.config.image_size
        options = self._options(request, "edit") | {"fit": request.fit, "width": side, "height": side}
        if max(picture.size) > side:
            self.reporter.note(
                Note.of(
                    "drawn_smaller",
                    "The edit is drawn at {side}×{side} and scaled to {width}×{height}.",
                    side=side,
                    width=picture.width,
                    height=picture.height,
                )
            )
        fit = (Fit.stretch if request.fit == "stretch" else Fit.pad)(picture.size, (side, side))
        self.reporter.fit = fit
        results, chain = self._candidates(request, picture, options)
        self.reporter.write()
        files = Files()
        for candidate, images in enumerate(results):
            files.add_edit(candidate, source, edit_layers(request, source, region, chain, images))
        files.add_overlay([picture, *results[0]], chain)
        placement = Placement(region.crop, fit.canvas, fit.content, fit.offset)
        facts = facts_of(EditOptions, request, options)
        return self._result(request.instruction, [chain] * len(results), facts, files, placement)

    def _generate(self, request: GenerateRequest) -> Outcome:
        side = self.pipeline.config.image_size
        size = {"width": request.width or side, "height": request.height or side}
        options = self._options(request, "text_to_image") | {"fit": "pad"} | size
        results, chain = self._candidates(request, None, options)
        self.reporter.write()
        files = Files()
        for candidate, images in enumerate(results):
            files.add("image", candidate, len(images) - 1, encode(images[-1], ".png"))
        files.add_overlay([blank(results[0][0].size), *results[0]], chain)
        facts = facts_of(GenerateOptions, request, options) | {"scope": "whole"}
        return self._result(request.instruction, [chain] * len(results), facts, files)

    def _source(self, image: str | None) -> Source | None:
        return None if image is None else self.pictures.read(image)

    def _note_unfamiliar(self, picture: Image.Image | None) -> None:
        config = self.pipeline.config
        if picture and config.familiar and not self.pipeline.recognizes(picture):
            self.reporter.note(
                Note.of(
                    "unfamiliar",
                    "{name} was trained on {pictures}. This picture looks different, so the result may be poor. "
                    "Other pictures need a larger model, such as GoT-6B.",
                    name=config.name,
                    pictures=Note(config.familiar.pictures),
                )
            )

    def _words(self, instruction: str) -> str:
        """The user's text with control tokens escaped."""
        escaped = escape_user_text(instruction)
        if escaped != instruction:
            self.reporter.note(Note.of("control_token", "Control tokens in the text are read as ordinary text."))
        return escaped

    def _options(self, request: EditRequest | GenerateRequest, task: str) -> dict[str, Any]:
        """All render options, with defaults filled in."""
        config = self.pipeline.config
        overrides = {"num_inference_steps": request.num_inference_steps, "scheduler": request.scheduler}
        return {
            "seed": request.seed,
            **preset_options(request.preset, config),
            **{name: value for name, value in overrides.items() if value is not None},
            "guidance_scales": replace(config.defaults.guidance_scales[task], **request.guidance_scales.given()),
        }

    def _candidates(
        self, request: EditRequest | GenerateRequest, source: Image.Image | None, options: dict[str, Any]
    ) -> tuple[list[list[Image.Image]], Chain]:
        """(for each candidate the images of all turns, in sRGB; the chain). The chain is planned once, or given in the
        request."""
        callbacks = {
            "on_step": self.reporter.step,
            "on_latents": self.reporter.latents,
            "on_drawing": self.reporter.drawing,
            "cancel": self.cancel,
        }
        words = self._words(request.instruction)
        chain = Chain.parse(request.chain) if request.chain is not None else None
        results: list[list[Image.Image]] = []
        if chain is None:
            self.reporter.expect(self.pipeline, request.candidates)
            self.reporter.plan()
            on_planned = partial(self._check_turn, request)
            plan_callbacks = {"on_token": self.reporter.token, "on_planned": on_planned}
            first = self.pipeline(words, source, max_turns=request.max_turns, **plan_callbacks, **callbacks, **options)
            results, chain = [first.images], first.chain
        else:
            for turn in range(len(chain.turns)):
                self._check_turn(request, chain, turn)
        self.reporter.expect(self.pipeline, request.candidates, len(chain.turns))
        for candidate in range(len(results), request.candidates):
            self.reporter.candidate = candidate
            self.reporter.draw()
            candidate_options = options | {"seed": (request.seed + candidate) % 2**63}
            results.append(self.pipeline.render(chain, source, instruction=words, **callbacks, **candidate_options))
        return results, chain

    def _check_turn(self, request: EditRequest | GenerateRequest, chain: Chain, number: int = -1) -> None:
        """Before a turn is rendered, notes its problems, and whether the whole picture changes because it has no
        region.

        Raises ChainError if the turn has boxes but none is usable, because the region to edit is unknown then.
        """
        turn, planned = chain.turns[number], request.chain is None
        self._note_problems(chain, turn, planned)
        if not isinstance(request, EditRequest) or request.scope == "whole":
            return
        if turn.lost is None:
            self._note_whole(turn)
            return
        line, column = chain.place(turn.lost.start)
        place = {"line": line, "column": column, "fault": turn.lost.parts[0]}
        if planned:
            raise ChainError(
                "plan_without_region",
                "No edit box in the plan can be used: line {line}, column {column}: {fault}",
                "Plan first and correct the plan, or allow the whole picture to change.",
                **place,
            )
        raise ChainError(
            "chain_without_region",
            "No edit box in the chain can be used: line {line}, column {column}: {fault}",
            "Correct it, or allow the whole picture to change.",
            **place,
        )

    def _note_problems(self, chain: Chain, turn: Turn, planned: bool) -> None:
        """Adds a note for each problem, except for a planned box without a color word, which may be intended."""
        for problem in turn.problems:
            if planned and problem.code == "no_color":
                continue
            self.reporter.note(chain.note_of(problem))

    def _note_whole(self, turn: Turn) -> None:
        if not turn.mask_regions:
            self.reporter.note(NO_REGION)

    def _result(
        self,
        instruction: str,
        chains: list[Chain],
        facts: dict[str, Any],
        files: Files,
        placement: Placement | None = None,
    ) -> Outcome:
        self.reporter.stage("")
        result = JobResult(
            id=self.job.id,
            kind=self.job.kind,
            instruction=escape_user_text(instruction),
            chains=tuple(chain.text for chain in chains),
            model=self.pipeline.config.name,
            options=facts,
            seconds={stage: round(seconds, 3) for stage, seconds in self.reporter.seconds.items()},
            notes=tuple(note.text for note in self.reporter.notes),
            notes_in_parts=tuple(self.reporter.notes),
            files=tuple(files.entries),
            placement=placement,
            profile=self.reporter.profile(),
            image=getattr(self.job.request, "image", None) or "",
        )
        return result, files.contents


def facts_of(kind: type, request: EditRequest | GenerateRequest, options: dict[str, Any]) -> dict[str, Any]:
    """How it was drawn, as JSON values: the request's options, and what was drawn with where it left them open.

    `kind` is the dataclass that declares the options.
    """
    facts = {name: value for name, value in arguments(kind, request).items() if value is not None} | options
    facts["guidance_scales"] = asdict(options["guidance_scales"])
    facts["adapters"] = [asdict(adapter) for adapter in request.adapters]
    return facts
