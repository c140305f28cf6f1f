"""The network that learns: a RetrievalNetwork, and what the loop needs of its inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.core.errors import FormatError, ShapeError, UsageError
from relook.networks.pooling import affine, l2
from relook.networks.retrieval import RetrievalNetwork
from relook.networks.spec import IMAGENET_MEAN, IMAGENET_STD, NetworkSpec
from relook.networks.tap import tapped_channels
from relook.networks.weights import Weights, open_weights
from relook.training.config import NetworkPart
from relook.training.steps.classification import layers_before
from relook.training.steps.heads import LEARNED, begin_whitening

__all__ = ["Seen", "Student", "make_student", "with_classes"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the network says of a batch.

    Attributes:
        vectors: ``(B, D)``.
        maps: ``(B, C, h, w)`` by the layer that was asked for.
    """

    vectors: Tensor
    maps: dict[str, Tensor]


class Student(nn.Module):
    """The network with its dropout, its frozen layers, and maps of inner layers.

    Args:
        network: what is trained.
        dropout: before the whitening.
        frozen: names or prefixes of layers of the network that stay.
        frozen_statistics: all batch normalization keeps its statistics.
        layers: whose maps are wanted; empty for the map that is pooled.
    """

    def __init__(
        self,
        network: RetrievalNetwork,
        *,
        dropout: float = 0.0,
        frozen: Sequence[str] = (),
        frozen_statistics: bool = False,
        layers: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.dropout = dropout
        self._frozen = tuple(frozen)
        self._statistics = frozen_statistics
        self._layers = tuple(dict.fromkeys([*layers, network.spec.layer]))
        self._kept: dict[str, Tensor] = {}
        for layer in filter(None, self._layers):
            self._listen(layer)
        _freeze(network, self._frozen)
        self.train()

    def _listen(self, layer: str) -> None:
        def keep(module: nn.Module, given: Any, output: Tensor) -> None:
            del module, given
            self._kept[layer] = output

        try:
            self.network.backbone.get_submodule(layer).register_forward_hook(keep)
        except AttributeError as error:
            raise UsageError(f"{self.network.spec.backbone} has no layer {layer}") from error

    def channels(self, layer: str = "") -> int:
        """Of the map of a layer."""
        layer = layer or self.network.spec.layer
        backbone = self.network.backbone
        return tapped_channels(backbone, layer) if layer else backbone.channels

    def train(self, mode: bool = True) -> Self:
        """As every module; what is frozen keeps its statistics."""
        super().train(mode)
        for name, module in self.network.named_modules():
            norm = isinstance(module, nn.modules.batchnorm._BatchNorm)
            if norm and (self._statistics or _begins(name, self._frozen)):
                module.eval()
        return self

    def forward(self, pixels: Tensor) -> Seen:
        """``(B, H, W, 3)`` uint8 → vectors and maps."""
        network = self.network
        self._kept.clear()
        last = network.backbone(network.normalize(pixels))
        maps = {name: self._map(name, last) for name in self._layers}
        pooled = maps[network.spec.layer]
        if network.pool is None or network.whiten is None or not self.dropout:
            return Seen(network.pooled(pooled), maps)
        vectors = functional.dropout(l2(network.pool(pooled)), self.dropout, self.training)
        return Seen(l2(affine(vectors, network.whiten)), maps)

    def _map(self, layer: str, last: Tensor) -> Tensor:
        if not layer:
            return last
        found = self._kept.pop(layer)
        if found.ndim != 4:
            raise ShapeError(f"{layer} gives no feature map; take another layer")
        # Networks with SAME padding work on the picture turned by 180°.
        return found.flip(2, 3) if self.network.backbone.padding == "same" else found


def make_student(part: NetworkPart, *, layers: Sequence[str] = ()) -> Student:
    """The network that ``[network]`` asks for; random weights are torch's, under its seed.

    Raises:
        UsageError: no such weights, backbone, pooling or layer.
        FormatError: a file does not fit.
    """
    network = _network(part)
    if network.is_regional or network.pool is None:
        raise UsageError(f"pooling {part.pooling or 'none'} gives no single vector to train")
    if part.whitening_file not in ("", LEARNED):
        begin_whitening(network, part.whitening_file)
    early = layers_before(network, part.frozen_before) if part.frozen_before else ()
    student = Student(
        network,
        dropout=part.dropout,
        frozen=(*part.frozen, *early),
        frozen_statistics=part.frozen_statistics or (bool(part.weights) and _is_folded(network)),
        layers=layers,
    )
    moved: Any = student  # torch's types know no memory format of modules
    moved.to(memory_format=torch.channels_last)
    return student


def with_classes(part: NetworkPart, classes: int) -> NetworkPart:
    """The same, with the number of classes where the pooling ``top_k`` is not told one."""
    if part.pooling != "top_k" or "classes" in part.options:
        return part
    return replace(part, options={**part.options, "classes": classes})


def _network(part: NetworkPart) -> RetrievalNetwork:
    if not part.weights:
        return RetrievalNetwork(_spec(part, None))
    weights = open_weights(part.weights)
    spec = _spec(part, weights)
    network = RetrievalNetwork(spec)
    given = {key: torch.as_tensor(array.copy()) for key, array in weights.state().items()}
    own = network.state_dict()
    fits = {key: value for key, value in given.items() if _fits(key, value, own)}
    # Pooling and whitening may be others than those the weights come with; the backbone may not.
    missing = [k for k in own if k not in fits and k.startswith("backbone.") and "batches" not in k]
    if missing:
        raise FormatError(f"{part.weights} lacks {missing[0]} of {spec.backbone}, or its shape")
    network.load_state_dict(fits, strict=False)
    return network


def _fits(key: str, value: Tensor, own: dict[str, Tensor]) -> bool:
    return key in own and own[key].shape == value.shape


def _spec(part: NetworkPart, weights: Weights | None) -> NetworkSpec:
    spec = NetworkSpec(backbone=part.backbone) if weights is None else weights.spec()
    if part.backbone and spec.backbone != part.backbone:
        raise UsageError(f"{part.weights} are weights of {spec.backbone}, not of {part.backbone}")
    same_pooling = spec.pooling == part.pooling
    options = dict(part.options) or (dict(spec.options or {}) if same_pooling else {})
    return replace(
        spec,
        layer=part.layer,
        padding=part.padding or spec.padding,
        pooling=part.pooling,
        options=options,
        whitening=part.whitening,
        mean=_triple(part.mean) or (spec.mean if weights else IMAGENET_MEAN),
        std=_triple(part.std) or (spec.std if weights else IMAGENET_STD),
    )


def _triple(values: tuple[float, ...]) -> tuple[float, float, float] | None:
    if not values:
        return None
    if len(values) != 3:
        raise UsageError("[network] mean and std are three numbers each")
    return values[0], values[1], values[2]


def _is_folded(network: nn.Module) -> bool:
    """Whether weights came with batch normalization folded into the convolutions.

    Its statistics say nothing then (mean 0, one variance for all), and those of a batch in their
    place would undo what was learned.
    """
    norms = [one for one in network.modules() if isinstance(one, nn.BatchNorm2d)]
    kept = [(one.running_mean, one.running_var) for one in norms]
    return bool(kept) and all(
        mean is not None
        and var is not None
        and not bool(mean.any())
        and bool((var == var[0]).all())
        for mean, var in kept
    )


def _freeze(network: nn.Module, frozen: Sequence[str]) -> None:
    names = [name for name, _ in network.named_parameters()]
    for prefix in frozen:
        if not any(_begins(name, (prefix,)) for name in names):
            raise UsageError(f"[network] frozen: there is no layer {prefix}")
    for name, parameter in network.named_parameters():
        if _begins(name, frozen):
            parameter.requires_grad_(False)


def _begins(name: str, prefixes: Sequence[str]) -> bool:
    """Whether a dotted name is, or lies below, one of these; ``backbone.`` may be left out."""
    short = name.removeprefix("backbone.")
    return any(one == p or one.startswith(f"{p}.") for p in prefixes for one in (name, short))
