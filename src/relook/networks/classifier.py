"""A fully convolutional classifier: pixels in, a map of class logits out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, Self

from numpy.typing import NDArray
from torch import Tensor, nn

from relook.core.errors import UsageError
from relook.networks import backbones
from relook.networks.backbones import Backbone
from relook.networks.class_layers import class_layers, is_of_classes
from relook.networks.pooling import widen
from relook.networks.pooling.base import check_count
from relook.networks.retrieval import RetrievalNetwork
from relook.networks.spec import NetworkSpec
from relook.networks.weights.files import Tensors

__all__ = ["FcnClassifier", "open_classifier"]

_GRID = 224
"""Pixels that AlexNet and VGG need, whose first fully connected layer reads the whole map."""

State = Mapping[str, NDArray[Any] | Tensor]


class FcnClassifier(RetrievalNetwork):
    """``(B, K, h, w)`` logits: how much each location looks like each class.

    As if the classifier were moved over the picture in steps of the backbone's stride. The mean
    of the map over its locations is what the classifier itself says of the picture, where it ends
    in an average of the map and one fully connected layer; where its layers read a grid of the map
    (AlexNet, VGG), a picture of 224 × 224 pixels has a map of one location that is its output.

    The state has ``backbone.…`` and ``classify.…``. Dropout is left out.

    Args:
        spec: of the backbone; its pooling and whitening are not used.
        classes: K, of a random new layer.
        layers: in place of that.
        backbone: used in place of the one that the spec names.

    Attributes:
        dims: K.
        smallest: least height and width of a picture.

    Raises:
        UsageError: no such backbone or layer, or no class.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        *,
        classes: int = 0,
        layers: nn.Sequential | None = None,
        backbone: Backbone | None = None,
    ) -> None:
        super().__init__(replace(spec, pooling="", options=None, whitening=0), backbone=backbone)
        if layers is None:
            layers = nn.Sequential(
                nn.Conv2d(self.dims, check_count("classes", classes, least=1), 1)
            )
        self.classify = layers
        last = [part for part in layers if isinstance(part, nn.Conv2d)]
        self.dims = last[-1].out_channels
        grid = last[0].kernel_size[0] > 1
        self.smallest = max(self.backbone.smallest, _GRID if grid else 1)

    @classmethod
    def from_state(cls, spec: NetworkSpec, state: State) -> Self:
        """The network with these weights, in evaluation mode.

        Args:
            spec: of the backbone.
            state: ``backbone.…`` and the layers of the classes, under any of the names that
                :func:`~relook.networks.class_layers.class_layers` knows.

        Raises:
            UsageError: as the constructor; or there is no layer of classes.
            FormatError: a tensor is missing, unexpected, of another shape or not finite.
        """
        backbone = backbones.make_backbone(spec.backbone, padding=spec.padding)
        layers = class_layers(state, backbone)
        if layers is None:
            raise UsageError(
                "these weights have no classification layer; take those of a classifier, or give "
                "the number of classes that are to be learned"
            )
        backbones.load_state(backbone, _body(state))
        return cls(spec, layers=layers, backbone=backbone).eval()

    def pooled(self, maps: Tensor) -> Tensor:
        """What follows the ``(B, C, h, w)`` map of the backbone: the class map."""
        return widen(self.classify(maps))


class ClassifierWeights(Protocol):
    """What is needed of weights; :class:`relook.networks.weights.Weights` has it."""

    def spec(self, **changes: Any) -> NetworkSpec:
        """The network that they were trained in."""
        ...

    def state(self) -> Mapping[str, NDArray[Any]]:
        """The numbers by the names that a RetrievalNetwork gives them."""
        ...

    def tensors(self) -> Tensors:
        """What the file holds, in its own names."""
        ...


def open_classifier(weights: ClassifierWeights, *, classes: int = 0) -> FcnClassifier:
    """The classifier of these weights, made fully convolutional, in evaluation mode.

    Args:
        weights: what :func:`relook.networks.weights.open_weights` gave.
        classes: of a random new layer on their backbone; 0: their own.

    Raises:
        UsageError: they have no classification layer, and ``classes`` is 0.
        FormatError: they do not fit their card.
    """
    spec = weights.spec()
    if classes:
        network = FcnClassifier(spec, classes=classes)
        backbones.load_state(network.backbone, _body(weights.state()))
        return network.eval()
    # Some layouts leave the classes out of the state.
    own = {name: array for name, array in weights.tensors().arrays.items() if is_of_classes(name)}
    body = {name: array for name, array in weights.state().items() if not is_of_classes(name)}
    return FcnClassifier.from_state(spec, body | own)


def _body(state: Mapping[str, Any]) -> dict[str, Any]:
    """What belongs to the backbone, in its own names."""
    begin = "backbone."
    return {
        name.removeprefix(begin): value
        for name, value in state.items()
        if name.startswith(begin) and not is_of_classes(name)
    }
