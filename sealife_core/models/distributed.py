"""What the devices that train one network together tell each other. One device alone exchanges nothing."""

import torch
from jaxtyping import Shaped
from torch import Tensor, distributed


def rank_and_world_size() -> tuple[int, int]:
    """(which, of how many) this device is: (0, 1) outside a process group."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def all_gather(own: Shaped[Tensor, "n ..."]) -> Shaped[Tensor, "every ..."]:
    """The rows of all devices, the first device's first. Every device must call it; no gradient."""
    _, devices = rank_and_world_size()
    if devices == 1:
        return own
    parts = [torch.empty_like(own, memory_format=torch.contiguous_format) for _ in range(devices)]
    distributed.all_gather(parts, own.contiguous())
    return torch.cat(parts)


def all_reduce(own: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """``own``, in place, plus that of every other device. Every device must call it; no gradient."""
    if rank_and_world_size()[1] > 1:
        distributed.all_reduce(own)
    return own
