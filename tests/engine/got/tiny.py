"""A GoT model of the real classes, small enough to build and train within seconds.

Its weights are random, except for the MLLM's, which has memorized two chains: an edit in two turns and a caption's.
"""

from __future__ import annotations

import json

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from PIL import Image
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
from torch import nn
from transformers import GenerationConfig, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from engine.got.files.checkpoint import Components
from engine.got.files.config import GoTConfig
from engine.got.planners.got import GoTPlanner, encode_turn
from engine.got.planners.prompts import EDIT_PROMPT, TEXT_TO_IMAGE_PROMPT, add_got_tokens
from tests.engine.got.lessons import CAPTION, CAPTION_TURN, EDIT, EDIT_TURNS

QUERIES, SOURCE_SIZE, IMAGE_SIZE, HIDDEN = 4, 16, 64, 32

CHAT_TEMPLATE = """{% for message in messages %}<|im_start|>{{ message['role'] }}
{% for part in message['content'] %}{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>\
{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def make_tokenizer() -> Qwen2Tokenizer:
    """Qwen's tokenizer for the few words of the tests, with its special tokens and `<tool_call>`, which is not
    special."""
    bare = Qwen2Tokenizer().backend_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = bare.pre_tokenizer
    words = [EDIT_PROMPT, TEXT_TO_IMAGE_PROMPT, EDIT, CAPTION, CAPTION_TURN, *EDIT_TURNS]
    learner.train_from_iterator([word.replace("<|", " ").replace("|>", " ") for word in words], trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    tokenizer = Qwen2Tokenizer(vocab=learner.get_vocab(), merges=merges)
    special = "im_start im_end box_start box_end vision_start vision_end image_pad video_pad".split()
    tokenizer.add_tokens([AddedToken(f"<|{name}|>", special=True) for name in special])
    tokenizer.add_tokens([AddedToken("<tool_call>", special=False, normalized=False)])
    tokenizer.chat_template = CHAT_TEMPLATE
    add_got_tokens(tokenizer, QUERIES)
    return tokenizer


def make_mllm(tokenizer: Qwen2Tokenizer) -> Qwen2_5_VLForConditionalGeneration:
    token = tokenizer.convert_tokens_to_ids
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": HIDDEN,
            "intermediate_size": 2 * HIDDEN,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 512,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]},
        },
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": HIDDEN,
            "patch_size": 4,
            "window_size": 16,
            "fullatt_block_indexes": [0],
        },
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
    )
    mllm = Qwen2_5_VLForConditionalGeneration(config).eval()
    mllm.generation_config = GenerationConfig(do_sample=False, eos_token_id=token("<|endoftext|>"))
    return mllm


def make_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        in_channels=12,
        out_channels=4,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=4,
        attention_head_dim=4,
        cross_attention_dim=24,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=20 + 6 * 4,
    ).eval()


def make_vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(4, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=4,
        scaling_factor=0.13025,
    ).eval()


def make_components() -> Components:
    tokenizer = make_tokenizer()
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1
    )
    return Components(
        config=GoTConfig(name="tiny", source_size=SOURCE_SIZE, image_size=IMAGE_SIZE, num_query_tokens=QUERIES),
        tokenizer=tokenizer,
        image_processor=Qwen2VLImageProcessorPil(
            patch_size=4, merge_size=2, min_pixels=SOURCE_SIZE**2, max_pixels=SOURCE_SIZE**2
        ),
        mllm=make_mllm(tokenizer),
        unet=make_unet(),
        vae=make_vae(),
        scheduler_config=dict(scheduler.config),
        output_projector=nn.Linear(HIDDEN, 24),
        output_projector_add=nn.Linear(HIDDEN, 20),
    )


def lesson(planner: GoTPlanner, instruction: str, source: Image.Image | None, turns: tuple[str, ...]) -> list[dict]:
    """Inputs and labels of a chain, with the positions for reading a later turn and those for writing it."""
    words, reading = planner.vocabulary, planner.open(instruction, source)
    labels = [-100] * len(reading.ids)
    after_image = []
    for turn in turns:
        if turn != turns[0]:
            reading.append([words.im_gen_end, words.vision_start])
            labels += reading.ids[-2:]
            reading.append_image(planner.source_processor(source), planner.source_processor.tokens)
            labels += [-100] * planner.source_processor.tokens
            after_image = range(len(reading.ids), len(reading.ids) + len(encode_turn(words, turn)))
        reading.append(encode_turn(words, turn))
        labels += reading.ids[len(labels) :]
        reading.append(list(words.queries))
        labels += [-100] * QUERIES
    reading.append([words.im_gen_end, words.end_of_text])
    labels += reading.ids[-2:]
    read = reading._rope_positions()
    write_positions = read.clone()
    for place in after_image:
        write_positions[..., place] = write_positions[..., place - 1] + 1
    images = {name: torch.cat([image[name] for _, image in reading._images]) for name in ("image_grid_thw",) if source}
    inputs = {"input_ids": torch.tensor([reading.ids]), "labels": torch.tensor([labels]), **images}
    return [inputs | {"position_ids": positions} for positions in (read, write_positions)]


def learn_by_heart(planner: GoTPlanner, steps: int = 120) -> None:
    """Trains the MLLM on its chains, independent of the pictures."""
    lessons = lesson(planner, EDIT, Image.new("RGB", (8, 8)), EDIT_TURNS) + lesson(
        planner, CAPTION, None, (CAPTION_TURN,)
    )
    optimizer = torch.optim.Adam(planner.mllm.parameters(), lr=5e-3)
    for _ in range(steps):
        for inputs in lessons:
            patches = int(inputs["image_grid_thw"].prod(-1).sum()) if "image_grid_thw" in inputs else 0
            pixels = {"pixel_values": torch.randn(patches, 3 * 2 * 4 * 4)} if patches else {}
            planner.mllm(**inputs, **pixels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
