"""An edit in two steps is right only if both steps are."""

from PIL import Image

from engine.api.chain import Chain
from tests.training.examples import picture_before
from training.evaluate.verdict import judge
from training.storybook.edits import sample

SEED = 9 * 10**9 + 17


def test_two_steps_are_right_only_if_both_pictures_are():
    example = sample(SEED, "two_step")
    source = Image.fromarray(picture_before(example))
    truths = [Image.fromarray(step.target.render()) for step in example.steps]
    chain = Chain.from_turns([step.chain + "<|im_gen_start|>" for step in example.steps])
    assert judge(example, source, truths, chain, truths, 0.0).right
    assert not judge(example, source, truths, chain, truths[:1], 0.0).right
    assert not judge(example, source, truths, chain, [truths[0], source], 0.0).right
    assert not judge(example, source, truths, chain, [source, truths[1]], 0.0).right
