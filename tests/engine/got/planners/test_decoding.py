"""What a CUDA graph asks of the step that it records: nothing of the host, and tensors that stay where they are.

That the steps write what transformers writes is tested with the reading.
"""

import pytest
import torch
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode

from engine.got.planners.decoding import Decoder, DecodingStep
from engine.got.planners.got import GoTPlanner
from engine.got.planners.reading import Reading
from tests.engine.got.card import Recording
from tests.engine.got.tiny import EDIT


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


@pytest.fixture
def reading(planner: GoTPlanner, source: Image.Image) -> Reading:
    reading = planner.open(EDIT, source)
    reading.forward()
    reading.append([5])
    return reading


class Calls(TorchDispatchMode):
    """The operators that were called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def state(step: DecodingStep) -> list[torch.Tensor]:
    return [step._token, step._positions, step._ids, step._device_length, step._cache]


def load(step: DecodingStep, reading: Reading) -> None:
    step.load(reading._cache, reading.ids, reading._positions[..., -1:] + 1)


def test_a_step_asks_nothing_of_the_host(planner: GoTPlanner, reading: Reading):
    step = DecodingStep(planner.mllm, 64)
    load(step, reading)
    with Calls() as calls:
        step._advance()
    # _local_scalar_dense gives the host a number and waits for it, lift_fresh brings one, nonzero's size is the host's
    assert not {"_local_scalar_dense", "lift_fresh", "lift_fresh_copy", "nonzero"} & set(calls.names)
    assert calls.names.count("index_copy_") == 2 * len(step._cache) + 1


def test_the_same_operators_run_at_every_token_on_tensors_that_stay(planner: GoTPlanner, reading: Reading):
    step = DecodingStep(planner.mllm, 64)
    load(step, reading)
    kept = state(step)
    places = [tensor.data_ptr() for tensor in kept]
    runs = []
    for _ in range(3):
        with Calls() as calls:
            step._advance()
        runs.append(calls.names)
    assert runs[0] == runs[1] == runs[2]
    assert [tensor.data_ptr() for tensor in kept] == places
    assert [id(tensor) for tensor in kept] == [id(tensor) for tensor in state(step)]


def test_a_recorded_step_played_again_writes_the_same(planner: GoTPlanner, reading: Reading):
    """Recorded before anything is loaded, so that nothing of a request can be part of it."""
    step, usual = DecodingStep(planner.mllm, 128), DecodingStep(planner.mllm, 128)
    step._advance()
    with Recording() as recording:
        step._advance()
    step._step = recording.replay
    load(step, reading)
    load(usual, reading)
    assert [step() for _ in range(30)] == [usual() for _ in range(30)]
    ours, theirs = (each._cache[..., : step.length, :] for each in (step, usual))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def test_steps_are_kept_for_the_next_writer_and_never_shared(planner: GoTPlanner):
    decoder = Decoder(planner.mllm)
    with decoder.lend(10) as one, decoder.lend(10) as other, decoder.lend(1100) as larger:
        assert one is not other and (one.room, other.room, larger.room) == (1024, 1024, 2048)
    with decoder.lend(1023) as again:
        assert again in (one, other) and again.room > 1023
    with decoder.lend(1024) as roomier:
        assert roomier is larger
    decoder.forget()
    with decoder.lend(10) as new:
        assert new not in (one, other)


def test_what_a_step_held_before_is_not_seen(planner: GoTPlanner, reading: Reading, source: Image.Image):
    step, fresh = DecodingStep(planner.mllm, 128), DecodingStep(planner.mllm, 128)
    other = planner.open("something else altogether, and longer than the first", source)
    other.forward()
    other.append([9])
    load(step, other)
    for _ in range(10):
        step()
    load(step, reading)
    load(fresh, reading)
    assert [step() for _ in range(8)] == [fresh() for _ in range(8)]


def test_of_angles_for_each_axis_a_section_takes_its_own(planner: GoTPlanner):
    """As transformers gave them before it composed them itself."""
    step = DecodingStep(planner.mllm, 64)
    sections = step._sections
    axes = [axis for _ in range(2) for axis, width in enumerate(sections) for _ in range(width)]
    angles = torch.arange(3.0)[:, None] * 100 + torch.arange(float(len(axes)))
    wanted = [100 * axis + place for place, axis in enumerate(axes)]
    assert step._merge_sections(angles[:, None, None]).tolist() == wanted
    assert step._merge_sections(torch.tensor(wanted)[None, None]).tolist() == wanted
