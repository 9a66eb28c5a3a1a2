"""The chain grammar: lossless, edits that keep everything else, problems with position and remedy."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.chain import COLORS, LIMIT, Box, Chain, escape_user_text, format_box
from engine.api.errors import ChainError, EngineError

FROG = (
    "The image shows a red frog holding a giant green leaf <|box_start|>(112,80),(655,430)<|box_end|> (red) above its "
    "head, near a pond <|box_start|>(0,700),(999,999)<|box_end|>. The giant leaf is replaced with an umbrella "
    "<|box_start|>(98,64),(702,448)<|box_end|> (green).<|im_gen_start|>"
)
PIECES = st.sampled_from(
    [
        *("<|box_start|>", "<|box_end|>", "<|im_gen_start|>", "<|im_gen_end|>", "<|vision_start|>", "<|bogus|>", "<|"),
        *(
            "(1,2),(30,40)",
            "(30,40),(1,2)",
            "(5,5),(2000,9)",
            "(31,22),(64222),(642,208)",
            " (red)",
            "(blue)",
            " (mauve)",
        ),
        *("a cat ", "the sky", ". ", ", ", "\n", " ", "é𝄞"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=30).map("".join)


@st.composite
def boxes(draw):
    x1, y1 = draw(st.integers(0, LIMIT - 1)), draw(st.integers(0, LIMIT - 1))
    return Box(x1, y1, draw(st.integers(x1 + 1, LIMIT)), draw(st.integers(y1 + 1, LIMIT)))


@given(TEXTS)
def test_any_text_survives_parsing(text):
    chain = Chain.parse(text)
    assert chain.text == text
    assert "".join(t.text for t in chain.turns) == text
    for turn in chain.turns:
        assert text[turn.start : turn.end] == turn.text
    for region in chain.boxes:
        assert text[region.start : region.end].startswith("<|box_start|>")
        assert text[region.phrase_start :].startswith(region.phrase)
    for problem in chain.problems:
        assert 0 <= problem.start < problem.end <= len(text)
        assert problem.message and problem.remedy
    assert [r.id for r in chain.boxes] == list(range(len(chain.boxes)))


@given(TEXTS)
def test_every_box_token_is_a_region_or_a_problem(text):
    chain = Chain.parse(text)
    explained = [(r.start, r.end) for r in chain.boxes] + [(p.start, p.end) for p in chain.problems]
    for token in re.finditer(r"<\|box_(start|end)\|>", text):
        assert any(start <= token.start() and token.end() <= end for start, end in explained)


@given(boxes(), st.sampled_from([None, *COLORS]), st.integers(0, 3))
def test_what_is_formatted_is_read_back(box, color, extra_turns):
    text = f"a thing {format_box(box, color)}.<|im_gen_start|>" + "more<|im_gen_start|>" * extra_turns
    chain = Chain.parse(text)
    assert [(r.box, r.color, r.phrase, r.turn) for r in chain.boxes] == [(box, color, "a thing", 0)]
    assert len(chain.turns) == 1 + extra_turns
    assert [r.box for r in chain.mask_regions(0)] == ([box] if color else [])
    assert [p.code for p in chain.problems] == ([] if color else ["no_color"])


def test_phrases_colors_and_masks():
    chain = Chain.parse(FROG)
    assert [(r.phrase, r.color, r.is_mask) for r in chain.boxes] == [
        ("a giant green leaf", "red", True),
        ("a pond", None, False),
        ("an umbrella", "green", True),
    ]
    assert [r.id for r in chain.mask_regions(0)] == [0, 2]
    assert repr(chain).endswith("1 turns, 3 boxes, 1 problems)")


def test_a_phrase_without_an_article_is_its_last_words():
    chain = Chain.parse(f"Then move it quickly to {format_box(Box(1, 1, 9, 9), 'red')}")
    assert chain.boxes[0].phrase == "Then move it quickly"
    assert Chain.parse(format_box(Box(1, 1, 9, 9), "red")).boxes[0].phrase == ""


def test_turns_belong_to_images():
    chain = Chain.from_turns(["one<|im_gen_start|>", "<|vision_end|> two <|box_start|>(1,2),(3,4)<|box_end|> (red)"])
    assert [t.finished for t in chain.turns] == [True, False]
    assert chain.boxes[0].turn == 1 and chain.mask_regions(0) == ()
    assert chain.problems == ()
    assert len(Chain.parse("").turns) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<|box_start|>(31,22),(64222),(642,208)<|box_end|> (red)", "broken_corners"),
        ("<|box_start|>(1,),(3,4)<|box_end|> (red)", "broken_corners"),
        ("<|box_start|>(30,2),(30,40)<|box_end|> (red)", "empty_box"),
        ("<|box_start|>(1000,2),(1003,40)<|box_end|> (red)", "empty_box"),
        ("<|box_start|>(1,40),(30,2)<|box_end|> (red)", "empty_box"),
        ("<|box_start|>(1,2),(30,40)<|box_end|>", "no_color"),
        ("<|box_start|>(1,2),(30,40)<|box_end|> red", "no_color"),
        ("<|box_start|>(1,2),(30,40)<|box_end|> (mauve)", "unknown_color"),
        ("<|box_start|>(1,2),(30,40) (red)", "unclosed_box"),
        ("<|box_start|>(1,2)<|box_start|>(1,2),(30,40)<|box_end|> (red)", "unclosed_box"),
        ("(1,2),(30,40)<|box_end|> (red)", "stray_box_end"),
        ("<|tool_call|>", "unknown_token"),
        ("<|im_gen_0007|>", "unknown_token"),
    ],
)
def test_what_is_broken_is_said_with_its_place(text, code):
    chain = Chain.parse(f"a cat {text} sits.<|im_gen_start|>")
    problem = next(p for p in chain.problems if p.code == code)
    assert chain.text[problem.start : problem.end] in text
    assert problem.turn == 0
    if code != "unclosed_box":
        assert chain.mask_regions(0) == ()


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ("(999,0),(1000,1)", Box(999, 0, 1000, 1)),
        ("(0,540),(1000,1000)", Box(0, 540, 1000, 1000)),
        ("(1,2),(1003,40)", Box(1, 2, 1000, 40)),
        ("(1,2),(30,4000)", Box(1, 2, 30, 1000)),
        ("(1,2),(007,40)", Box(1, 2, 7, 40)),
        (f"(1,2),({'9' * 5000},40)", Box(1, 2, 1000, 40)),
    ],
)
def test_a_box_ends_at_the_pictures_edge(corners, box):
    """The model writes 1000 for the edge, and sometimes a little more."""
    text = f"a cat <|box_start|>{corners}<|box_end|> (red).<|im_gen_start|>"
    chain = Chain.parse(text)
    assert chain.text == text
    assert [(region.box, region.is_mask) for region in chain.boxes] == [(box, True)]
    beyond = f"({box.x2},{box.y2})" not in corners.replace("007", "7")
    assert [problem.code for problem in chain.problems] == ["out_of_range"] * beyond
    assert chain.lost is None and not chain.changes_everything


@pytest.mark.parametrize(
    ("turn", "lost", "everything"),
    [
        ("A <|box_start|>(1,2),(3,4)<|box_end|> (red).", None, False),
        ("A <|box_start|>(1,2),(3,4)<|box_end|> (red), <|box_start|>(9,9),(9,9)<|box_end|> (green).", None, False),
        ("A <|box_start|>(9,9),(9,9)<|box_end|> (red).", "empty_box", True),
        ("A <|box_start|>(9,9),(9)<|box_end|> (red).", "broken_corners", True),
        ("A <|box_start|>(1,2),(3,4)<|box_end|> (mauve).", "unknown_color", True),
        ("A <|box_start|>(1,2),(3,4).", "unclosed_box", True),
        ("A <|box_start|>(9,9),(9)<|box_end|> on <|box_start|>(9,9),(9,9)<|box_end|> (red).", "empty_box", True),
        ("A (1,2),(3,4)<|box_end|>.", "stray_box_end", True),
        ("A <|box_start|>(1,2),(3,4)<|box_end|> is looked at.", None, True),
        ("All of it.", None, True),
        ("All of it <|tool_call|>.", None, True),
        ("", None, False),
    ],
)
def test_a_turn_whose_boxes_are_all_lost_is_told_from_one_that_has_none(turn, lost, everything):
    good = "B <|box_start|>(1,2),(3,4)<|box_end|> (red).<|im_gen_start|>"
    for text in (turn, good + turn):
        chain = Chain.parse(text)
        assert (chain.lost.code if chain.lost else None) == lost
        assert chain.changes_everything == everything


def test_a_broken_box_leaves_its_neighbours_alone():
    chain = Chain.parse(FROG.replace("(112,80),(655,430)", "(31,22),(64222),(642,208)"))
    assert [r.color for r in chain.mask_regions(0)] == ["green"]
    assert "broken_corners" in {p.code for p in chain.problems}


@given(boxes())
def test_resize_changes_one_box_only(box):
    chain = Chain.parse(FROG).resize(0, box)
    assert chain.text == FROG.replace("(112,80),(655,430)", f"({box.x1},{box.y1}),({box.x2},{box.y2})")
    assert chain.boxes[0].box == box


@given(boxes(), st.integers(-2000, 2000), st.integers(-2000, 2000))
def test_a_moved_box_keeps_its_size_and_stays_inside(box, dx, dy):
    moved = box.moved(dx, dy)
    assert (moved.x2 - moved.x1, moved.y2 - moved.y1) == (box.x2 - box.x1, box.y2 - box.y1)
    if box.x2 + dx <= LIMIT and box.x1 + dx >= 0:
        assert moved.x1 == box.x1 + dx


def test_move_shifts_within_the_chain():
    chain = Chain.parse(FROG).move(2, 10, -5)
    assert chain.boxes[2].box == Box(108, 59, 712, 443)
    assert chain.boxes[0] == Chain.parse(FROG).boxes[0]


def test_delete_takes_box_and_color_and_keeps_words():
    chain = Chain.parse(FROG).delete(0)
    assert "a giant green leaf above its head" in chain.text
    assert [r.phrase for r in chain.boxes] == ["a pond", "an umbrella"]


def test_rename_and_set_attribute_change_the_phrase_only():
    chain = Chain.parse(FROG)
    assert "holding a tiny fan <|box_start|>(112,80)" in chain.rename(0, "a tiny fan").text
    assert chain.set_attribute(0, "green", "blue").boxes[0].phrase == "a giant blue leaf"
    assert chain.set_attribute(0, "green", "blue").text.count("green") == FROG.count("green") - 1
    with pytest.raises(ChainError, match="contain the word “pink”"):
        chain.set_attribute(0, "pink", "blue")
    with pytest.raises(ChainError):
        chain.set_attribute(0, "gree", "blue")
    bare = Chain.parse(format_box(Box(1, 1, 9, 9), "red")).rename(0, "a kite")
    assert bare.boxes[0].phrase == "a kite"


def test_recolor_gives_and_takes_masks():
    chain = Chain.parse(FROG).recolor(1, "blue")
    assert [r.color for r in chain.mask_regions(0)] == ["red", "blue", "green"]
    assert len(chain.recolor(0, None).mask_regions(0)) == 2
    with pytest.raises(ChainError, match="mauve"):
        chain.recolor(0, "mauve")


@given(st.lists(st.tuples(boxes(), st.booleans()), min_size=1, max_size=5), st.data())
def test_another_order_takes_phrases_and_boxes_along_and_leaves_the_colors_in_theirs(entries, data):
    colors = iter(COLORS)
    parts = [f"a thing{n} {format_box(box, next(colors) if mask else None)}" for n, (box, mask) in enumerate(entries)]
    chain = Chain.parse(f"So: {', '.join(parts)}.<|im_gen_start|>Then the hat {format_box(Box(1, 2, 3, 4), 'pink')}.")
    order = data.draw(st.permutations(range(len(entries))))
    after = chain.reorder(order)
    regions = after.turns[0].regions
    assert [(r.phrase, r.box, r.is_mask) for r in regions] == [(f"a thing{n}", *entries[n]) for n in order]
    assert [r.color for r in regions if r.is_mask] == [r.color for r in chain.turns[0].regions if r.is_mask]
    assert after.turns[1].text == chain.turns[1].text
    back = sorted(range(len(order)), key=lambda place: order[place])
    assert after.reorder(back).text == chain.text


def test_a_box_without_words_changes_its_place_too():
    one, other = Box(1, 1, 20, 20), Box(30, 30, 60, 60)
    chain = Chain.parse(f"{format_box(one, 'red')}, the hat {format_box(other, 'green')}.").reorder([1, 0])
    assert [(r.phrase, r.box, r.color) for r in chain.boxes] == [("the hat", other, "red"), ("", one, "green")]


def test_added_boxes_take_the_free_colors_in_order():
    chain = Chain.parse("Nothing yet.<|im_gen_start|>")
    for _ in range(4):
        chain = chain.add(Box(10, 10, 90, 90), "a star")
    assert [r.color for r in chain.mask_regions(0)] == list(COLORS)[:4] == ["red", "green", "blue", "yellow"]
    assert [r.phrase for r in chain.boxes] == ["a star"] * 4
    assert chain.turns[0].finished and chain.problems == ()
    two = Chain.from_turns(["a<|im_gen_start|>", "b<|im_gen_start|>"]).add(Box(1, 1, 9, 9), "a kite", turn=0)
    assert two.boxes[0].turn == 0 and two.text.endswith("b<|im_gen_start|>")


def test_a_box_that_is_not_there_is_named():
    with pytest.raises(ChainError, match="no box 3"):
        Chain.parse(FROG).delete(3)
    with pytest.raises(ChainError, match="no box -1"):
        Chain.parse(FROG).move(-1, 1, 1)


@given(TEXTS)
def test_user_words_cannot_smuggle_a_control_token(words):
    assert not re.search(r"<\||\|>", escape_user_text(words))
    chain = Chain.parse(FROG)
    for edited in (chain.rename(0, words), chain.add(Box(1, 1, 9, 9), words), chain.set_attribute(0, "green", words)):
        tokens = re.findall(r"<\|[^|<>]*\|>", edited.text)
        expected = re.findall(r"<\|[^|<>]*\|>", FROG)
        assert sorted(tokens) in (sorted(expected), sorted([*expected, "<|box_start|>", "<|box_end|>"]))


def test_escaping_leaves_ordinary_text_alone():
    assert escape_user_text("a < b | c > d") == "a < b | c > d"
    assert escape_user_text("<|im_gen_start|>") == "< |im_gen_start| >"


@pytest.mark.parametrize("corners", [(0, 0, 0, 5), (5, 5, 4, 9), (-1, 0, 5, 5), (0, 0, 1001, 5), (0, 9, 5, 9)])
def test_a_box_has_an_inside_within_the_picture(corners):
    with pytest.raises(ValueError, match="not a box"):
        Box(*corners)


def test_pixels_iou_and_area():
    assert Box(98, 64, 702, 448).pixels(128, 256) == (12, 16, 89, 114)
    assert Box(0, 0, 999, 999).pixels(1024, 1024) == (0, 0, 1022, 1022)
    assert Box(999, 0, 1000, 1000).pixels(1024, 64) == (1022, 0, 1023, 63)
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).iou(Box(20, 20, 30, 30)) == 0
    assert Box(0, 0, 10, 20).area == 200


def test_mask_colors_are_the_references():
    assert list(COLORS)[:3] == ["red", "green", "blue"]
    assert (COLORS["red"], COLORS["green"], COLORS["blue"]) == ((255, 0, 0), (0, 128, 0), (0, 0, 255))


def test_golden_chains_parse_without_problems(golden):
    for case in json.loads((golden / "golden" / "cases.json").read_text(encoding="utf-8"))["cases"]:
        chain = Chain.from_turns(case["chains"])
        assert chain.text == "".join(case["chains"]) and chain.problems == ()
        assert len(chain.turns) == len(case["results"])
        assert all(t.finished for t in chain.turns)


def test_errors_are_one_line_with_a_remedy():
    error = EngineError("code", "It broke.\nBadly.", "Mend it.")
    assert str(error) == "It broke. Badly. Mend it."
    assert (error.code, error.exit_code) == ("code", 1)
