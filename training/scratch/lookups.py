"""Text-only exercises in lookup: which color does the car in this list have?

A chain lists the objects in a picture (“a red car, a green cup”). To resolve “the car” in an instruction, the model
must read the list backwards, from a kind to the color before it. A chain needs this only once in more than a hundred
tokens, which is too rare for a small model to learn.
"""

from __future__ import annotations

import random

import numpy as np
import torch

from engine.api.chain import Box, format_box
from training.scratch.batches import IGNORED, ChainSequences, LookupBatch
from training.storybook.drawing import BACKGROUNDS, COLORS, KINDS

LENGTH = 160
_FORMS = ("remove the {}", "paint the {} {}", "recolor the {} to {}", "make the {} bigger", "swap the {} for a {} {}")


class Lookups:
    """Exercises with an instruction, a list and an answer; with `questions`, half have a list and many answers."""

    def __init__(self, sequences: ChainSequences, questions: bool) -> None:
        self.vocabulary, self.encode = sequences.vocabulary, sequences.tokenizer.encode
        self.questions = questions

    def batch(self, seed: int, size: int) -> LookupBatch:
        """Returns the `size` exercises of a seed."""
        r = random.Random(f"lookups {seed}")
        ids = np.full((size, LENGTH), self.vocabulary.end_of_text)
        labels = np.full((size, LENGTH), IGNORED)
        for row in range(size):
            line, answers = self._questions(r) if self.questions and row % 2 else self._instruction(r)
            ids[row, : len(line)], labels[row, : len(line)] = line, answers
        return LookupBatch(torch.from_numpy(ids), torch.from_numpy(labels))

    def _questions(self, r: random.Random) -> tuple[list[int], list[int]]:
        """Returns (ids, labels) of a list and then each object as color and kind, or kind and color, in random order.

        Only the second word has a label.
        """
        things, line = self._list(r, r.randint(3, 7))
        answers = [IGNORED] * len(line)
        backwards = r.random() < 0.6
        for color, kind in r.sample(things, len(things)):
            cue, answer = (kind, color) if backwards else (color, kind)
            tokens = self.encode(f" the {cue} {answer}")
            line, answers = line + tokens, answers + [IGNORED] * (len(tokens) - 1) + tokens[-1:]
        return line, answers

    def _instruction(self, r: random.Random) -> tuple[list[int], list[int]]:
        """Returns (ids, labels) of an instruction that gives an object's kind or color, a list, and the full name."""
        things, sentence = self._list(r, r.randint(2, 3), boxes=not self.questions)
        color, kind = r.choice(things)
        reference = r.choice((kind, kind, f"{color} object"))
        instruction = r.choice(_FORMS).format(reference, r.choice(list(COLORS)), r.choice(list(KINDS)))
        line = self.vocabulary.encode_prompt(instruction, 0, 0) + sentence + self.encode(" The object to change is the")
        answer = self.encode(f" {color} {kind}")
        return line + answer, [IGNORED] * len(line) + answer

    def _list(self, r: random.Random, count: int, boxes: bool = False) -> tuple[list[tuple[str, str]], list[int]]:
        """Returns objects of distinct colors and kinds, and the ids of the sentence that lists them."""
        things = list(zip(r.sample(list(COLORS), count), r.sample(list(KINDS), count), strict=True))
        places = [f" {format_box(_box(r))}" if boxes else "" for _ in things]
        phrases = [f"a {color} {kind}{place}" for (color, kind), place in zip(things, places, strict=True)]
        return things, self.encode(f"The image shows a {r.choice(BACKGROUNDS)} with {', '.join(phrases)}.")


def _box(r: random.Random) -> Box:
    x, y = 10 * r.randint(1, 60), 10 * r.randint(1, 60)
    return Box(x, y, x + 10 * r.randint(20, 38), y + 10 * r.randint(20, 38))
