"""Progress on the command line."""

import io

import pytest
from rich.console import Console

from got_desktop.progress import Progress

PIECES = ["The boat ", "<|box_start|>", "(1,2),(30,40)", "<|box_end|>", " (", "red", ")", " near <|box_start|>",
          "(5,6),(70,80)<|box_end|>", ",", " a sun", ".", "<|im_gen_start|>"]  # fmt: skip


def new_progress(terminal: bool = False) -> tuple[Progress, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, highlight=False, color_system=None)
    return Progress(console), stream


def test_each_box_appears_once_and_as_soon_as_its_color_is_known():
    progress, stream = new_progress()
    counts = []
    with progress:
        progress.plan()
        for piece in PIECES:
            progress.token(piece)
            counts.append(stream.getvalue().count("–"))
    assert counts == [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    first, second = "  1  (1,2)–(30,40)  ■ red  The boat\n", "  2  (5,6)–(70,80)  □ no color: reasoned about  near\n"
    assert first + second in stream.getvalue()


def test_a_stage_is_a_line_with_its_details_and_duration():
    progress, stream = new_progress()
    with progress:
        progress.stage("load", "Load tiny")
        progress.plan()
        for piece in PIECES:
            progress.token(piece)
        for step in (1, 2, 3):
            progress.step(step, 3, 0)
        progress.stage("write", "Write")
    lines = [line for line in stream.getvalue().splitlines() if not line.startswith("  ")]
    assert [line.rsplit(" (", 1)[0] for line in lines] == [
        "Load tiny",
        "Plan: 13 tokens, 2 boxes",
        "Render: step 3 of 3",
        "Decode",
        "Write",
    ]
    assert list(progress.seconds) == ["load", "plan", "render", "decode", "write"]
    assert all(seconds >= 0 for seconds in progress.seconds.values())


def test_later_turns_are_numbered_and_their_times_add_up():
    progress, stream = new_progress()
    with progress:
        progress.plan()
        for turn in (0, 1):
            for piece in PIECES:
                progress.token(piece)
            progress.step(1, 1, turn)
    output = stream.getvalue()
    assert "Plan, turn 2: 13 tokens, 4 boxes" in output and "Render, picture 2: step 1 of 1" in output
    assert set(progress.seconds) == {"plan", "render", "decode"}


def test_a_chain_file_is_rendered_turn_by_turn_without_planning():
    progress, stream = new_progress()
    with progress:
        progress.render()
        for turn in (0, 1):
            for step in (1, 2):
                progress.step(step, 2, turn)
    assert "Plan" not in stream.getvalue() and "Render, picture 2: step 2 of 2" in stream.getvalue()


def test_notes_are_shown_and_kept_unchanged():
    progress, stream = new_progress()
    progress.note("[bold]x[/bold] is not markup")
    assert progress.notes == ["[bold]x[/bold] is not markup"]
    assert stream.getvalue() == "note: [bold]x[/bold] is not markup\n"


def test_a_terminal_shows_bars_with_steps():
    progress, stream = new_progress(terminal=True)
    with progress:
        progress.render()
        progress.step(3, 50, 0)
    assert "step 3 of 50" in stream.getvalue() and "Render" in stream.getvalue()


def test_a_failure_ends_the_bars_without_finishing_a_stage():
    progress, stream = new_progress()
    with pytest.raises(KeyError), progress:
        progress.stage("load", "Load tiny")
        raise KeyError
    assert stream.getvalue() == "" and progress.seconds == {}
