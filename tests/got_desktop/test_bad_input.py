"""Bad input: each problem gives its exit code and one line with the remedy, and nothing is written."""

import os
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from engine.api.protocol import MAX_INSTRUCTION
from got_desktop import faults
from tests.got_desktop.conftest import CHAIN, INSTRUCTION

LATE = ("--model", "no-such-model")
"""Problems that have to be found before the model is looked up are tested with a missing model."""


def png_header(width: int, height: int) -> bytes:
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"\0"), b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


@pytest.fixture
def refused(got, tmp_path: Path):
    """Runs `got` and checks that it ends with this code, prints one line with these words and changes no file."""

    def run(code: int, words: str, *arguments: object) -> None:
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        result = got(*arguments)
        last = result.err.strip().splitlines()[-1]
        assert result.code == code, result.err
        assert last.startswith("got: ") and words in last, last
        assert last.rstrip().endswith((".", "`", "png", "file")) and len(last) > len("got: ") + 20
        assert "Traceback" not in result.err and result.err.count("got: ") == 1
        assert result.out == ""
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before

    return run


def test_no_such_file(refused):
    refused(3, "no file nowhere.png", "edit", "nowhere.png", INSTRUCTION, "-o", "out.png", *LATE)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Dear diary,\nnot a picture.", "not a PNG"),
        (b"", "empty (0 bytes)"),
        (png_header(20_000, 20_000), "64 megapixels"),
        (png_header(1, 1), "1×1"),
        (png_header(300, 300), "damaged"),
    ],
    ids=["text", "empty", "huge", "1x1", "no pixels"],
)
def test_a_file_that_is_not_a_picture(refused, tmp_path, data, words):
    (tmp_path / "scene.png").write_bytes(data)
    for command in ("edit", "plan"):
        output = ("-o", "out.png") if command == "edit" else ()
        refused(3, words, command, "scene.png", INSTRUCTION, *output, *LATE)
        refused(3, "scene.png", command, "scene.png", INSTRUCTION, *output, *LATE)


def test_a_truncated_jpeg(refused, tmp_path):
    Image.effect_noise((200, 200), 90).save("whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:4000])
    refused(3, "cut.jpg is damaged or incomplete", "edit", "cut.jpg", INSTRUCTION, "-o", "out.png", *LATE)


def test_a_folder_as_picture(refused, tmp_path):
    refused(3, "is a folder", "edit", tmp_path, INSTRUCTION, "-o", "out.png", *LATE)


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_instruction(refused, picture, text):
    refused(2, "The instruction is empty", "edit", picture, text, "-o", "out.png", *LATE)
    refused(2, "The caption is empty", "generate", text, "-o", "out.png", *LATE)


def test_a_10_000_character_instruction(refused, picture):
    words = f"is too long: 10000 characters. Use at most {MAX_INSTRUCTION}"
    refused(2, words, "edit", picture, "a" * 10_000, "-o", "out.png", *LATE)


def test_a_broken_character_in_the_instruction(refused, picture):
    refused(2, "invalid character", "edit", picture, "paint \udce9", "-o", "out.png", *LATE)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\x00\x01", "is not UTF-8 text"),
        (b" \n", "is empty"),
        (b"a" * 200_000, "larger than"),
        (CHAIN.removesuffix("<|im_gen_start|>").encode(), "does not end with a picture"),
        (b"A boat <|box_start|>(1,2),(3)<|box_end|> (red).<|im_gen_start|>", "No edit box in c.txt can be used"),
        (
            b"A boat <|box_start|>(500,2),(1,90)<|box_end|> (red).<|im_gen_start|>",
            "No edit box in c.txt can be used",
        ),
        (
            b"A boat <|box_start|>(5,5),(5,5)<|box_end|> (red).<|im_gen_start|>",
            "No edit box in c.txt can be used",
        ),
        (
            b"A boat <|box_start|>(1001,5),(1003,9)<|box_end|> (red).<|im_gen_start|>",
            "No edit box in c.txt can be used",
        ),
    ],
    ids=["binary", "empty", "long", "unfinished", "digits missing", "x1 above x2", "equal corners", "beyond the edge"],
)
def test_a_broken_chain_file(refused, picture, tmp_path, data, words):
    (tmp_path / "c.txt").write_bytes(data)
    refused(5, words, "edit", picture, INSTRUCTION, "-o", "out.png", "--chain", "c.txt", *LATE)


