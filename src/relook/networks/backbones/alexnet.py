"""AlexNet in the one-tower version that torchvision publishes. torchvision's keys.

Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
"""

from __future__ import annotations

from torch import Tensor, nn

from relook.networks.backbones.base import Backbone

__all__ = ["AlexNet", "alexnet_features"]


class AlexNet(Backbone):
    """AlexNet without its last max-pooling: 256 channels, stride 16."""

    def __init__(self, name: str = "alexnet", *, padding: str = "symmetric") -> None:
        # 31 pixels leave 7 after the first layer, 3 and 1 after the poolings.
        super().__init__(name, channels=256, stride=16, padding=padding, smallest=31)
        self.features = alexnet_features()

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        result: Tensor = self.features(pictures)
        return result


def alexnet_features() -> nn.Sequential:
    """The convolutional layers up to the ReLU of the last, numbered as torchvision does."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(),
    )  # fmt: skip
