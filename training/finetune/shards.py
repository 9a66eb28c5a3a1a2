"""A model shared out over the processes of a run: each holds a part of every weight, its gradient and Adam's moments.

For `accelerate launch --use_fsdp`, by torch's `fully_shard` itself, so that it is the same on cards (NCCL) and on CPUs
(Gloo), whatever accelerate's version and options. Weights stay float32; the forward pass is cast as in any other run.
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


def asked() -> bool:
    """Whether this process is one of several that `accelerate launch --use_fsdp` started."""
    return _set("ACCELERATE_USE_FSDP") and int(os.environ.get("WORLD_SIZE", "1")) > 1


def _set(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("true", "1")


def plugin() -> FullyShardedDataParallelPlugin | None:
    """What accelerate is to know of it; without one it would read its own from the environment, of the first FSDP."""
    if not _set("ACCELERATE_USE_FSDP"):
        return None
    return FullyShardedDataParallelPlugin(fsdp_version=2, reshard_after_forward=True, auto_wrap_policy="NO_WRAP")


def check(settings: Training) -> None:
    """Raises RequestError for what cannot be shared out."""
    if settings.optimizer == "adamw8bit":
        raise _unable("training.optimizer adamw8bit", "Set it to adamw, whose state can be sharded.")
    if _set("FSDP_OFFLOAD_PARAMS"):
        raise _unable("--fsdp_offload_params", "Remove it, or launch more processes.")


def _unable(what: str, remedy: str) -> RequestError:
    return RequestError("fsdp_unable", "{what} cannot be combined with --use_fsdp.", remedy, what=what)


def share_out(model: nn.Module, parts: dict[str, nn.Module], device: torch.device) -> None:
    """In place; the weights are other objects afterwards. A group of weights is whole only while it is computed with.

    The planner's eyes are not groups of their own: a process whose pairs have no source would not ask for them, and
    the others would wait for it for ever.
    """
    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    mllm, unet = parts["mllm"], parts["unet"]
    kinds = set(getattr(unet, "_no_split_modules", None) or ())
    groups: list[nn.Module] = [m for m in unet.modules() if type(m).__name__ in kinds]
    groups += mllm.get_submodule("model.language_model.layers").children()
    for module in reversed(groups):  # what lies inside another comes first
        fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)


def whole(tensor: Tensor) -> Tensor:
    """All of it, detached; where it is shared out every process must ask for it at the same time."""
    tensor = tensor.detach()
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def wholes(state: Any) -> Any:  # noqa: ANN401 - an optimizer's state: tensors in dictionaries and lists
    """The same with whole tensors, on the CPU."""
    if isinstance(state, Tensor):
        return whole(state).cpu()
    if isinstance(state, dict):
        return {key: wholes(value) for key, value in state.items()}
    return [wholes(value) for value in state] if isinstance(state, list) else state


def put(place: Tensor, value: Tensor) -> None:
    """Copies a whole tensor into one that may be shared out."""
    place.copy_(part_of(value, place))


def part_of(value: Tensor, like: Tensor) -> Tensor:
    """This process's part of a whole tensor that all have, where `like` is shared out."""
    if not isinstance(like, DTensor) or value.shape != like.shape:
        return value
    return distribute_tensor(value.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def load_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """As `load_state_dict`, of a state whose tensors are whole."""
    weights = [p for group in optimizer.param_groups for p in group["params"]]
    parts = {
        number: {k: part_of(v, weights[number]) if isinstance(v, Tensor) else v for k, v in state.items()}
        for number, state in saved["state"].items()
    }
    optimizer.load_state_dict(saved | {"state": parts})
