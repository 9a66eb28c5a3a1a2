"""Annotation gives valid chains, keeps existing rows, and resumes a stopped run."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from engine.api.chain import Chain
from training.annotate.__main__ import main
from training.annotate.describer import Plain
from training.annotate.pairs import annotated
from training.annotate.run import annotate
from training.data.manifest import MANIFEST, read_manifest, read_rows
from training.experiments.novelty import novelty, write_pairs


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    write_pairs(folder, 6)
    Image.new("RGB", (64, 64)).save(folder / "same-before.png")
    Image.new("RGB", (64, 64)).save(folder / "same-after.png")
    (folder / "same.txt").write_text("do nothing")
    return folder


def test_the_difference_alone_gives_valid_chains_in_the_right_place(pairs, tmp_path):
    tally = annotate(pairs, tmp_path / "out", annotated(Plain()))
    rows = read_rows(tmp_path / "out")
    assert tally.pairs == len(rows) == 6
    assert [f.kind for f in tally.findings] == ["unchanged"]
    for number, row in enumerate(rows):
        chain = Chain.parse(row.chain)
        (region,) = chain.mask_regions(0)
        assert not chain.problems
        assert region.box.iou(novelty(12 * 10**9 + number).old.box) > 0.6
    assert "unchanged" in (tmp_path / "out" / "report.txt").read_text()
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<figure>") == 6 and "same" in page


def test_a_second_run_changes_nothing_and_keeps_corrections(pairs, tmp_path):
    annotate(pairs, tmp_path, annotated(Plain()))
    manifest = tmp_path / MANIFEST
    corrections = manifest.read_text().replace("The place to change is", "The toy to change is")
    manifest.write_text(corrections)
    annotate(pairs, tmp_path, annotated(Plain()))
    assert manifest.read_text() == corrections


def test_a_resumed_run_equals_an_uninterrupted_one(pairs, tmp_path):
    annotate(pairs, tmp_path / "whole", annotated(Plain()))
    annotate(pairs, tmp_path / "cut", annotated(Plain()))
    manifest = tmp_path / "cut" / MANIFEST
    data = manifest.read_bytes()
    manifest.write_bytes(data[: len(data) * 3 // 5])  # in the middle of a row
    annotate(pairs, tmp_path / "cut", annotated(Plain()))
    assert manifest.read_bytes() == (tmp_path / "whole" / MANIFEST).read_bytes()


def test_a_chain_and_captions_that_came_with_a_pair_are_kept(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    Image.new("RGB", (64, 64), "white").save(data / "a.png")
    Image.new("RGB", (64, 64), "white").save(data / "b.png")
    edited = Image.new("RGB", (64, 64), "white")
    edited.paste("red", (8, 8, 32, 32))
    edited.save(data / "c.png")
    rows = [
        {"source_file_name": "a.png", "file_name": "b.png", "instruction": "i", "chain": "Given."},
        {
            "source_file_name": "a.png",
            "file_name": "c.png",
            "source_caption": "paper",
            "target_caption": "a red patch.",
        },
        {"file_name": "c.png", "caption": "a patch <|im_gen_start|>"},
    ]
    (data / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    annotate(data, tmp_path / "out", annotated(Plain()))
    with_chain, with_captions, text_to_image = read_manifest(tmp_path / "out").values()
    assert with_chain["chain"] == "Given.<|im_gen_start|>"
    assert with_captions["instruction"] == "change it to a red patch"
    assert with_captions["chain"].startswith("The image shows paper. The place to change is <|box_start|>(1")
    assert with_captions["chain"].endswith("The edited image shows a red patch.<|im_gen_start|>")
    assert Chain.parse(text_to_image["chain"]).problems == ()
    assert len(Chain.parse(text_to_image["chain"]).turns) == 1


def test_the_command_line_says_where_the_report_is(pairs, tmp_path, capsys):
    assert main([str(pairs), "-o", str(tmp_path / "out")]) == 0
    assert "report.html" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere"), "-o", str(tmp_path / "out")]) == 2
    assert "nowhere" in capsys.readouterr().err
