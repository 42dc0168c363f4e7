"""Any network of timm as an encoder, by its name: five stages from the pixels up, made of timm's own groups.

timm groups a network's parameters from the pixels up (``group_matcher``), and says which modules end a resolution
(``feature_info``). A stage ends with a resolution where there are at least four; else, as in a vision transformer, the
blocks are shared out evenly.
"""

from bisect import bisect_left
from collections import defaultdict
from itertools import accumulate
from typing import Any

import numpy as np
import timm
from jaxtyping import Float
from timm.models import group_parameters
from torch import Tensor, nn

from sealife_core.models.encoders import Encoder, End
from sealife_core.models.facts import STAGE_NAMES

# Vision transformers are built for one size of picture; these make them take any, padded to whole patches.
_ANY_SIZE: tuple[dict[str, Any], ...] = (
    {"dynamic_img_size": True, "dynamic_img_pad": True},
    {"dynamic_img_size": True},
    {},
)


class TimmEncoder(Encoder):
    """timm's network ``name`` up to its pooled features, with random weights. Its parameters are timm's below ``net.``.

    Raises ValueError where timm has no such network, or none that can be cut into five stages.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.net = _network(name)
        config = self.net.pretrained_cfg
        self.name, self.feature_dim = name, int(self.net.head_hidden_size or self.net.num_features)
        self.mean, self.std = tuple(config["mean"]), tuple(config["std"])
        self._of_group = _groups(self.net, name)
        self._infos = _info_groups(self.net, self._of_group)
        self._last_groups = _stage_ends(self.net, max(self._of_group.values()), list(self._infos.values()), name)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "_ {self.feature_dim}"]:
        """Features of normalised images, or of what :meth:`after` puts in their place."""
        return self.net(images)

    @property
    def stages(self) -> list[tuple[str, nn.Module]]:
        """Each stage as one module, which holds the largest modules, and the single parameters, of that stage alone."""
        within: dict[str, set[int]] = defaultdict(set)  # module → the stages of its parameters
        for parameter in self._of_group:
            module = parameter
            while module:
                module = module.rpartition(".")[0]
                within[module].add(self._stage_of(parameter))
        held = [nn.Module() for _ in STAGE_NAMES]
        self._share_out(self.net, "", within, held)
        return list(zip(STAGE_NAMES, held, strict=True))

    @property
    def ends(self) -> dict[str, End]:
        """The stem ends with what the first block gets; the last stage of a transformer with what its last block gets.

        What its last block gives is of no use to Grad-CAM: where only the class token is read, no other has a gradient.
        """
        first = self.net.get_submodule(self._module_of(self._last_groups[0] + 1))
        given = [(self.net.get_submodule(self._module_of(group)), False) for group in self._last_groups[1:-1]]
        last = self._module_of(max(self._infos.values()))
        ends: list[End] = [(first, True), *given, (self.net.get_submodule(last), self._has_tokens)]
        return dict(zip(STAGE_NAMES, ends, strict=True))

    def maps(self, given: Float[Tensor, "n ..."]) -> Float[Tensor, "n c h w"]:
        """Maps of what a module of timm gives: channels first or last, or tokens (n, T, C) of patches."""
        if given.ndim == 4:
            return given.permute(0, 3, 1, 2) if getattr(self.net, "output_fmt", "NCHW") == "NHWC" else given
        tokens = given[:, getattr(self.net, "num_prefix_tokens", 0) :]
        side = round(tokens.shape[1] ** 0.5)
        return tokens.transpose(1, 2).unflatten(2, (side, side))

    @property
    def own_px(self) -> int:
        """The side of picture that timm recommends for it; a transformer's is 224 px where it takes any size."""
        side = int(self.net.pretrained_cfg["input_size"][-1])
        return min(side, 224) if self._has_tokens else side

    @property
    def has_batch_norm(self) -> bool:
        """Whether it normalises by batches."""
        return any(isinstance(part, nn.BatchNorm2d) for part in self.net.modules())

    @property
    def _has_tokens(self) -> bool:
        return hasattr(self.net, "num_prefix_tokens")

    def _stage_of(self, parameter: str) -> int:
        return bisect_left(self._last_groups, self._of_group[parameter])

    def _share_out(self, module: nn.Module, prefix: str, within: dict[str, set[int]], held: list[nn.Module]) -> None:
        """Put ``module`` into the stage that has all of its parameters, else its parts each into their own."""
        stages = within[prefix.rstrip(".")]
        if len(stages) == 1 and prefix:
            held[min(stages)].add_module(prefix.rstrip(".").replace(".", "_"), module)
            return
        for name, parameter in module.named_parameters(recurse=False):
            held[self._stage_of(prefix + name)].register_parameter((prefix + name).replace(".", "_"), parameter)
        for name, part in module.named_children():
            self._share_out(part, f"{prefix}{name}.", within, held)

    def _module_of(self, group: int) -> str:
        """The module that holds a group: that of ``feature_info``, else the one that all its parameters lie below."""
        named = [module for module, its in self._infos.items() if its == group]
        if named:
            return named[-1]
        paths = [name.split(".")[:-1] for name, its in self._of_group.items() if its == group]
        return ".".join(same[0] for same in zip(*paths, strict=False) if len(set(same)) == 1)


