"""The engine's setting for the UNet's weights: asked for in the environment, and said."""

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
def test_an_engine_draws_with_the_weights_that_are_asked_for_and_says_so(place):
    with place(weights="int8").connect() as engine:
        assert edit(engine).state == "done"
        using = next(model.memory_use for model in engine.client.models().models if model.loaded)
        assert using.endswith("and the UNet uses int8 weights")


@pytest.mark.full
def test_weights_that_nobody_knows_fail_the_job_with_the_ones_there_are(place):
    with place(weights="int3").connect() as engine, pytest.raises(EngineError) as caught:
        edit(engine)
    assert caught.value.code == "weights_unknown" and "exact, int8, fp8" in caught.value.remedy
