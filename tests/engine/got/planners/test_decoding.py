"""Requirements of CUDA graphs on the recorded step: no decisions on the host, and tensors that keep their addresses.

The tests of `Reading` check that the steps write the same tokens as transformers.
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
    """Records the operators that are called."""

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


def test_a_step_does_not_depend_on_the_host(planner: GoTPlanner, reading: Reading):
    step = DecodingStep(planner.mllm, 64)
    load(step, reading)
    with Calls() as calls:
        step._advance()
    # _local_scalar_dense copies a number to the host and waits for it, lift_fresh copies one to the device, and the
    # size of nonzero is known only on the host
    assert not {"_local_scalar_dense", "lift_fresh", "lift_fresh_copy", "nonzero"} & set(calls.names)
    assert calls.names.count("index_copy_") == 2 * len(step._cache) + 1


def test_every_token_runs_the_same_operators_on_the_same_tensors(planner: GoTPlanner, reading: Reading):
    step = DecodingStep(planner.mllm, 64)
    load(step, reading)
    tensors = state(step)
    places = [tensor.data_ptr() for tensor in tensors]
    runs = []
    for _ in range(3):
        with Calls() as calls:
            step._advance()
        runs.append(calls.names)
    assert runs[0] == runs[1] == runs[2]
    assert [tensor.data_ptr() for tensor in tensors] == places
    assert [id(tensor) for tensor in tensors] == [id(tensor) for tensor in state(step)]


def test_a_replayed_step_writes_the_same(planner: GoTPlanner, reading: Reading):
    """Recorded before anything is loaded, so it cannot contain data of a request."""
    step, usual = DecodingStep(planner.mllm, 128), DecodingStep(planner.mllm, 128)
    step._advance()
    with Recording() as recording:
        step._advance()
    step._step = recording.replay
    load(step, reading)
    load(usual, reading)
    assert [step() for _ in range(30)] == [usual() for _ in range(30)]
    actual, expected = (each._cache[..., : step.length, :] for each in (step, usual))
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-6)


def test_steps_are_reused_but_never_shared(planner: GoTPlanner):
    decoder = Decoder(planner.mllm)
    with decoder.lend(10) as one, decoder.lend(10) as other, decoder.lend(1100) as larger:
        assert one is not other and (one.room, other.room, larger.room) == (1024, 1024, 2048)
    with decoder.lend(1023) as reused:
        assert reused in (one, other) and reused.room > 1023
    with decoder.lend(1024) as roomier:
        assert roomier is larger
    decoder.forget()
    with decoder.lend(10) as new:
        assert new not in (one, other)


def test_earlier_contents_of_a_step_have_no_effect(planner: GoTPlanner, reading: Reading, source: Image.Image):
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


def test_each_section_uses_the_angles_of_its_own_axis(planner: GoTPlanner):
    """The format of older versions of transformers, which did not merge the sections."""
    step = DecodingStep(planner.mllm, 64)
    sections = step._sections
    axes = [axis for _ in range(2) for axis, width in enumerate(sections) for _ in range(width)]
    angles = torch.arange(3.0)[:, None] * 100 + torch.arange(float(len(axes)))
    expected = [100 * axis + place for place, axis in enumerate(axes)]
    assert step._merge_sections(angles[:, None, None]).tolist() == expected
    assert step._merge_sections(torch.tensor(expected)[None, None]).tolist() == expected
