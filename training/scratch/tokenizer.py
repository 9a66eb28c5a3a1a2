"""The embedded model's tokenizer: Qwen2.5's type and control tokens, with a small vocabulary from the storybook."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tokenizers import Regex as TokenRegex
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import Qwen2Tokenizer
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

from engine.got.planners.prompts import EDIT_PROMPT, TEXT_TO_IMAGE_PROMPT, add_got_tokens
from training.storybook.edits import sample

QWEN_TOKENS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>"),
    *("<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"),
)
CHAT_TEMPLATE = """\
{%- if messages[0].role != 'system' %}<|im_start|>system
You are a helpful assistant.<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}
{%- else %}
{%- for part in message.content %}
{%- if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}
{%- endfor %}
{%- endif %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def _corpus(examples: int) -> Iterator[str]:
    for i in range(examples):
        for task in (None, None, "two_step", "text_to_image"):
            example = sample(4 * 10**9 + i, task)
            prompt = EDIT_PROMPT if example.source else TEXT_TO_IMAGE_PROMPT
            yield f"system\nYou are a helpful assistant.\nuser\n{prompt} {example.instruction}"
            yield f"assistant\n{example.chain}"


def build_tokenizer(vocabulary: int = 620, examples: int = 3000) -> Qwen2Tokenizer:
    """Returns a byte-level BPE tokenizer with `vocabulary` bytes and merges, plus all control tokens.

    As in Qwen2.5, each digit is a token.
    """
    bpe = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(TokenRegex(PRETOKENIZE_REGEX), behavior="isolated")
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
    strip = [(token, " ") for token in ("<|im_gen_start|>", "<|box_start|>", "<|box_end|>")]

    def plain() -> Iterator[str]:
        for text in _corpus(examples):
            for token, blank in strip:
                text = text.replace(token, blank)
            yield text

    bpe.train_from_iterator(plain(), trainer)
    state = json.loads(bpe.to_str())["model"]
    merges = [tuple(m) for m in state["merges"]]
    tokenizer = Qwen2Tokenizer(vocab=state["vocab"], merges=merges, extra_special_tokens=list(QWEN_TOKENS))
    add_got_tokens(tokenizer)
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
