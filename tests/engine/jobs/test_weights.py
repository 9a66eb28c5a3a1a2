"""The engine's setting for the UNet's weights: read from the environment, and reported."""

import pytest

from engine.api.errors import EngineError
from engine.api.protocol import EditRequest
from tests.engine.running import CHAIN, INSTRUCTION, png, scene


def edit(engine):
    image = engine.upload(png(scene()))
    return engine.run(
        EditRequest(instruction=INSTRUCTION, image=image.id, model="tiny", chain=CHAIN, num_inference_steps=1)
    )


@pytest.mark.full
def test_an_engine_renders_with_the_requested_weights_and_reports_them(place):
    with place(weights="int8").connect() as engine:
        assert edit(engine).state == "done"
        using = next(model.memory_use for model in engine.client.models().models if model.loaded)
        assert using.endswith("and the UNet uses int8 weights")


@pytest.mark.full
def test_unknown_weights_fail_the_job_with_a_list_of_the_known_ones(place):
    with place(weights="int3").connect() as engine, pytest.raises(EngineError) as caught:
        edit(engine)
    assert caught.value.code == "weights_unknown" and "exact, int8, fp8" in caught.value.remedy
