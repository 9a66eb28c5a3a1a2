"""Importers, each on a small data set in its real format: good rows are read, and each broken row gives a finding."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from engine.api.errors import RequestError
from training.data.check import Checked, Tally, checked, find_data
from training.data.pair import KINDS


def picture(seed: int, size: tuple[int, int] = (48, 32)) -> Image.Image:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (4, 6, 3), dtype=np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def png(seed: int, size: tuple[int, int] = (48, 32)) -> bytes:
    buffer = io.BytesIO()
    picture(seed, size).save(buffer, "PNG")
    return buffer.getvalue()


def cell(seed: int) -> dict[str, object]:
    """Returns a picture as a cell of a Hugging Face table."""
    return {"bytes": png(seed), "path": None}


def read(path: Path) -> tuple[list[Checked], Tally]:
    tally = Tally()
    return list(checked(find_data(path), tally)), tally


def kinds(tally: Tally) -> Counter[str]:
    return Counter(f.kind for f in tally.findings)


def parquet(path: Path, rows: list[dict[str, object]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path)


def test_suffixes_with_text_files(tmp_path):
    for number in range(3):
        picture(number).save(tmp_path / f"p{number}-before.png")
        picture(number + 10).save(tmp_path / f"p{number}-after.jpg")
    (tmp_path / "p0.txt").write_text("add a hat\n")
    (tmp_path / "p1.json").write_text(json.dumps({"instruction": "cut it", "chain": "A hat.<|im_gen_start|>"}))
    picture(4).save(tmp_path / "lonely_before.png")
    picture(5).save(tmp_path / "stranger.png")
    (tmp_path / "torn-before.png").write_bytes(png(6)[:200])
    picture(7).save(tmp_path / "torn-after.png")
    picture(8).save(tmp_path / "wide-before.png")
    picture(9, (32, 48)).save(tmp_path / "wide-after.png")

    pairs, tally = read(tmp_path)

    assert [(c.pair.instruction, c.pair.chain) for c in pairs] == [
        ("add a hat", ""),
        ("cut it", "A hat.<|im_gen_start|>"),
        ("", ""),
    ]
    assert kinds(tally) == {"orphan": 2, "unreadable": 1, "wrong_size": 1, "no_instruction": 1}
    names = {Path(f.where).name for f in tally.findings}
    assert names == {"lonely_before.png", "stranger.png", "torn-before.png", "wide", "p2"}


def test_two_folders_with_a_table_of_instructions(tmp_path):
    for side, offset in (("before", 0), ("after", 10)):
        (tmp_path / side).mkdir()
        for number in range(2):
            picture(number + offset).save(tmp_path / side / f"{number}.png")
    picture(5).save(tmp_path / "after" / "extra.png")
    (tmp_path / "instructions.csv").write_text("name,instruction\n0,paint it\n1,erase it\n1,too,many\n")

    pairs, tally = read(tmp_path)

    assert [c.pair.instruction for c in pairs] == ["paint it", "erase it"]
    assert kinds(tally) == {"unreadable": 1, "orphan": 1}
    assert any(f.where.endswith("instructions.csv:4") for f in tally.findings)


def test_imagefolder_metadata(tmp_path):
    picture(1).save(tmp_path / "a.png")
    picture(2).save(tmp_path / "b.png")
    rows = [
        {"source_file_name": "a.png", "file_name": "b.png", "instruction": "warm it"},
        {"source_file_name": "a.png", "file_name": "b.png", "instruction": "warm it"},
        {"source_file_name": "gone.png", "file_name": "b.png", "instruction": "x"},
        {"note": "nothing"},
        {"file_name": "b.png", "source_file_name": "a.png", "prompt": "p", "chain": "b <|box_start|>(1,2),(3,"},
        {"file_name": "b.png", "prompt": "q", "chain": "b <|box_start|>(1,2),(3000,4)<|box_end|> (red)"},
    ]
    lines = [json.dumps(row) for row in rows]
    (tmp_path / "metadata.jsonl").write_text("\n".join([*lines, "{not json"]) + "\n")

    pairs, tally = read(tmp_path)

    assert [c.pair.instruction for c in pairs] == ["warm it"]
    assert [(f.kind, f.where.rpartition(":")[2]) for f in tally.findings] == [
        ("duplicate", "2"),
        ("unreadable", "3"),
        ("missing_field", "4"),
        ("broken_chain", "5"),
        ("box_out_of_range", "6"),
        ("unreadable", "7"),
    ]


TABLES = {
    "InstructPix2Pix": (
        "original_image",
        "edited_image",
        "edit_prompt",
        {"original_prompt": "a", "edited_prompt": "b"},
    ),
    "MagicBrush": ("source_img", "target_img", "instruction", {"img_id": "7", "turn_index": 1}),
    "UltraEdit": ("source_image", "edited_image", "edit_prompt", {"source_caption": "a", "target_caption": "b"}),
    "OmniEdit": ("src_img", "edited_img", "edited_prompt_list", {"omni_edit_id": "t1", "task": "removal"}),
}


@pytest.mark.parametrize("name", TABLES)
def test_published_tables(tmp_path, name):
    source, target, words, more = TABLES[name]
    text = ["remove it", "take it away"] if words.endswith("list") else "remove it"
    good = {source: cell(1), target: cell(2), words: text, **more}
    torn = {source: cell(3), target: {"bytes": png(4)[:100], "path": None}, words: text, **more}
    parquet(tmp_path / "part.parquet", [good, good | {source: None}, torn, good])

    pairs, tally = read(tmp_path)

    assert [c.pair.instruction for c in pairs] == ["remove it"]
    assert pairs[0].target.size == (48, 32)
    assert [(f.kind, f.where.split(".parquet:")[1].split(" ")[0]) for f in tally.findings] == [
        ("missing_field", "2"),
        ("unreadable", "3"),
        ("duplicate", "4"),
    ]


def test_captions_and_pictures_of_flux_reason(tmp_path):
    rows = [
        {"id": "1", "image": cell(1), "caption_detail": "a house"},
        {"id": "2", "image": None, "caption_detail": "b"},
    ]
    parquet(tmp_path / "f.parquet", rows)

    pairs, tally = read(tmp_path)

    assert [(c.source, c.pair.instruction) for c in pairs] == [(None, "a house")]
    assert kinds(tally) == {"missing_field": 1}


def test_chains_of_omniedit_got_are_joined_with_their_pictures(tmp_path):
    rows = [
        {"omni_edit_id": str(i), "src_img": cell(i), "edited_img": cell(i + 10), "edited_prompt_list": ["go"]}
        for i in range(1, 4)
    ]
    parquet(tmp_path / "images.parquet", rows)
    chains = [
        {"omni_edit_id": "1", "got": "A cat <box1> (red).", "coord": json.dumps({"<box1>": [10, 20, 300, 1000]})},
        {"omni_edit_id": "2", "got": "A dog <box1> (red).", "coord": json.dumps({"<box1>": "(1,2),(30,40)"})},
        {"omni_edit_id": "3", "got": "x <box1>", "coord": json.dumps({"<box1>": [10, 20, 1001, 400]})},
        {"omni_edit_id": "4", "got": "x <box1>", "coord": "{broken"},
        {"omni_edit_id": "5", "got": "x <box1>", "coord": json.dumps({"<box2>": [1, 2, 3, 4]})},
        {"omni_edit_id": "6", "got": "x <box1>", "coord": json.dumps({"<box1>": [10, 20, 10, 40]})},
        {"omni_edit_id": "7", "got": "no picture", "coord": "{}"},
        {"got": "no id", "coord": "{}"},
    ]
    (tmp_path / "got.jsonl").write_text("\n".join(map(json.dumps, chains)))

    pairs, tally = read(tmp_path)

    assert [c.pair.chain for c in pairs] == [
        "A cat <|box_start|>(10,20),(300,1000)<|box_end|> (red).",
        "A dog <|box_start|>(1,2),(30,40)<|box_end|> (red).",
        "",
    ]
    assert kinds(tally) == {"box_out_of_range": 1, "broken_chain": 3, "missing_field": 1, "orphan": 1}


def test_each_turn_of_seed_data_edit_is_a_pair(tmp_path):
    for number in range(3):
        picture(number).save(tmp_path / f"{number}.png")
    rows = [
        {
            "source_image": "0.png",
            "instruction_1": "first",
            "edit_image_1": "1.png",
            "instruction_2": "second",
            "edit_image_2": "2.png",
            "instruction_3": "third",
            "edit_image_3": "gone.png",
        },
        {"source_image": "0.png"},
    ]
    (tmp_path / "multi_turn.jsonl").write_text("\n".join(map(json.dumps, rows)))

    pairs, tally = read(tmp_path)

    assert [c.pair.instruction for c in pairs] == ["first", "second"]
    assert np.array_equal(np.asarray(pairs[1].source), np.asarray(pairs[0].target))
    assert kinds(tally) == {"unreadable": 1, "missing_field": 1}


def test_the_error_for_a_truncated_table_names_it(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(RequestError, match=r"x\.parquet"):
        read(tmp_path)


def test_a_folder_without_training_data_is_rejected(tmp_path):
    (tmp_path / "notes.md").write_text("hello")
    with pytest.raises(RequestError, match="no training data"):
        read(tmp_path)


def test_every_kind_of_finding_has_a_description():
    assert all(KINDS.values())