def test_a_missing_chain_file(refused, picture):
    refused(5, "no file c.txt", "edit", picture, INSTRUCTION, "-o", "out.png", "--chain", "c.txt", *LATE)


def test_a_missing_model(refused, picture):
    refused(4, "no model “nobody”", "edit", picture, INSTRUCTION, "-o", "out.png", "--model", "nobody")
    refused(4, "no model “nobody”", "model", "info", "nobody")


def test_a_folder_that_is_not_a_model(refused, picture, tmp_path):
    (tmp_path / "photos").mkdir()
    refused(4, "photos", "edit", picture, INSTRUCTION, "-o", "out.png", "--model", tmp_path / "photos")


@pytest.mark.parametrize("file", ["projectors.safetensors", "got.json", "unet/config.json"])
def test_a_truncated_model(refused, picture, tiny_model, tmp_path, file):
    shutil.copytree(tiny_model, tmp_path / "cut")
    whole = (tmp_path / "cut" / file).read_bytes()
    (tmp_path / "cut" / file).write_bytes(whole[: len(whole) // 2])
    refused(4, file, "edit", picture, INSTRUCTION, "-o", "out.png", "--model", tmp_path / "cut")


def test_truncated_weights(refused, picture, tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "cut")
    for weights in sorted((tmp_path / "cut").rglob("*.safetensors")):
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-1000])
        refused(4, weights.name, "edit", picture, INSTRUCTION, "-o", "out.png", "--model", tmp_path / "cut")
        weights.write_bytes(whole)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("nowhere/out.png", "no folder nowhere"),
        ("out.gif", "out.gif cannot be written: its extension is not supported"),
        ("out", "its extension is not supported. Use .png"),
        ("folder.png", "folder.png is a folder"),
        ("scene.png", "scene.png already exists. Add --force"),
        ("a" * 300 + ".png", "cannot be written"),
    ],
)
def test_an_output_that_cannot_be_written(refused, picture, tmp_path, output, words):
    (tmp_path / "folder.png").mkdir()
    refused(6, words, "edit", picture, INSTRUCTION, "-o", output, *LATE)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that even the superuser cannot write to")
def test_a_folder_without_write_permission(refused, picture):
    refused(6, "/proc/out.png cannot be written", "edit", picture, INSTRUCTION, "-o", "/proc/out.png", *LATE)
    arguments = ("--boxes-overlay", "/proc/b.png")
    refused(6, "/proc/b.png cannot be written", "edit", picture, INSTRUCTION, "-o", "out.png", *arguments, *LATE)
    refused(6, "/proc/c.txt cannot be written", "plan", picture, INSTRUCTION, "-o", "/proc/c.txt", *LATE)


def test_one_file_for_two_outputs(refused, picture):
    same = ("-o", "out.png", "--boxes-overlay", "./out.png")
    refused(6, "used for two outputs", "edit", picture, INSTRUCTION, *same, *LATE)


@pytest.mark.parametrize("name", ["out.png", "out.JPG", "out.ora"])
def test_a_chain_under_the_name_of_a_picture(refused, picture, name):
    Path(name).write_bytes(b"the user's picture")
    words = f"{name} is the name of a picture, but a chain is text. Choose a name such as out.txt."
    refused(6, words, "generate", "a house", "-o", name, "--plan-only", "--force", *LATE)
    refused(6, words, "plan", picture, INSTRUCTION, "-o", name, "--force", *LATE)


def test_an_overlay_that_is_not_a_png(refused, picture):
    refused(6, "b.jpg", "edit", picture, INSTRUCTION, "-o", "out.png", "--boxes-overlay", "b.jpg", *LATE)


