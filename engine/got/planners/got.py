"""GoT's planner: the MLLM writes the chain turn by turn, or reads one that is given (paper sec. 4.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from itertools import islice

import torch
from PIL import Image
from tokenizers.decoders import DecodeStream
from torch import Tensor, nn
from transformers import Qwen2_5_VLForConditionalGeneration

from engine.got.faults import not_finite
from engine.got.planners.decoding import ROOM, Decoder
from engine.got.planners.prompts import IM_GEN_END, IM_GEN_START, VISION_END, VISION_START, SourceProcessor, Vocabulary
from engine.got.planners.protocol import Written
from engine.got.planners.reading import Reading
from engine.got.progress import Watch
from engine.got.residence.quantize import Int8Linear, shrink

# What a turn holds as tokens: boxes anywhere, the others only where the model writes them. All else is plain text.
_TURN = re.compile(
    f"(?P<head>(?:{re.escape(IM_GEN_END)}|{re.escape(VISION_END)})*)(?P<body>.*?)(?:{re.escape(IM_GEN_START)})?",
    re.DOTALL,
)
_TOKEN = re.compile(r"<\|\w+\|>")
_BOX_TOKEN = re.compile(r"(<\|box_(?:start|end)\|>)")


class GoTPlanner:
    """Writes and reads chains with one Qwen2.5-VL."""

    def __init__(
        self,
        mllm: Qwen2_5_VLForConditionalGeneration,
        vocabulary: Vocabulary,
        source_processor: SourceProcessor,
        max_new_tokens: int = 1024,
    ) -> None:
        self.mllm = mllm
        self.vocabulary = vocabulary
        self.source_processor = source_processor
        self.max_new_tokens = max_new_tokens
        self.decoder: Decoder | None = None
        """What writes on a card; without it, tokens are written as the processor likes it."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The MLLM."""
        return {"mllm": self.mllm}

    def open(self, instruction: str, source_image: Image.Image | None) -> Reading:
        """A reading of the prompt: an edit's where there is a source image, else text-to-image's."""
        reading, tokens = Reading(self.mllm, self.decoder), self.source_processor.tokens
        if source_image is None:
            reading.append(self.vocabulary.encode_prompt(instruction, 0, tokens))
        else:
            prompt = self.vocabulary.encode_prompt(instruction, 1, tokens)
            start = prompt.index(self.vocabulary.image_pad)
            reading.append(prompt[:start])
            self._look(reading, source_image)
            reading.append(prompt[start + tokens :])
        return reading

    def write(self, reading: Reading, watch: Watch) -> Written:
        """Writes greedily until a token stops it: `<|im_gen_start|>`, `<|vision_start|>` or `<|endoftext|>`.

        Raises ModelError where what is read exceeds the range of the numbers that the model calculates in.
        """
        return self._write(reading, watch)[0]

    def _write(self, reading: Reading, watch: Watch) -> tuple[Written, int | None]:
        """The same, and the token that ended it; None where the limit did."""
        words, ids = self.vocabulary, []
        stream = DecodeStream(skip_special_tokens=False)
        with closing(reading.write()) as tokens:
            for token in tokens:
                if not ids and not reading.is_finite():
                    raise not_finite("The planner produced numbers that are not finite.")
                if token in (words.vision_start, words.end_of_text):
                    return Written(text=self._decode(ids), asks_for_picture=False), token
                ids.append(token)
                watch.token(stream.step(words.tokenizer.backend_tokenizer, token) or "")
                if token == words.im_gen_start:
                    return Written(text=self._decode(ids), asks_for_picture=True), token
                if len(ids) == self.max_new_tokens:
                    break
        return Written(text=self._decode(ids), asks_for_picture=False), None

    def go_on(self, reading: Reading, drawn: Image.Image, watch: Watch) -> Written:
        """Writes on after a picture, which the MLLM sees if it asks to by `<|vision_start|>`."""
        bridge, stop = self._write(reading, Watch(cancel=watch.cancel))
        if stop != self.vocabulary.vision_start:
            return bridge
        self._look(reading, drawn)
        return self.write(reading, watch)

    def read(self, reading: Reading, turn: str, drawn: Image.Image | None) -> None:
        """Takes in a turn that is given; `drawn` is the picture of the turn before it, None for the first.

        A later turn has that picture before it, unless it begins with `<|im_gen_end|>` alone: then the model wrote on
        without looking.
        """
        turn = turn.removeprefix(IM_GEN_END + VISION_START)
        if drawn is not None and not turn.startswith(IM_GEN_END):
            reading.append([self.vocabulary.im_gen_end, self.vocabulary.vision_start])
            self._look(reading, drawn)
            turn = turn if turn.startswith(VISION_END) else VISION_END + turn
        reading.append(encode_turn(self.vocabulary, turn))

    def query(self, reading: Reading) -> Tensor:
        """(1, queries, d): last hidden states of the query tokens, read after what is written (paper sec. 4.3)."""
        reading.append(list(self.vocabulary.queries))
        return reading.forward()[:, -self.vocabulary.num_query_tokens :]

    def count_tokens(self, turn: str) -> int:
        """How many tokens the text of a turn takes."""
        return len(encode_turn(self.vocabulary, turn))

    def shrink(self, device: torch.device) -> None:
        """The matrices of the language model take 8 bits a weight."""
        shrink(self.mllm.model.language_model, Int8Linear, device)

    def settle(self) -> None:
        """From now on tokens are written by steps that are recorded."""
        self.decoder = Decoder(self.mllm)

    def pause(self) -> None:
        """Forgets what was recorded with the weights where they were."""
        if self.decoder:
            self.decoder.forget()

    def leave(self) -> None:
        """Undoes `settle`."""
        self.decoder = None

    def try_out(self, picture: Image.Image) -> None:
        """Writes some tokens, and takes the larger cache that a second turn, or a very long chain, is written with."""
        with closing(self.open("A trial.", picture).write()) as tokens:
            list(islice(tokens, 4))
        if self.decoder:
            with self.decoder.lend(ROOM):
                pass

    def _look(self, reading: Reading, image: Image.Image) -> None:
        reading.append_image(self.source_processor(image), self.source_processor.tokens)

    def _decode(self, ids: list[int]) -> str:
        return self.vocabulary.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def encode_turn(vocabulary: Vocabulary, turn: str) -> list[int]:
    """Ids of a turn's text, which a user may have edited, ending with `<|im_gen_start|>`.

    Box tokens count anywhere, `<|vision_end|>` and `<|im_gen_end|>` at the beginning; nothing else that looks like a
    control token becomes one.
    """
    parts = _TURN.fullmatch(turn)
    assert parts is not None  # every text has such parts, empty ones if need be
    token = vocabulary.tokenizer.added_tokens_encoder
    ids = [token[name] for name in _TOKEN.findall(parts["head"])]
    for piece in _BOX_TOKEN.split(parts["body"]):
        ids += [token[piece]] if _BOX_TOKEN.fullmatch(piece) else vocabulary.encode_user_text(piece)
    return [*ids, vocabulary.im_gen_start]
