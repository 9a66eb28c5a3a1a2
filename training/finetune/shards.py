"""Shards a model over the processes of a run: each has a part of every weight, its gradient and Adam's moments.

`accelerate launch --use_fsdp` turns it on. It uses torch's `fully_shard` directly, so it works the same on GPUs (NCCL)
and CPUs (Gloo), whatever accelerate's version and options. Weights stay float32; the forward pass is cast as in any
other run.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from accelerate.utils import FullyShardedDataParallelPlugin
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from engine.api.errors import RequestError
from training.finetune.config import Training


def enabled() -> bool:
    """Returns whether this process is one of several that `accelerate launch --use_fsdp` started."""
    return _flag("ACCELERATE_USE_FSDP") and int(os.environ.get("WORLD_SIZE", "1")) > 1


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("true", "1")


def plugin() -> FullyShardedDataParallelPlugin | None:
    """Returns the plugin for accelerate, or None without --use_fsdp.

    Otherwise, accelerate would build one for FSDP version 1 from the environment.
    """
    if not _flag("ACCELERATE_USE_FSDP"):
        return None
    return FullyShardedDataParallelPlugin(fsdp_version=2, reshard_after_forward=True, auto_wrap_policy="NO_WRAP")


def check(settings: Training) -> None:
    """Raises RequestError if a setting does not work with sharding."""
    if settings.optimizer == "adamw8bit":
        raise _unable("training.optimizer adamw8bit", "Set it to adamw, whose state can be sharded.")
    if _flag("FSDP_OFFLOAD_PARAMS"):
        raise _unable("--fsdp_offload_params", "Remove it, or launch more processes.")


def _unable(what: str, remedy: str) -> RequestError:
    return RequestError("fsdp_unable", "{what} cannot be combined with --use_fsdp.", remedy, what=what)


def shard(model: nn.Module, parts: dict[str, nn.Module], device: torch.device) -> None:
    """Shards the model in place; its weights become new objects.

    A group of weights is gathered only while it computes. The layers of the vision encoder are not groups: a process
    whose pairs have no source would not gather them, and the others would wait for it forever.
    """
    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    mllm, unet = parts["mllm"], parts["unet"]
    kinds = set(getattr(unet, "_no_split_modules", None) or ())
    groups: list[nn.Module] = [m for m in unet.modules() if type(m).__name__ in kinds]
    groups += mllm.get_submodule("model.language_model.layers").children()
    for module in reversed(groups):  # inner modules first
        fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)


def full_tensor(tensor: Tensor) -> Tensor:
    """Returns the full tensor, detached. If it is sharded, every process must call this at the same time."""
    tensor = tensor.detach()
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def full_state(state: Any) -> Any:  # noqa: ANN401 - an optimizer's state: tensors in dictionaries and lists
    """Returns the state with full tensors on the CPU."""
    if isinstance(state, Tensor):
        return full_tensor(state).cpu()
    if isinstance(state, dict):
        return {key: full_state(value) for key, value in state.items()}
    return [full_state(value) for value in state] if isinstance(state, list) else state


def copy_full(value: Tensor, target: Tensor) -> None:
    """Copies a full tensor into `target`, which may be sharded."""
    target.copy_(part_of(value, target))


def part_of(value: Tensor, like: Tensor) -> Tensor:
    """Returns this process's part of a full tensor if `like` is sharded, else the tensor itself."""
    if not isinstance(like, DTensor) or value.shape != like.shape:
        return value
    return distribute_tensor(value.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def load_optimizer(optimizer: torch.optim.Optimizer, full: dict[str, Any]) -> None:
    """Does what `load_state_dict` does, with a state whose tensors are full."""
    weights = [p for group in optimizer.param_groups for p in group["params"]]
    parts = {
        number: {k: part_of(v, weights[number]) if isinstance(v, Tensor) else v for k, v in state.items()}
        for number, state in full["state"].items()
    }
    optimizer.load_state_dict(full | {"state": parts})
