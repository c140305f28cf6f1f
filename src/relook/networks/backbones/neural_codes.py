"""Neural codes: the activations of a classifier's late layers as a description.

Source: Babenko et al., "Neural codes for image retrieval", ECCV 2014.
"""

from __future__ import annotations

from torch import Tensor, nn

from relook.core.errors import UsageError
from relook.networks.backbones.alexnet import alexnet_features
from relook.networks.backbones.base import check_pictures
from relook.networks.backbones.vgg import VGGS, vgg_features

__all__ = ["CODES", "NeuralCodes"]

# Fully connected layers that each code needs.
CODES = {"pool5": 0, "fc6": 1, "fc7": 2, "softmax": 3}


class NeuralCodes(nn.Module):
    """One late layer of AlexNet or VGG, with torchvision's keys (``features``, ``classifier``).

    ``pool5`` is the flattened last max-pooling, ``fc6`` and ``fc7`` are taken after their ReLU, and
    ``softmax`` is the probabilities of the 1000 classes. The fully connected layers take pictures
    of 224 × 224 pixels; others are averaged onto the same grid (6 × 6 or 7 × 7) before them, as
    torchvision does, which changes nothing at 224.

    Attributes:
        name: the network.
        layer: a key of ``CODES``.
        dimension: numbers per picture.
        smallest: least height and width of a picture.
    """

    def __init__(self, name: str, layer: str) -> None:
        super().__init__()
        if name not in ("alexnet", *VGGS):
            raise UsageError(f"no neural codes of {name!r}; there are alexnet, {', '.join(VGGS)}")
        if layer not in CODES:
            raise UsageError(f"no neural code {layer!r}; there are {', '.join(CODES)}")
        self.name = name
        self.layer = layer
        alexnet = name == "alexnet"
        channels, grid = (256, 6) if alexnet else (512, 7)
        self.smallest = 63 if alexnet else 32
        self.dimension = (channels * grid * grid, 4096, 4096, 1000)[CODES[layer]]
        body = alexnet_features() if alexnet else vgg_features(name)
        body.append(nn.MaxPool2d(3 if alexnet else 2, 2))
        self.features = body
        self.avgpool = nn.AdaptiveAvgPool2d(grid)
        self.classifier = nn.Sequential(*_head(name, channels * grid * grid, CODES[layer]))

    def forward(self, pictures: Tensor) -> Tensor:
        """``(B, 3, H, W)`` normalized pictures to ``(B, dimension)`` codes, not l2-normalized.

        Raises:
            ShapeError: no batch of pictures, or a side below ``smallest``.
        """
        check_pictures(pictures, smallest=self.smallest, network=f"{self.name} {self.layer}")
        codes: Tensor = self.classifier(self.avgpool(self.features(pictures)).flatten(1))
        return codes.softmax(1) if self.layer == "softmax" else codes


def _head(name: str, inputs: int, depth: int) -> list[nn.Module]:
    """The first ``depth`` fully connected layers, numbered as torchvision does."""
    dropouts = (True, True, False) if name == "alexnet" else (False, True, True)
    layers: list[nn.Module] = []
    for outputs, dropout in list(zip((4096, 4096, 1000), dropouts, strict=True))[:depth]:
        if dropout:
            layers.append(nn.Dropout())
        layers.append(nn.Linear(inputs, outputs))
        if outputs == 4096:
            layers.append(nn.ReLU())
        inputs = outputs
    return layers
