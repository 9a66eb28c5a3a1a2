"""`python -m benchmarks.full_size FOLDER`: measures the import of a random checkpoint with GoT-6B's real configuration.

The configurations in `got_6b/` are those of Qwen2.5-VL-3B and SDXL. The checkpoint has all tensors of the released
layout, with LoRA layers as PEFT saves them, in bfloat16 and in several files. Prints JSON: the import's output, its
time, and the peak private memory of its processes. FOLDER needs space for both models, about 30 GB, and is removed at
the end. `--small` runs the same code with a model of a few megabytes. `--sparse` writes sparse files, which read as
zeros: this is instant, takes little disk space, and needs the same memory to import. `--killed` first kills an import
after it has written that share of the checkpoint's bytes, and measures the import that continues it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from tokenizers import AddedToken, pre_tokenizers
from torch import Tensor
from transformers import Qwen2Tokenizer

from engine.got.files.checkpoint import load_tokenizer
from engine.got.files.weights import empty_mllm, empty_projectors, empty_unet, empty_vae, stored_state
from engine.got.planners.prompts import IM_GEN_START
from engine.models.released import MLLM_BASE, UNET_BASE

CHECKPOINT = "GoT-6B"
FILE_BYTES = 2 * 10**9
LORA_RANK = 32
ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
WORDS = 151643
"""Size of Qwen2.5's vocabulary before the special tokens, which follow in this order."""
SPECIAL = (
    "endoftext im_start im_end object_ref_start object_ref_end box_start box_end quad_start quad_end vision_start "
    "vision_end vision_pad image_pad video_pad tool_call tool_call_end fim_prefix fim_middle fim_suffix fim_pad "
    "repo_name file_sep"
).split()
TEMPLATE = """{% for message in messages %}<|im_start|>{{ message['role'] }}
{% for part in message['content'] %}{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>\
{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

SMALL: dict[str, dict[str, Any]] = {
    "mllm.text_config": {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]},
    },
    "mllm.vision_config": {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "out_hidden_size": 64,
        "fullatt_block_indexes": [1],
    },
    "unet": {
        "block_out_channels": [32, 64, 64],
        "attention_head_dim": [2, 4, 4],
        "cross_attention_dim": 64,
        "transformer_layers_per_block": 1,
    },
    "vae": {"block_out_channels": [32, 32, 32, 32]},
}


def config(name: str, small: bool) -> dict[str, Any]:
    """One of GoT-6B's configurations."""
    values = json.loads((Path(__file__).parent / "got_6b" / f"{name}.json").read_text(encoding="utf-8"))
    for place, changes in SMALL.items() if small else ():
        part, _, section = place.partition(".")
        if part == name:
            values |= {section: values[section] | changes} if section else changes
    return values


def shapes(small: bool) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of the checkpoint by its released name, as PEFT saves a trained model."""
    mllm, vae = empty_mllm(config("mllm", small)), empty_vae(config("vae", small))
    unet = empty_unet(config("unet", small) | {"in_channels": 12})
    shapes_by_name: dict[str, tuple[int, ...]] = {}
    for key, tensor in mllm.state_dict().items():
        shapes_by_name |= dict(_released(key, tuple(tensor.shape)))
    for part, model in (("unet", unet), ("vae", vae)):
        shapes_by_name |= {f"{part}.{key}": tuple(tensor.shape) for key, tensor in stored_state(model).items()}
    for key, tensor in empty_projectors(mllm, unet).state_dict().items():
        name, _, kind = key.rpartition(".")
        shapes_by_name[f"{name}.projector.{kind}"] = tuple(tensor.shape)
    return shapes_by_name


def _released(key: str, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """PEFT's tensors for one tensor of the MLLM: the trained copy, or the weight with its LoRA layer."""
    name = "mllm.base_model.model." + key.replace("model.language_model.", "model.").replace("model.visual.", "visual.")
    layer, _, kind = name.rpartition(".")
    if layer.endswith(("embed_tokens", "lm_head")):
        yield f"{layer}.original_module.{kind}", shape
        yield f"{layer}.modules_to_save.default.{kind}", shape
    elif layer.endswith(ADAPTED) and "visual" not in layer:
        yield f"{layer}.base_layer.{kind}", shape
        if kind == "weight":
            yield f"{layer}.lora_A.default.weight", (LORA_RANK, shape[1])
            yield f"{layer}.lora_B.default.weight", (shape[0], LORA_RANK)
    else:
        yield name, shape