def test_a_picture_too_long_for_the_format(refused):
    Image.new("L", (17_000, 16)).save("long.png")
    refused(6, "at most 16383 on each side", "edit", "long.png", INSTRUCTION, "-o", "out.webp", *LATE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--steps", "0"], "number of steps is out of range: 0. Use a value from 1 to 1000."),
        (["--steps", "many"], "--steps"),
        (["--seed", "-1"], "seed is out of range: -1. Use a value from 0 to 2^63 - 1."),
        (["--feather", "1.1"], "is out of range: 1.1. Use a value from 0"),
        (["--grow", "-1"], "is out of range: -1"),
        (["--grow", "nan"], "is out of range: nan"),
        (["--scheduler", "fast"], "unipc"),
        (["--fit", "crop"], "stretch"),
        (["--scope", "all"], "spill"),
        (["--semantic-scale", "nan"], "semantic guidance scale is out of range: nan"),
        (["--spatial-scale", "-1"], "spatial guidance scale is out of range: -1"),
        (["--reference-scale", "1e9"], "reference guidance scale"),
        (["--sedd", "4"], "--sedd"),
        (["one-argument-too-many"], "one-argument-too-many"),
    ],
)
def test_wrong_options(refused, picture, options, words):
    refused(2, words, "edit", picture, INSTRUCTION, "-o", "out.png", *LATE, *options)


def test_a_missing_device(refused, picture):
    refused(2, "“abacus”", "edit", picture, INSTRUCTION, "-o", "out.png", "--model", "tiny", "--device", "abacus")


def test_missing_arguments_and_unknown_commands(refused, picture):
    refused(2, "INSTRUCTION", "edit", picture)
    refused(2, "--output", "edit", picture, INSTRUCTION)
    refused(2, "Add -o FILE", "generate", "a house")
    refused(2, "paint", "paint")


def test_a_size_that_cannot_be_drawn(refused):
    refused(2, "width is not valid: 100", "generate", "a house", "-o", "out.png", "--width", 100, "--model", "tiny")


def test_control_characters_in_a_name_are_escaped(refused):
    refused(3, "no such\\x1b[31m.png", "edit", "no\nsuch\x1b[31m.png", INSTRUCTION, "-o", "out.png", *LATE)


def test_an_unexpected_error_is_one_line_and_its_details_are_logged(got, picture, tmp_path, monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError("a surprise\nin two lines")

    log = tmp_path / "logs" / "got.log"
    monkeypatch.setattr(faults, "log_file", lambda: log)
    monkeypatch.setattr("got_desktop.source_image.read", fail)
    result = got("edit", picture, INSTRUCTION, "-o", "out.png")
    assert result.code == 1 and result.err.count("\n") == 1
    assert "ZeroDivisionError" in result.err and str(log) in result.err and "Traceback" not in result.err
    assert "Traceback" in log.read_text(encoding="utf-8") and "in fail" in log.read_text(encoding="utf-8")
    assert not (tmp_path / "out.png").exists()


def test_an_unexpected_error_without_a_writable_log(got, picture, tmp_path, monkeypatch):
    (tmp_path / "logs").write_text("a file is in the way")
    monkeypatch.setattr(faults, "log_file", lambda: tmp_path / "logs" / "got.log")
    monkeypatch.setattr("got_desktop.source_image.read", lambda *arguments: 1 / 0)
    result = got("edit", picture, INSTRUCTION, "-o", "out.png")
    assert result.code == 1 and "could not be saved" in result.err and result.err.count("\n") == 1


def test_an_error_while_writing_leaves_no_files(got, picture, chain, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    def encode(*arguments):
        monkeypatch.setattr(os, "fsync", full)
        return b"x"

    monkeypatch.setattr("got_desktop.outputs.encode_result", encode)
    before = {path.name for path in tmp_path.iterdir()}
    arguments = ("--boxes-overlay", "b.png", "--chain", chain, "--model", "tiny", "--steps", 1)
    result = got("edit", picture, INSTRUCTION, "-o", "out.png", *arguments)
    assert result.code == 6 and "No space left" in result.err
    assert {path.name for path in tmp_path.iterdir()} == before
