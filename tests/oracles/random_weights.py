"""Random weights with which every layer of a network matters, whatever its depth."""

from __future__ import annotations

import torch
from torch import nn


def randomize(network, *, seed=0):
    """Random kernels, biases, gains and running statistics; the network, in evaluation mode.

    The statistics are those of noise, layer by layer, so that numbers neither explode nor vanish.
    """
    generator = torch.Generator().manual_seed(seed)
    side = max(64, network.smallest)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                fan = module.weight[0].numel()
                module.weight.normal_(0, (2 / fan) ** 0.5, generator=generator)
                if module.bias is not None:
                    module.bias.normal_(0, 0.1, generator=generator)
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5, generator=generator)
                module.bias.normal_(0, 0.3, generator=generator)
                module.momentum = 1.0
        if any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
            network.train()(torch.randn(2, 3, side, side, generator=generator))
    return network.eval()
