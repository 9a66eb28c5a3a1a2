"""A plug-in's session with a real engine, driven like a host: the host's thread is a queue of calls."""

import io
import json
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.api.chain import NO_REGION, Chain
from engine.api.errors import Cancelled, ChainError, EngineError
from engine.api.origin import Origin
from engine.api.protocol import Step
from plugins.common import jobs
from plugins.common.jobs import Settings
from plugins.common.session import Run, Session
from plugins.common.words import plan_line
from tests.engine.conftest import place, served, tiny_model
from tests.engine.got.lessons import LOST, LOST_TURN, WHOLE
from tests.engine.running import CHAIN, INSTRUCTION, Place, png, scene

__all__ = ["place", "served", "tiny_model"]

SETTINGS = Settings(model="tiny", num_inference_steps=2)


class Host:
    """Runs the delivered calls in the thread that waits for them."""

    def __init__(self, folder: Path) -> None:
        self.calls: queue.Queue[Callable[[], None]] = queue.Queue()
        self.threads: set[str] = set()
        self.session = Session("test", folder, self.calls.put)

    def run(self, work, on_event=lambda event: None):
        """Returns the result of the work, or raises its error."""
        results: list = []
        self.session.begin(work, Run(results.append, results.append, on_event))
        while not results:
            self.calls.get(timeout=900)()
            self.threads.add(threading.current_thread().name)
        if isinstance(results[0], EngineError):
            raise results[0]
        return results[0]


@pytest.fixture
def host(tmp_path: Path, served: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOT_ENGINE_RUNTIME", str(served.runtime))
    (tmp_path / "got_desktop.json").write_text(json.dumps({"plugin": "krita", "engine_command": None}))
    new_host = Host(tmp_path)
    yield new_host
    new_host.session.close()


def test_plan_and_edit_give_every_picture_of_every_candidate(host: Host):
    picture = png(scene())
    chain = host.run(lambda engine, callbacks: jobs.plan(engine, callbacks, INSTRUCTION, picture, SETTINGS))
    assert "<|box_start|>" in chain
    two = Settings(model="tiny", num_inference_steps=2, candidates=2, seed=5)
    outcome = host.run(lambda engine, callbacks: jobs.edit(engine, callbacks, INSTRUCTION, picture, chain, two))
    assert outcome.chain == chain and [candidate.seed for candidate in outcome.candidates] == [5, 6]
    assert all(len(candidate.layers) == 1 for candidate in outcome.candidates)
    assert all(data.startswith(b"\x89PNG") for one in outcome.candidates for data in (*one.layers[0], one.image))


def test_a_plan_whose_boxes_are_all_lost_is_not_drawn(host: Host):
    picture = png(scene())
    for chain, words in ((None, "No edit box in the plan"), (LOST_TURN, "No edit box in the chain")):
        with pytest.raises(ChainError, match=words):
            host.run(
                lambda engine, callbacks, chain=chain: jobs.edit(engine, callbacks, LOST, picture, chain, SETTINGS)
            )
    assert "has no area in the picture" in plan_line(Chain(LOST_TURN), Origin())


def test_a_plan_without_a_region_says_so_before_it_is_drawn(host: Host):
    picture = png(scene())
    chain = host.run(lambda engine, callbacks: jobs.plan(engine, callbacks, WHOLE, picture, SETTINGS))
    assert plan_line(Chain(chain), Origin(instruction=WHOLE)) == NO_REGION.text
    assert plan_line(Chain(chain), Origin(task="text_to_image", instruction=WHOLE)) == ""
    outcome = host.run(lambda engine, callbacks: jobs.edit(engine, callbacks, WHOLE, picture, chain, SETTINGS))
    assert NO_REGION in outcome.notes
    assert plan_line(Chain(""), Origin()) == plan_line(Chain(CHAIN), Origin()) == ""


def test_feather_and_grow_shape_the_mask(host: Host):
    chain = "a boat <|box_start|>(100,100),(500,500)<|box_end|> (red).<|im_gen_start|>"
    hard = Settings(model="tiny", num_inference_steps=2, feather=0.0, grow=0.0)
    masks = []
    for settings in (SETTINGS, hard):
        outcome = host.run(
            lambda engine, callbacks, s=settings: jobs.edit(engine, callbacks, "x", png(scene()), chain, s)
        )
        with Image.open(io.BytesIO(outcome.candidates[0].layers[0][1])) as mask:
            masks.append(np.asarray(mask.convert("L")))
    own, tight = masks
    assert set(np.unique(tight)) == {0, 255} and len(np.unique(own)) > 2
    assert (own[tight == 255] == 255).all() and (own > 0).sum() > (tight > 0).sum() > 0


def test_a_new_picture_has_no_layers(host: Host):
    chain = "a boat <|box_start|>(100,100),(500,500)<|box_end|> (red).<|im_gen_start|>"
    small = Settings(model="tiny", num_inference_steps=2, width=64, height=64)
    outcome = host.run(lambda engine, callbacks: jobs.generate(engine, callbacks, "a boat", chain, small))
    assert outcome.candidates[0].layers == () and outcome.candidates[0].image.startswith(b"\x89PNG")


@pytest.mark.full
def test_an_engine_that_went_away_in_between_is_restarted(
    host: Host, tmp_path: Path, place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
):
    here = place()
    monkeypatch.setenv("GOT_ENGINE_RUNTIME", str(here.runtime))
    setting = [f"{name}={value}" for name, value in here.environment().items()]
    command = ["env", *setting, sys.executable, "-P", "-m", "engine"]
    (tmp_path / "got_desktop.json").write_text(json.dumps({"plugin": "krita", "engine_command": command}))

    def work(engine, callbacks) -> int:
        jobs.plan(engine, callbacks, INSTRUCTION, png(scene()), SETTINGS)
        return engine.client.runtime.pid

    first = host.run(work)
    here.end()
    assert host.run(work) != first


def test_cancelling_ends_it_and_the_session_is_free_again(host: Host):
    many = Settings(model="tiny", num_inference_steps=900)
    chain = "<|box_start|>(100,100),(500,500)<|box_end|> (red)<|im_gen_start|>"

    def event(event) -> None:
        if isinstance(event, Step):
            host.session.cancel()

    with pytest.raises(Cancelled):
        host.run(lambda engine, callbacks: jobs.edit(engine, callbacks, "x", png(scene()), chain, many), event)
    assert not host.session.busy
    assert host.run(lambda engine, callbacks: engine.client.system().queued) == 0


def test_everything_that_is_heard_is_heard_in_the_hosts_own_thread(host: Host):
    names = set()

    def event(event) -> None:
        names.add(threading.current_thread().name)

    host.run(lambda engine, callbacks: jobs.plan(engine, callbacks, INSTRUCTION, png(scene()), SETTINGS), event)
    assert names == {threading.current_thread().name}


def test_a_fault_of_ours_reaches_the_user_and_not_the_host(host: Host):
    with pytest.raises(EngineError, match="unexpected"):
        host.run(lambda engine, callbacks: 1 / 0)
    assert not host.session.busy


@pytest.mark.parametrize("command", [None, ["/nowhere/python"]])
def test_without_an_engine_and_without_the_product_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str] | None
):
    monkeypatch.setenv("GOT_ENGINE_RUNTIME", str(tmp_path / "run"))
    (tmp_path / "got_desktop.json").write_text(json.dumps({"plugin": "gimp", "engine_command": command}))
    with pytest.raises(EngineError, match="Install got_desktop"):
        Host(tmp_path).run(lambda engine, callbacks: None)
