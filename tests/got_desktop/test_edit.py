"""`got edit`, `got plan` and `got generate` on a real, tiny model."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.api.chain import NO_REGION, Box, Chain
from engine.imaging.composite import region_mask
from engine.imaging.decode import read_image
from engine.imaging.openraster import read_openraster
from engine.imaging.save import read_facts
from tests.engine.got.lessons import CAPTION, CAPTION_TURN, EDIT_TURNS, LOST, WHOLE
from tests.got_desktop.conftest import CHAIN, INSTRUCTION

FAST = ("--model", "tiny", "--steps", "2")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def outside(size: tuple[int, int]) -> np.ndarray:
    """A mask of the pixels outside the chain's box (125,250),(500,750) and its soft border."""
    width, height = size
    box = (width // 8, height // 4, width // 2 + 1, 3 * height // 4 + 1)
    return np.asarray(region_mask(size, [box])) == 0


def test_an_edit_is_planned_drawn_and_composited_over_the_source(got, picture, tmp_path):
    result = got("edit", picture, INSTRUCTION, "-o", "out.png", "--boxes-overlay", "boxes.png", *FAST)
    assert result.code == 0, result.err
    before, after = pixels(picture), pixels(tmp_path / "out.png")
    untouched = outside((96, 48))
    assert untouched.sum() > 500 and np.array_equal(before[untouched], after[untouched])
    assert not np.array_equal(before[~untouched], after[~untouched])
    assert pixels(tmp_path / "boxes.png").shape[1] == 96 * 7
    for words in ("Load tiny", "Plan: ", "tokens, 1 box", "Render: step 2 of 2", "Decode", "Write", "Wrote out.png"):
        assert words in result.err
    assert "1  (125,250)–(500,750)  ■ red  A boat" in result.err
    assert result.out == ""


def test_a_plan_without_a_usable_box_is_not_drawn(got, picture, tmp_path):
    result = got("edit", picture, LOST, "-o", "out.png", *FAST)
    assert result.code == 5 and "No edit box in the plan can be used: line 1, column 8:" in result.err
    assert "correct the plan" in result.err and "step 1" not in result.err and not (tmp_path / "out.png").exists()
    plan_result = got("plan", picture, LOST, "--model", "tiny", "-o", "chain.txt")
    assert plan_result.code == 0 and "has no area in the picture" in plan_result.err
    chain = tmp_path / "chain.txt"
    chain.write_text(chain.read_text().replace("(500,160)", "(700,160)"))
    assert got("edit", picture, LOST, "-o", "out.png", "--chain", chain, *FAST).code == 0
    assert got("edit", picture, LOST, "-o", "whole.png", "--scope", "whole", *FAST).code == 0


def test_a_plan_without_a_region_is_reported_before_it_is_drawn(got, picture):
    result = got("edit", picture, WHOLE, "-o", "out.png", *FAST)
    assert result.code == 0 and result.err.index(NO_REGION.text) < result.err.index("step 2 of 2")
    assert NO_REGION.text in got("plan", picture, WHOLE, "--model", "tiny").err


def test_a_box_ends_at_the_pictures_edge(got, picture, tmp_path):
    """Both for 1000 and for larger numbers in the chain file."""
    for corner in ("(1000,1000)", "(1003,1500)"):
        (tmp_path / "edge.txt").write_text(CHAIN.replace("(500,750)", corner))
        result = got("edit", picture, INSTRUCTION, "-o", "out.png", "--force", "--chain", "edge.txt", "--json", *FAST)
        outcome = json.loads(result.out)
        assert outcome["boxes"][0]["box"] == [125, 250, 1000, 1000] and outcome["boxes"][0]["edit"]
        assert [problem["code"] for problem in outcome["problems"]] == ["out_of_range"] * (corner == "(1003,1500)")
        assert ("cut off at its edge" in result.err) == (corner == "(1003,1500)")


def test_the_outcome_as_json_and_the_facts_in_the_png(got, picture, tmp_path):
    result = got("edit", picture, INSTRUCTION, "-o", "out.png", "--json", "--seed", 7, "--spatial-scale", 2.5, *FAST)
    outcome = json.loads(result.out)
    assert outcome["chain"] == CHAIN and outcome["instruction"] == INSTRUCTION
    box = {"box": [125, 250, 500, 750], "phrase": "A boat", "color": "red", "turn": 0, "edit": True}
    assert outcome["boxes"] == [box]
    assert (outcome["seed"], outcome["num_inference_steps"], outcome["scheduler"]) == (7, 2, "euler")
    assert outcome["guidance_scales"] == {"semantic": 4.0, "spatial": 2.5, "reference": 1.5}
    assert outcome["model"] == "tiny" and outcome["problems"] == [] and outcome["written"] == {"image": "out.png"}
    assert set(outcome["seconds"]) == {"load", "plan", "render", "decode", "write"}
    facts = read_facts((tmp_path / "out.png").read_bytes())
    assert facts is not None and facts.items() <= outcome.items()


def test_the_profile_shows_the_time_by_stage(got, picture, chain):
    plan_result = got("edit", picture, INSTRUCTION, "-o", "out.png", "--profile", "--preset", "fast", "--model", "tiny")
    lines = {line.split()[0]: line for line in plan_result.out.splitlines()}
    assert list(lines) == ["stage", "load", "plan", "encode", "steps", "decode", "composite"]
    assert "per second" in lines["plan"] and "20 steps: first" in lines["steps"] and "median" in lines["steps"]
    from_file = got("edit", picture, INSTRUCTION, "-o", "out.ora", "--profile", "--chain", chain, *FAST)
    assert "chain read from a file" in from_file.out and "2 steps: first" in from_file.out


def test_facts_can_be_omitted(got, picture, chain, tmp_path):
    assert got("edit", picture, INSTRUCTION, "-o", "out.png", "--no-facts", "--chain", chain, *FAST).code == 0
    assert read_facts((tmp_path / "out.png").read_bytes()) is None


def test_the_plan_is_printed_exactly_and_not_drawn(got, picture, tmp_path):
    result = got("plan", picture, INSTRUCTION, "--model", "tiny")
    assert (result.code, result.out) == (0, CHAIN + "\n")
    assert [path.name for path in tmp_path.iterdir()] == ["scene.png"]


def test_a_corrected_chain_is_drawn_without_planning(got, picture, tmp_path):
    assert got("plan", picture, INSTRUCTION, "-o", "chain.txt", "--boxes-overlay", "b.png", "--model", "tiny").code == 0
    plan_result = Chain.parse((tmp_path / "chain.txt").read_text(encoding="utf-8").rstrip())
    assert plan_result.text == CHAIN
    first = got("edit", picture, INSTRUCTION, "-o", "same.png", "--chain", "chain.txt", *FAST)
    assert first.code == 0 and "Plan" not in first.err
    got("edit", picture, INSTRUCTION, "-o", "at-once.png", *FAST)
    assert np.array_equal(pixels(tmp_path / "same.png"), pixels(tmp_path / "at-once.png"))
    (tmp_path / "moved.txt").write_text(plan_result.resize(0, Box(700, 100, 900, 300)).text, encoding="utf-8")
    got("edit", picture, INSTRUCTION, "-o", "moved.png", "--chain", "moved.txt", *FAST)
    changed = (pixels(picture) != pixels(tmp_path / "moved.png")).any(axis=2)
    rows, columns = np.where(changed)
    assert changed.any() and columns.min() > 96 * 0.7 - 13 and rows.max() < 48 * 0.3 + 13


def test_options_affect_the_drawing(got, picture, chain, tmp_path):
    base = ["edit", picture, INSTRUCTION, "--chain", chain, "--scope", "whole", *FAST]
    variants = {
        "base": [],
        "seed": ["--seed", 1],
        "scheduler": ["--scheduler", "unipc"],
        "semantic": ["--semantic-scale", 1],
        "spatial": ["--spatial-scale", 0],
        "reference": ["--reference-scale", 0.5],
        "fit": ["--fit", "stretch"],
    }
    results = {}
    for name, options in variants.items():
        result = got(*base, "-o", f"{name}.png", *options)
        assert result.code == 0, result.err
        results[name] = pixels(tmp_path / f"{name}.png")
        assert results[name].shape == (48, 96, 3)
    assert len({result.tobytes() for result in results.values()}) == len(variants)


def test_the_scope_limits_what_may_change(got, picture, chain, tmp_path):
    for scope in ("boxes", "spill", "whole"):
        got("edit", picture, INSTRUCTION, "-o", f"{scope}.png", "--chain", chain, "--scope", scope, *FAST)
    changed = {s: (pixels(picture) != pixels(tmp_path / f"{s}.png")).any(axis=2) for s in ("boxes", "spill", "whole")}
    assert not changed["boxes"][outside((96, 48))].any()
    assert changed["boxes"].sum() <= changed["spill"].sum() < changed["whole"].sum()


def test_feather_and_grow_shape_the_border(got, picture, chain, tmp_path):
    shapes = {"own": [], "hard": ["--feather", "0", "--grow", "0"], "wide": ["--feather", "0.3", "--grow", "6"]}
    for name, options in shapes.items():
        result = got("edit", picture, INSTRUCTION, "-o", f"{name}.png", "--chain", chain, *options, *FAST)
        assert result.code == 0, result.err
        facts = read_facts((tmp_path / f"{name}.png").read_bytes())
        assert facts is not None and [facts["feather"], facts["grow"]] == [float(o) for o in options[1::2] or (0.1, 4)]
    changed = {name: (pixels(picture) != pixels(tmp_path / f"{name}.png")).any(axis=2) for name in shapes}
    assert changed["hard"].sum() < changed["own"].sum() < changed["wide"].sum()
    assert (changed["wide"] & outside((96, 48))).any()
    hard = np.asarray(region_mask((96, 48), [(12, 12, 49, 37)], 0.0, 0.0)) > 0
    assert changed["hard"].any() and not changed["hard"][~hard].any()


def test_a_chain_with_two_turns_gives_one_layer_per_turn(got, picture, tmp_path):
    (tmp_path / "two.txt").write_text("".join(EDIT_TURNS), encoding="utf-8")
    result = got("edit", picture, INSTRUCTION, "-o", "out.ora", "--boxes-overlay", "b.png", "--chain", "two.txt", *FAST)
    assert result.code == 0, result.err
    read = read_openraster((tmp_path / "out.ora").read_bytes(), "out.ora")
    assert [layer.name for layer in read.layers] == ["Source", f"GoT: {INSTRUCTION}", f"GoT: {INSTRUCTION} (2)"]
    assert np.array_equal(np.asarray(read.layers[0].image), pixels(picture))
    assert pixels(tmp_path / "b.png").shape[0] > 2 * 48 * 7  # a plan for each turn
    with zipfile.ZipFile(tmp_path / "out.ora") as archive:
        facts = read_facts(archive.read("mergedimage.png"))
    assert facts is not None and facts["chain"] == "".join(EDIT_TURNS)
    assert "Render, picture 2" in result.err


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_orientation_and_exif_survive(got, chain, tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    Image.effect_noise((40, 60), 60).convert("RGB").save("photo.jpg", exif=exif, dpi=(300, 300))
    result = got("edit", "photo.jpg", INSTRUCTION, "-o", f"out.{suffix}", "--chain", chain, *FAST)
    assert result.code == 0, result.err
    result = read_image(tmp_path / f"out.{suffix}")
    assert result.image.size == (60, 40) and b"Camera" in result.exif


def test_transparency_survives(got, picture, chain, tmp_path):
    image = Image.fromarray(pixels(picture))
    alpha = Image.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    image.save("clear.png")
    got("edit", "clear.png", INSTRUCTION, "-o", "out.png", "--chain", chain, *FAST)
    assert np.array_equal(pixels(tmp_path / "out.png")[..., 3], np.asarray(alpha))


@pytest.mark.parametrize(
    ("mode", "options", "words"),
    [("CMYK", {}, "CMYK"), ("L", {}, ""), ("P", {}, ""), ("I;16", {}, "16 bits"), ("1", {}, "")],
)
def test_every_mode_is_edited_and_losses_are_reported(got, chain, tmp_path, mode, options, words):
    noise = Image.effect_noise((50, 40), 80)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(noise).astype(np.uint16) * 257)
    else:
        image = noise.convert("RGB").convert(mode)
    image.save("scene.tif")
    result = got("edit", "scene.tif", INSTRUCTION, "-o", "out.png", "--chain", chain, *FAST)
    assert result.code == 0, result.err
    assert words in result.err and ("note:" in result.err) == bool(words)
    assert pixels(tmp_path / "out.png").shape == (40, 50, 3)


def test_the_first_frame_of_an_animation_is_edited_with_a_note(got, chain):
    frames = [Image.new("RGB", (40, 40), name) for name in ("blue", "green")]
    frames[0].save("moving.png", save_all=True, append_images=frames[1:])
    result = got("edit", "moving.png", INSTRUCTION, "-o", "out.png", "--chain", chain, *FAST)
    assert result.code == 0 and "an animation with 2 frames; only the first is used" in result.err


def test_control_tokens_in_the_instruction_are_removed_with_a_note(got, picture, tmp_path):
    result = got("edit", picture, "paint <|im_gen_start|> it", "-o", "out.png", "--json", "--chain", "c.txt", *FAST)
    assert result.code == 5
    (tmp_path / "c.txt").write_text(CHAIN, encoding="utf-8")
    result = got("edit", picture, "paint <|im_gen_start|> it", "-o", "out.png", "--json", "--chain", "c.txt", *FAST)
    outcome = json.loads(result.out)
    assert "<|" not in outcome["instruction"]
    assert "Control tokens" in result.err and any("Control tokens" in note for note in outcome["notes"])


def test_a_broken_box_is_reported_with_its_position_and_changes_nothing(got, picture, tmp_path):
    broken_chain = "A sun <|box_start|>(31,22),(64222),(642,208)<|box_end|> (red). " + CHAIN
    (tmp_path / "c.txt").write_text(broken_chain, encoding="utf-8")
    result = got("edit", picture, INSTRUCTION, "-o", "out.png", "--chain", "c.txt", "--json", *FAST)
    assert result.code == 0
    assert "note: chain, line 1, column 7: " in result.err
    assert [problem["start"] for problem in json.loads(result.out)["problems"]] == [6]
    assert np.array_equal(pixels(picture)[outside((96, 48))], pixels(tmp_path / "out.png")[outside((96, 48))])


def test_a_picture_from_a_caption(got, tmp_path):
    result = got("generate", CAPTION, "-o", "new.png", "--json", "--width", 96, "--height", 64, *FAST)
    assert result.code == 0, result.err
    outcome = json.loads(result.out)
    assert outcome["chain"] == CAPTION_TURN
    assert outcome["guidance_scales"] == {"semantic": 7.5, "spatial": 4.0, "reference": 1.0}
    assert pixels(tmp_path / "new.png").shape == (64, 96, 3)


def test_only_the_plan_of_a_caption(got, tmp_path):
    result = got("generate", CAPTION, "--plan-only", "--model", "tiny")
    assert (result.code, result.out) == (0, CAPTION_TURN + "\n")
    got("generate", CAPTION, "--plan-only", "-o", "c.txt", "--boxes-overlay", "b.png", "--model", "tiny")
    assert (tmp_path / "c.txt").read_text(encoding="utf-8") == CAPTION_TURN + "\n"
    assert pixels(tmp_path / "b.png").shape[1] == 1024


def test_a_new_picture_in_openraster_has_one_layer(got, tmp_path):
    (tmp_path / "c.txt").write_text(CAPTION_TURN, encoding="utf-8")
    assert got("generate", CAPTION, "-o", "new.ora", "--chain", "c.txt", *FAST).code == 0
    read = read_openraster((tmp_path / "new.ora").read_bytes(), "new.ora")
    assert [layer.name for layer in read.layers] == ["Picture"]


def test_a_file_is_replaced_only_with_force(got, picture, chain, tmp_path):
    (tmp_path / "out.png").write_bytes(b"mine")
    arguments = ("edit", picture, INSTRUCTION, "-o", "out.png", "--chain", chain, *FAST)
    assert got(*arguments).code == 6 and (tmp_path / "out.png").read_bytes() == b"mine"
    assert got(*arguments, "--force").code == 0
    assert pixels(tmp_path / "out.png").shape == (48, 96, 3)


def test_a_box_without_a_color_in_a_chain_file_is_reported(got, picture, tmp_path):
    (tmp_path / "c.txt").write_text("A hill <|box_start|>(1,2),(30,40)<|box_end|>. " + CHAIN, encoding="utf-8")
    from_file = got("edit", picture, INSTRUCTION, "-o", "out.png", "--chain", "c.txt", *FAST)
    assert from_file.code == 0 and from_file.err.count("has no color") == 1