def _network(name: str) -> Any:
    if name.partition(".")[0] not in timm.list_models():
        from difflib import get_close_matches

        near = ", ".join(get_close_matches(name, timm.list_models(), 3))
        raise ValueError(
            f"There is no encoder '{name}'. Expected resnet18, resnet34, resnet50 or a name of timm's"
            f"{f', such as {near}' if near else ''}. Choose one of these."
        )
    for how in _ANY_SIZE:
        try:
            return timm.create_model(name, pretrained=False, num_classes=0, **how)
        except TypeError:  # a network that does not know the setting
            if not how:
                raise
    raise AssertionError


def _groups(net: Any, name: str) -> dict[str, int]:
    """Parameter → its group, from the pixels up. Raises ValueError where timm does not group the network."""
    try:
        groups = group_parameters(net, net.group_matcher(coarse=True))
    except (AttributeError, NotImplementedError, AssertionError, KeyError):
        groups = {}
    of_group = {parameter: group for group, names in groups.items() for parameter in names}
    # Under each of its names: a few networks hold a part twice.
    if any(parameter not in of_group for parameter, _ in net.named_parameters(remove_duplicate=False)):
        raise ValueError(
            f"timm does not say which parts '{name}' has, so it cannot serve as an encoder. Choose another one."
        )
    return of_group


def _info_groups(net: Any, of_group: dict[str, int]) -> dict[str, int]:
    """Module that timm names as an end of features → its group; without those that hold no parameter."""
    found: dict[str, int] = {}
    for info in net.feature_info:
        within = [group for parameter, group in of_group.items() if parameter.startswith(f"{info['module']}.")]
        if within:
            found[info["module"]] = max(within)
    return found


def _stage_ends(net: Any, last: int, info_groups: list[int], name: str) -> list[int]:
    """The last group of each of the five stages, increasing. last: of all groups; info_groups: of ``feature_info``."""
    if not info_groups:
        raise ValueError(f"timm does not say where the stages of '{name}' end. Choose another encoder.")
    sides = [info["reduction"] for info in net.feature_info]
    if len(set(sides)) >= 4:
        cuts = list(dict.fromkeys(info_groups))[-5:]
        ends = ([0, *cuts] if len(cuts) == 4 else cuts)[:4]
        if len(ends) == 4 and all(a < b for a, b in zip(ends, [*ends[1:], last + 1], strict=True)):
            return [*ends, last]
    if last < 4:
        raise ValueError(f"'{name}' has {last + 1} groups of layers; an encoder needs at least five. Choose another.")
    shares = [len(part) for part in np.array_split(np.arange(last), 4)]
    return list(accumulate([0, *shares]))