def write_checkpoint(folder: Path, small: bool, sparse: bool) -> dict[str, int]:
    """Writes the three folders of the released layout. Returns the number of tensors and bytes of the checkpoint."""
    for base, files in (
        (MLLM_BASE, {"config": "mllm", "generation_config": "generation", "preprocessor_config": "preprocessor"}),
        (UNET_BASE, {"unet/config": "unet", "vae/config": "vae", "scheduler/scheduler_config": "scheduler"}),
    ):
        for file, name in files.items():
            path = folder / base / f"{file}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(config(name, small)), encoding="utf-8")
    tokenizer().save_pretrained(folder / MLLM_BASE)
    shapes_by_name, checkpoint = shapes(small), folder / CHECKPOINT
    checkpoint.mkdir()
    block = torch.randn(2**22, generator=torch.Generator().manual_seed(0)).mul_(0.02).bfloat16()
    files = list(_in_files(shapes_by_name))
    stem, suffix = ("model", "safetensors") if sparse else ("pytorch_model", "bin")
    weight_map = {}
    for number, keys in enumerate(files, start=1):
        file = f"{stem}-{number:05d}-of-{len(files):05d}.{suffix}"
        if sparse:
            _write_holes(checkpoint / file, {key: shapes_by_name[key] for key in keys})
        else:
            torch.save({key: _noise(block, shapes_by_name[key]) for key in keys}, checkpoint / file)
        weight_map |= dict.fromkeys(keys, file)
    index = {"metadata": {}, "weight_map": weight_map}
    (checkpoint / f"{stem}.{suffix}.index.json").write_text(json.dumps(index), encoding="utf-8")
    return {
        "tensors": len(shapes_by_name),
        "bytes": sum(path.stat().st_size for path in checkpoint.glob(f"*.{suffix}")),
    }


def _write_holes(path: Path, shapes_by_name: dict[str, tuple[int, ...]]) -> None:
    """Writes a sparse safetensors file of zeros."""
    header, end = {}, 0
    for key, shape in shapes_by_name.items():
        begin, end = end, end + 2 * int(np.prod(shape))
        header[key] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)


def _in_files(shapes_by_name: dict[str, tuple[int, ...]]) -> Iterator[list[str]]:
    keys: list[str] = []
    size = 0
    for key, shape in shapes_by_name.items():
        needed = 2 * int(np.prod(shape))
        if keys and size + needed > FILE_BYTES:
            yield keys
            keys, size = [], 0
        keys.append(key)
        size += needed
    yield keys


def _noise(block: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Small random numbers, the same block repeated, because only moving them is measured."""
    count = int(np.prod(shape))
    numbers = np.resize(block.view(torch.int16).numpy()[:count], count)  # a view would keep the whole block
    return torch.from_numpy(numbers).view(torch.bfloat16).reshape(shape)


def tokenizer() -> Qwen2Tokenizer:
    """A tokenizer with as many tokens as Qwen2.5 and the special ones at their real ids, but without merges."""
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*bytes_, *(f"word{number}" for number in range(WORDS - len(bytes_)))]
    tokenizer = Qwen2Tokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
    tokenizer.add_tokens([AddedToken(f"<|{name}|>", special=True) for name in SPECIAL])
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def run_import(folder: Path, output: Path, kill_at: float | None = None) -> dict[str, Any]:
    """Runs `got model import` and measures it. With `kill_at`, kills its processes once it has written that many
    bytes."""
    command = [sys.executable, "-m", "got_desktop", "model", "import", str(folder), "--output", str(output)]
    started, peak = time.perf_counter(), 0
    with subprocess.Popen([*command, "--dtype", "bfloat16"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        while child.poll() is None:
            if kill_at and _written(output.parent) > kill_at:
                for process in [*psutil.Process(child.pid).children(recursive=True), child]:
                    process.kill()
                return {"seconds": round(time.perf_counter() - started, 1)}
            peak = max(peak, _own_memory(psutil.Process(child.pid)))
            time.sleep(0.1)
        assert child.stdout is not None
        output_lines = child.stdout.read().decode().strip().splitlines()
    return {
        "exit_code": child.returncode,
        "said": output_lines,
        "seconds": round(time.perf_counter() - started, 1),
        "peak_own_megabytes": peak // 1000,
        "output_bytes": _written(output),
        "im_gen_start": load_tokenizer(output / "tokenizer").convert_tokens_to_ids(IM_GEN_START),
    }


def _written(folder: Path) -> int:
    """Total size of the weight files, including those in hidden folders."""
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


def _own_memory(process: psutil.Process) -> int:
    """Private memory in kilobytes of a process and its children, without mapped files."""
    total = 0
    try:
        for member in (process, *process.children(recursive=True)):
            lines = Path(f"/proc/{member.pid}/status").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return total  # a process has ended in the meantime
    return total


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_size", description=__doc__)
    parser.add_argument("folder", type=Path, help="does not exist yet; on the disk to be measured")
    parser.add_argument("--small", action="store_true", help="the same with a tiny model")
    parser.add_argument("--sparse", action="store_true", help="files of holes in place of random numbers")
    parser.add_argument("--killed", type=float, metavar="SHARE", help="first kill an import that wrote so much of it")
    args = parser.parse_args()
    args.folder.mkdir(parents=True)
    try:
        figures: dict[str, Any] = {"checkpoint": write_checkpoint(args.folder / "released", args.small, args.sparse)}
        released, output = args.folder / "released", args.folder / "models" / "native"
        output.parent.mkdir()
        if args.killed:
            figures["killed"] = run_import(released, output, args.killed * figures["checkpoint"]["bytes"])
        figures |= run_import(released, output)
        print(json.dumps(figures, indent=2))
    finally:
        shutil.rmtree(args.folder)


if __name__ == "__main__":
    main()
