"""GoT's planner: the MLLM writes the chain turn by turn, or reads an existing one (paper sec. 4.2)."""

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
from engine.got.planners.protocol import Passage
from engine.got.planners.reading import Reading
from engine.got.progress import Watch
from engine.got.residence.quantize import Int8Linear, quantize_layers

# The special tokens in a turn: box tokens anywhere, the others only where the model writes them. All else is plain
# text.
_TURN = re.compile(
    f"(?P<head>(?:{re.escape(IM_GEN_END)}|{re.escape(VISION_END)})*)(?P<body>.*?)(?:{re.escape(IM_GEN_START)})?",
    re.DOTALL,
)
_TOKEN = re.compile(r"<\|\w+\|>")
_BOX_TOKEN = re.compile(r"(<\|box_(?:start|end)\|>)")


class GoTPlanner:
    """Writes and reads chains with a Qwen2.5-VL model."""

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
        """Writes tokens on a GPU; without it, `Reading` writes them one by one."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The MLLM."""
        return {"mllm": self.mllm}

    def open(self, instruction: str, source_image: Image.Image | None) -> Reading:
        """Starts a reading with the prompt for an edit if there is a source image, else for text-to-image."""
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

    def write(self, reading: Reading, watch: Watch) -> Passage:
        """Writes greedily until a stop token: `<|im_gen_start|>`, `<|vision_start|>` or `<|endoftext|>`.

        Raises ModelError if the hidden states leave the range of the dtype.
        """
        return self._write(reading, watch)[0]

    def _write(self, reading: Reading, watch: Watch) -> tuple[Passage, int | None]:
        """(the text, the token that stopped it); the token is None if the limit was reached."""
        words, ids = self.vocabulary, []
        stream = DecodeStream(skip_special_tokens=False)
        with closing(reading.write()) as tokens:
            for token in tokens:
                if not ids and not reading.is_finite():
                    raise not_finite("The planner produced numbers that are not finite.")
                if token in (words.vision_start, words.end_of_text):
                    return Passage(text=self._decode(ids), asks_for_picture=False), token
                ids.append(token)
                watch.token(stream.step(words.tokenizer.backend_tokenizer, token) or "")
                if token == words.im_gen_start:
                    return Passage(text=self._decode(ids), asks_for_picture=True), token
                if len(ids) == self.max_new_tokens:
                    break
        return Passage(text=self._decode(ids), asks_for_picture=False), None

    def go_on(self, reading: Reading, picture: Image.Image, watch: Watch) -> Passage:
        """Continues after an image, which is shown to the MLLM if it writes `<|vision_start|>`."""
        bridge, stop = self._write(reading, Watch(cancel=watch.cancel))
        if stop != self.vocabulary.vision_start:
            return bridge
        self._look(reading, picture)
        return self.write(reading, watch)

    def read(self, reading: Reading, turn: str, picture: Image.Image | None) -> None:
        """Reads an existing turn; `picture` is the image of the previous turn, None for the first turn.

        A later turn is preceded by that image, unless it begins with `<|im_gen_end|>` only: then the model continued
        without looking at the image.
        """
        turn = turn.removeprefix(IM_GEN_END + VISION_START)
        if picture is not None and not turn.startswith(IM_GEN_END):
            reading.append([self.vocabulary.im_gen_end, self.vocabulary.vision_start])
            self._look(reading, picture)
            turn = turn if turn.startswith(VISION_END) else VISION_END + turn
        reading.append(encode_turn(self.vocabulary, turn))

    def query(self, reading: Reading) -> Tensor:
        """(1, queries, d): last hidden states of the query tokens, read after the turn (paper sec. 4.3)."""
        reading.append(list(self.vocabulary.queries))
        return reading.forward()[:, -self.vocabulary.num_query_tokens :]

    def count_tokens(self, turn: str) -> int:
        """The number of tokens in the text of a turn."""
        return len(encode_turn(self.vocabulary, turn))

    def quantize(self, device: torch.device) -> None:
        """Quantizes the language model's matrices to 8 bits."""
        quantize_layers(self.mllm.model.language_model, Int8Linear, device)

    def settle(self) -> None:
        """Uses CUDA graphs for decoding from now on."""
        self.decoder = Decoder(self.mllm)

    def pause(self) -> None:
        """Drops the CUDA graphs, because the weights are about to move."""
        if self.decoder:
            self.decoder.forget()

    def leave(self) -> None:
        """Undoes `settle`."""
        self.decoder = None

    def try_out(self, picture: Image.Image) -> None:
        """Writes a few tokens, and prepares the larger cache for a second turn or a very long chain."""
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
    """The token ids of a turn's text, which a user may have edited, ending with `<|im_gen_start|>`.

    Box tokens are recognized anywhere, `<|vision_end|>` and `<|im_gen_end|>` only at the beginning. Any other text that
    looks like a control token is encoded as plain text.
    """
    parts = _TURN.fullmatch(turn)
    assert parts is not None  # the pattern matches any text
    token = vocabulary.tokenizer.added_tokens_encoder
    ids = [token[name] for name in _TOKEN.findall(parts["head"])]
    for piece in _BOX_TOKEN.split(parts["body"]):
        ids += [token[piece]] if _BOX_TOKEN.fullmatch(piece) else vocabulary.encode_user_text(piece)
    return [*ids, vocabulary.im_gen_start]
