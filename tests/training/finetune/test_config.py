"""The configuration is strict, its errors name the wrong key, and the example has every key."""

from __future__ import annotations

import tomllib

import pytest

from engine.api.errors import EngineError, RequestError
from training.finetune.config import FinetuneConfig, is_recipe, load_config, write_example


def test_the_example_reads_back_as_the_defaults(tmp_path):
    path = tmp_path / "a.toml"
    write_example(path)
    assert load_config(path) == FinetuneConfig()
    assert all("#" in line for line in path.read_text().splitlines() if line and not line.startswith("["))
    with pytest.raises(EngineError, match="already exists"):
        write_example(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps = 3", "“steps” is not a valid key"),
        ("[training]\nsteps = 0", "training.steps” must be at least 1"),
        ('[training]\nsteps = "many"', "training.steps” must be a whole number"),
        ("[training]\nsteps = true", "must be a whole number"),
        ("[training]\nlearning_rate = nan", "at least 0"),
        ("[training]\nbatch_size = 8\nmicro_batch = 3", "multiple of training.micro_batch"),
        ('[adapter]\nunet = "some"', "one of lora, full, frozen"),
        ('[adapter]\nunet = "frozen"\nplanner = "frozen"\nprojectors = "frozen"', "nothing would be trained"),
        ('[pictures]\nbuckets = ["1000x1001"]', "multiples of 8"),
        ("training = 3", "must be a table"),
        ("[loss]\ndrop = 0.5", "below 1/3"),
        ("x = = 3", "is not valid TOML"),
    ],
)
def test_errors_name_the_file_and_the_wrong_key(tmp_path, text, words):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(RequestError) as error:
        load_config(path)
    assert words in str(error.value)
    assert "a.toml" in str(error.value)


def test_the_error_for_a_missing_file_names_the_option_that_writes_one(tmp_path):
    with pytest.raises(RequestError, match="--init"):
        load_config(tmp_path / "none.toml")


def test_recipes_are_distinguished_from_configurations(root, tmp_path):
    write_example(tmp_path / "a.toml")
    assert not is_recipe(tmp_path / "a.toml")
    assert is_recipe(root / "recipes" / "got-mini.toml")


def test_defaults_equal_the_papers():
    config = FinetuneConfig()
    assert (config.adapter.rank, config.adapter.alpha, config.adapter.dropout) == (32, 32, 0.05)
    assert (config.training.betas, config.training.epsilon, config.training.weight_decay) == ((0.9, 0.98), 1e-6, 0.05)
    assert (config.training.learning_rate, config.training.warmup) == (5e-5, 200)
    assert (config.loss.chain, config.loss.diffusion, config.loss.drop, config.loss.noise_offset) == (1, 1, 0.05, 0.1)


def test_the_example_is_plain_toml(tmp_path):
    write_example(tmp_path / "a.toml")
    assert set(tomllib.loads((tmp_path / "a.toml").read_text())) >= {"name", "base", "training", "loss"}
