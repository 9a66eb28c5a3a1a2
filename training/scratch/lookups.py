"""Practice in looking things up, in words alone: which color has the car of this list?

A chain lists what a picture shows (“a red car, a green cup”), and “the car” of an instruction is found by reading that
list backwards, from a kind to the color before it. A chain asks for one such step in more than a hundred tokens, too
seldom for a small model to find out how.
"""

from __future__ import annotations

import random

import numpy as np
import torch

from engine.api.chain import Box, format_box
from training.scratch.batches import IGNORED, ChainSequences, LookupBatch
from training.storybook.drawing import BACKGROUNDS, COLORS, KINDS

LENGTH = 160
_ASKED = ("remove the {}", "paint the {} {}", "recolor the {} to {}", "make the {} bigger", "swap the {} for a {} {}")


class Lookups:
    """Lines of an instruction, a list and an answer, and with `questions` as many of a list and many answers."""

    def __init__(self, sequences: ChainSequences, questions: bool) -> None:
        self.vocabulary, self.encode = sequences.vocabulary, sequences.tokenizer.encode
        self.questions = questions

    def batch(self, seed: int, size: int) -> LookupBatch:
        """`size` lines that follow from `seed`."""
        r = random.Random(f"lookups {seed}")
        ids = np.full((size, LENGTH), self.vocabulary.end_of_text)
        labels = np.full((size, LENGTH), IGNORED)
        for row in range(size):
            line, answers = self._questions(r) if self.questions and row % 2 else self._instruction(r)
            ids[row, : len(line)], labels[row, : len(line)] = line, answers
        return LookupBatch(torch.from_numpy(ids), torch.from_numpy(labels))

    def _questions(self, r: random.Random) -> tuple[list[int], list[int]]:
        """After the list each thing in any order: color then kind, or kind then color; the second is to be learnt."""
        things, line = self._list(r, r.randint(3, 7))
        answers = [IGNORED] * len(line)
        backwards = r.random() < 0.6
        for color, kind in r.sample(things, len(things)):
            asked, answer = (kind, color) if backwards else (color, kind)
            tokens = self.encode(f" the {asked} {answer}")
            line, answers = line + tokens, answers + [IGNORED] * (len(tokens) - 1) + tokens[-1:]
        return line, answers

    def _instruction(self, r: random.Random) -> tuple[list[int], list[int]]:
        """An instruction that names a thing by its kind or its color, the list, and the name of the thing in full."""
        things, listed = self._list(r, r.randint(2, 3), boxes=not self.questions)
        color, kind = r.choice(things)
        asked = r.choice((kind, kind, f"{color} object"))
        filled = r.choice(_ASKED).format(asked, r.choice(list(COLORS)), r.choice(list(KINDS)))
        line = self.vocabulary.encode_prompt(filled, 0, 0) + listed + self.encode(" The object to change is the")
        answer = self.encode(f" {color} {kind}")
        return line + answer, [IGNORED] * len(line) + answer

    def _list(self, r: random.Random, count: int, boxes: bool = False) -> tuple[list[tuple[str, str]], list[int]]:
        """Things of different colors and kinds, and the sentence that lists them."""
        things = list(zip(r.sample(list(COLORS), count), r.sample(list(KINDS), count), strict=True))
        places = [f" {format_box(_box(r))}" if boxes else "" for _ in things]
        listed = [f"a {color} {kind}{place}" for (color, kind), place in zip(things, places, strict=True)]
        return things, self.encode(f"The image shows a {r.choice(BACKGROUNDS)} with {', '.join(listed)}.")


def _box(r: random.Random) -> Box:
    x, y = 10 * r.randint(1, 60), 10 * r.randint(1, 60)
    return Box(x, y, x + 10 * r.randint(20, 38), y + 10 * r.randint(20, 38))
