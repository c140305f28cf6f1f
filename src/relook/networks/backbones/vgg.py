"""VGG: 3×3 convolutions in five stages. torchvision's keys (the networks without batch norm).

Source: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image
recognition", ICLR 2015, table 1, columns D and E.
"""

from __future__ import annotations

from torch import Tensor, nn

from relook.networks.backbones.base import Backbone

__all__ = ["VGGS", "Vgg", "vgg_features"]

# Convolutions per stage.
VGGS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}

_CHANNELS = (64, 128, 256, 512, 512)


class Vgg(Backbone):
    """VGG without its last max-pooling: 512 channels, stride 16."""

    def __init__(self, name: str, *, padding: str = "symmetric") -> None:
        super().__init__(name, channels=512, stride=16, padding=padding)
        self.features = vgg_features(name)

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        result: Tensor = self.features(pictures)
        return result


def vgg_features(name: str) -> nn.Sequential:
    """The convolutional layers up to the ReLU of the last, numbered as torchvision does."""
    layers: list[nn.Module] = []
    inputs = 3
    for outputs, repeats in zip(_CHANNELS, VGGS[name], strict=True):
        for _ in range(repeats):
            layers += [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ReLU()]
            inputs = outputs
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers[:-1])
