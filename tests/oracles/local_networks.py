"""Weights of local features with random numbers, and photos to try them on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from relook.core.records import Box, Image
from relook.images import crop


def write_resnet(folder: Path) -> Path:
    """A file and a card of a ResNet-18 with random weights."""
    from oracles import random_weights
    from relook.networks.backbones import make_backbone

    backbone = random_weights.randomize(make_backbone("resnet18"))
    return _write(folder, "tiny", backbone.state_dict(), backbone="resnet18", layout="torchvision")


def write_aliked(folder: Path) -> Path:
    """A file and a card of an ALIKED with random weights."""
    return _write(folder, "points", aliked_state(), backbone="aliked-n16", layout="local-features")


def aliked_state(*, seed=0):
    """Random weights by their names; offsets of about a pixel."""
    import torch

    from relook.networks.local import AlikedNetwork

    state = AlikedNetwork().state_dict()
    generator = torch.Generator().manual_seed(seed)
    for name, value in state.items():
        if "offset_conv" in name or name.endswith("bias"):
            value.normal_(0, 0.05, generator=generator)
        elif value.ndim > 1:
            fan = value[0].numel()
            value.normal_(0, fan**-0.5, generator=generator)
    return state


def _write(folder, name, state, **about):
    from safetensors.numpy import save_file

    from relook.networks.weights.card import SUFFIX, Card, save_card

    path = folder / f"{name}.safetensors"
    save_file({key: np.ascontiguousarray(value.numpy()) for key, value in state.items()}, path)
    save_card(Card(name=name, file=path.name, **about), folder / f"{name}{SUFFIX}")
    return path


def cropped(image: Image, *, x: int, y: int, width: int, height: int) -> Image:
    """A part of a picture as a picture of its own, which knows nothing of the whole."""
    part = crop(image, Box(x, y, width, height)).pixels
    return Image(np.ascontiguousarray(part), (part.shape[1], part.shape[0]))
