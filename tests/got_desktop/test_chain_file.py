"""A chain in a file, as JSON and as readable text."""

from pathlib import Path

import pytest

from engine.api.chain import Chain
from got_desktop import chain_file, chain_words

TEXT = (
    "A sun <|box_start|>(0,0),(200,200)<|box_end|> over the boat <|box_start|>(100,300),(500,700)<|box_end|> (red)."
    "<|im_gen_start|>\nThe sky <|box_start|>(0,0),(999,400)<|box_end|> (red).<|im_gen_start|>"
)


def test_a_chain_file_is_read_as_it_was_written(tmp_path: Path):
    path = tmp_path / "c.txt"
    path.write_bytes(chain_file.encode(Chain.parse(TEXT)))
    assert chain_file.read(path).text == TEXT


@pytest.mark.parametrize("template", ["{}\n\n", "\ufeff{}\n", "{}\r\n", "{} \n"])
def test_characters_that_editors_add_are_not_part_of_the_chain(tmp_path: Path, template: str):
    path = tmp_path / "c.txt"
    path.write_bytes(template.format(TEXT).replace("start|>\nThe", "start|>\r\nThe").encode())
    assert chain_file.read(path).text == TEXT


def test_boxes_as_json():
    first, second, third = chain_words.boxes(Chain.parse(TEXT))
    assert first == {"box": [0, 0, 200, 200], "phrase": "A sun", "color": None, "turn": 0, "edit": False}
    assert second["edit"] and second["color"] == "red" and (third["turn"], third["edit"]) == (1, True)


def test_problems_have_a_readable_position():
    chain = Chain.parse("One.\nTwo <|box_start|>(1,2),(3)<|box_end|> (red).<|im_gen_start|>")
    (problem,) = chain.problems
    assert chain.note_of(problem).text.startswith(
        "chain, line 2, column 5: “(1,2),(3)” is not a pair of corners. Write "
    )
    problem = chain_words.problems(Chain.parse(TEXT))[0]
    assert (problem["code"], problem["start"], problem["turn"]) == ("no_color", 6, 0)


def test_the_chain_as_readable_text():
    assert chain_words.readable(Chain.parse(TEXT)) == "A sun [1] over the boat [2].\nThe sky [1]."
