"""Real fine-tuning at a tiny size: it learns, resumes exactly, stops cleanly, and the engine loads its adapter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from engine.api.errors import ModelError, RequestError
from engine.got import GoTPipeline
from engine.got.adapters import apply_adapters
from training.data.pair import KINDS
from training.finetune import journal, lora
from training.finetune.config import to_toml
from training.finetune.joint import JointLoss
from training.finetune.journal import CONTROL, tell
from training.finetune.output import KOHYA, merge_adapters
from training.finetune.preflight import TARGETS, preflight
from training.finetune.run import Finetune


def losses(folder) -> list[float]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [row["loss"] for row in rows if "loss" in row]


def test_only_one_process_trains_in_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "_ENDING", 0.3)
    with (
        journal.alone(tmp_path / "run"),
        pytest.raises(RequestError, match="already active in"),
        journal.alone(tmp_path / "run"),
    ):
        raise AssertionError("two of them")
    with journal.alone(tmp_path / "run"):
        pass


def test_it_learns_and_the_engine_applies_the_adapter_as_it_was_trained(config, base, tmp_path):
    settings = config(training_steps=24, training_save_every=50, training_learning_rate=0.05, adapter_convolutions=True)
    run = Finetune(settings, tmp_path / "run")
    assert run.run()
    curve = losses(tmp_path / "run")
    assert len(curve) == 24
    assert sum(curve[-5:]) < sum(curve[:5])  # the model is random; test_story checks that got-mini learns well
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert all({"chain", "diffusion", "loss"} <= json.loads(line).keys() for line in lines)
    assert json.loads((tmp_path / "run" / "state.json").read_text())["state"] == "finished"

    pipeline = GoTPipeline.from_pretrained(base)
    apply_adapters(pipeline, [(tmp_path / "adapter", 1.0)])
    lora.merge(run.components)
    expected = {"mllm": run.components.mllm, "unet": run.components.unet, "projectors": run.components.projectors}
    actual = {"mllm": pipeline.planner.mllm, "unet": pipeline.renderer.unet, "projectors": pipeline.renderer.projectors}
    for part, module in actual.items():
        for name, weight in module.state_dict().items():
            torch.testing.assert_close(weight, expected[part].state_dict()[name], rtol=1e-4, atol=1e-5)
    parts = {name.split(".")[0] for name in load_file(tmp_path / "adapter" / "adapter.safetensors")}
    assert parts == {"mllm", "unet", "projectors"}
    kernels = load_file(tmp_path / "adapter" / "adapter.safetensors")["unet.conv_in.lora_A.weight"]
    assert kernels.shape[2:] == (3, 3)

    about = json.loads((tmp_path / "adapter" / "adapter.json").read_text())
    assert about["license"] == "CC0"
    assert len(about["provenance"]["base_sha256"]) == 64
    assert about["provenance"]["examples"][0].startswith(("a house", "paint boat"))

    kohya = load_file(tmp_path / "adapter" / KOHYA)
    native = load_file(tmp_path / "adapter" / "adapter.safetensors")
    key = next(k for k in kohya if k.endswith("attn1_to_q.lora_up.weight"))
    native_key = next(k for k in native if "lora_unet_" + k.removeprefix("unet.").replace(".", "_").removesuffix("_lora_B_weight") == key.removesuffix(".lora_up.weight"))  # fmt: skip # noqa: E501
    assert torch.equal(kohya[key], native[native_key])
    assert float(kohya[key.replace("lora_up.weight", "alpha")]) == 8

    merge_adapters(base, [(tmp_path / "adapter", 0.5)], tmp_path / "merged")
    half = GoTPipeline.from_pretrained(base)
    apply_adapters(half, [(tmp_path / "adapter", 0.5)])
    merged = GoTPipeline.from_pretrained(tmp_path / "merged")
    for name, weight in merged.renderer.unet.state_dict().items():
        torch.testing.assert_close(weight, half.renderer.unet.state_dict()[name])


def test_the_diffusion_loss_alone_reaches_the_planner(config, tmp_path):
    run = Finetune(config(loss_chain=0.0), tmp_path / "run")
    run.loss(run.batches.part(0, 0, 4))["loss"].backward()
    names = [n for n, p in run.weights.items() if n.startswith("mllm") and p.grad is not None and p.grad.any()]
    assert names


def test_only_the_configured_weights_are_trained(config, tmp_path):
    run = Finetune(config(adapter_unet="frozen", adapter_projectors="full"), tmp_path / "run")
    names = set(run.weights)
    assert all("lora_" in n or n.startswith("projectors") for n in names)
    assert not any(n.startswith("unet") or "visual" in n or "embed" in n for n in names)
    assert "projectors.output_projector.weight" in names


def test_training_a_part_in_full_writes_a_whole_model(config, tmp_path):
    settings = config(adapter_unet="full", training_steps=1, name="whole")
    assert Finetune(settings, tmp_path / "run").run()
    pipeline = GoTPipeline.from_pretrained(tmp_path / "adapter")
    assert pipeline.config.name == "whole"
    assert pipeline.config.provenance["fine_tuned"]["pairs"] == 10


@pytest.mark.full
def test_a_stopped_run_resumes_to_the_same_bits(config, tmp_path):
    whole = config(training_ema=0.9, adapter_dropout=0.1, training_steps=5, output=str(tmp_path / "a"))
    Finetune(whole, tmp_path / "whole").run()
    run = Finetune(
        config(training_ema=0.9, adapter_dropout=0.1, training_steps=5, output=str(tmp_path / "b")), tmp_path / "cut"
    )
    original = run.step

    def stop_at_third(step):
        if step == 2:
            (tmp_path / "cut" / CONTROL).write_text("stop")
        return original(step)

    run.step = stop_at_third
    assert run.run() is False
    assert json.loads((tmp_path / "cut" / "state.json").read_text())["state"] == "stopped"
    again = Finetune(run.config, tmp_path / "cut")
    assert again.resume() == 3
    assert again.run()
    a, b = (load_file(tmp_path / name / "adapter.safetensors") for name in "ab")
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert losses(tmp_path / "whole") == losses(tmp_path / "cut")


def test_a_run_with_another_configuration_is_not_resumed(config, tmp_path):
    Finetune(config(training_steps=1), tmp_path / "run").run()
    with pytest.raises(RequestError, match="different configuration"):
        Finetune(config(training_steps=1, training_learning_rate=1e-4), tmp_path / "run").run()


def test_a_non_finite_loss_stops_the_run_and_the_last_checkpoint_is_good(config, tmp_path):
    run = Finetune(config(training_steps=6, training_save_every=1), tmp_path / "run")
    original = run.step

    def spoil(step):
        if step == 3:
            with torch.no_grad():
                next(iter(run.weights.values())).fill_(float("inf"))
        return original(step)

    run.step = spoil
    with pytest.raises(ModelError, match="step 4"):
        run.run()
    assert json.loads((tmp_path / "run" / "state.json").read_text())["state"] == "failed"
    fresh = Finetune(run.config, tmp_path / "run")
    assert fresh.resume() == 3
    assert all(p.isfinite().all() for p in fresh.weights.values())


def test_validation_measures_held_out_pairs_and_writes_a_sheet(config, tmp_path):
    settings = config(training_steps=2, validation_share=0.2, validation_every=2, validation_samples=1,
                      validation_num_inference_steps=1)  # fmt: skip
    run = Finetune(settings, tmp_path / "run")
    assert (len(run.rows), len(run.held_out)) == (8, 2)
    assert run.run()
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert "held_out_chain_parse_rate" in rows[-1]
    assert (tmp_path / "run" / "samples" / "00000002.png").stat().st_size > 100


def test_preflight_measures_a_run_without_changing_it(config, tmp_path, capsys):
    run = Finetune(config(validation_num_inference_steps=1), tmp_path / "run")
    findings = {"pairs": 10, "counts": {"orphan": 3}, "findings": []}
    (Path(run.config.data) / "report.json").write_text(json.dumps(findings))
    before = {k: p.detach().clone() for k, p in run.weights.items()}
    report = preflight(run)
    assert all(torch.equal(before[k], p) for k, p in run.weights.items())
    assert not run.optimizer.state
    assert report["pairs"] == 10
    assert 0 < report["peak_memory"] < report["memory"]
    assert report["disk_needed"] > sum(p.numel() for p in run.weights.values()) * 4
    output = capsys.readouterr().out
    assert "seconds per step" in output and f"data findings: 3 × {KINDS['orphan']}" in output
    assert (tmp_path / "run" / "preflight.png").exists()
    with Image.open(tmp_path / "run" / TARGETS) as targets:
        assert targets.size == (2 * (64 + 4), 8 * (64 + 4))


def test_batches_cover_an_epoch_and_depend_on_the_step_alone(config, tmp_path):
    batches = Finetune(config(), tmp_path / "run").batches
    assert batches.batches_per_epoch == 3  # ten pairs, four at a time
    assert {p for s in range(3) for p in batches.rows(s)} == set(batches.by_size[next(iter(batches.by_size))])
    assert batches.rows(1) == batches.rows(1) != batches.rows(4)
    whole, part = batches.part(1, 0, 4), batches.part(1, 2, 2)
    assert torch.equal(whole.noise[2:], part.noise)
    assert torch.equal(whole.timesteps[2:], part.timesteps)


def test_conditions_are_dropped_with_the_configured_shares(config, tmp_path):
    batches = Finetune(config(), tmp_path / "run").batches
    guidance = torch.tensor([batches._draw(step, 0, torch.zeros(4, 2, 2))[2] for step in range(2000)])
    semantic, spatial, reference = guidance.float().mean(0).tolist()
    assert semantic == pytest.approx(0.90, abs=0.02)
    assert spatial == pytest.approx(0.85, abs=0.02)
    assert reference == pytest.approx(0.95, abs=0.02)
    assert set(map(tuple, guidance.tolist())) == {(1, 1, 1), (1, 0, 1), (0, 0, 1), (0, 0, 0)}


def test_min_snr_and_masks_weight_the_error(config, tmp_path):
    run = Finetune(config(loss_min_snr=5.0, loss_only_inside=True), tmp_path / "run")
    loss: JointLoss = run.loss
    weight = loss._snr_weight(torch.tensor([0.5, 0.99]), velocity=False)
    torch.testing.assert_close(weight, torch.tensor([1.0, 5 / 99]))
    mask = torch.zeros(2, 2, 2)
    mask[0, 0, 0] = 1
    error = torch.tensor([[[4.0, 0], [0, 0]], [[1.0, 1], [1, 5]]])
    torch.testing.assert_close(loss._weighted_error(error, mask), torch.tensor([4.0, 2.0]))


def test_captions_and_edits_train_in_one_batch(config, tmp_path):
    run = Finetune(config(training_batch_size=10, training_micro_batch=10), tmp_path / "run")
    batch = run.batches.part(0, 0, 10)
    assert len(batch.grid) == 8
    assert torch.isfinite(run.loss(batch)["loss"])


def test_pictures_go_to_the_bucket_of_their_shape(config, tmp_path):
    run = Finetune(config(pictures_buckets=("64x64", "128x64")), tmp_path / "run")
    assert set(run.batches.by_size) == {(64, 64, 0, 0, 64, 64)}
    assert run.cache.encoder.bucket((200, 110)) == (128, 64)


def test_tell_writes_and_withdraws_a_request(tmp_path):
    with pytest.raises(RequestError, match="no run"):
        tell(tmp_path, "pause")
    (tmp_path / "state.json").write_text("{}")
    tell(tmp_path, "pause")
    assert (tmp_path / CONTROL).read_text() == "pause"
    tell(tmp_path, "")
    assert not (tmp_path / CONTROL).exists()


@pytest.mark.full
def test_the_command_trains_an_adapter(config, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(to_toml(config(training_steps=1, validation_num_inference_steps=1)))
    command = [sys.executable, "-m", "training", str(path), "--runs", str(tmp_path / "run"), "--threads", "1"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    assert process.returncode == 0, process.stderr
    assert "peak memory" in process.stdout
    assert (tmp_path / "adapter" / "adapter.json").is_file()


def test_the_tensorboard_log_has_both_losses(config, tmp_path):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert Finetune(config(training_steps=2, training_tensorboard=True), tmp_path / "run").run()
    log = events.EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    log.Reload()
    assert {"loss", "chain", "diffusion", "learning_rate"} <= set(log.Tags()["scalars"])
    assert [event.step for event in log.Scalars("loss")] == [1, 2]
    assert [event.value for event in log.Scalars("loss")] == pytest.approx(losses(tmp_path / "run"), abs=1e-5)
