"""A tiny real network on the disk, photos for it, and recipes that use both.

Whoever imports this needs torch, which makes the file of weights; see :func:`write_network`.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from oracles import pictures

NAME = "tiny-alexnet"
DIMENSIONS = 256
LONGEST = 128


def write_network(folder: Path, *, name: str = NAME, backbone: str = "alexnet", seed: int = 0):
    """Random weights and their card; the path of the weights."""
    import torch
    from safetensors.numpy import save_file

    from relook.networks.backbones import make_backbone
    from relook.networks.weights.card import SUFFIX, Card, save_card
    from relook.networks.weights.checksum import digest_of

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    state = make_backbone(backbone).state_dict()
    path = folder / f"{name}.safetensors"
    save_file({key: value.numpy() for key, value in state.items()}, path)
    card = Card(
        name=name,
        file=path.name,
        backbone=backbone,
        layout="torchvision",
        sha256=digest_of(path),
        training_set="noise",
    )
    save_card(card, folder / f"{name}{SUFFIX}")
    return path


def photo(thing: int, view: int, *, side: int = 128):
    """A thing, seen with some shift and at some brightness: ``(H, W, 3)`` uint8."""
    whole = pictures.texture((side + 40, side + 72), seed=100 + thing)
    x, y = 8 * view, 5 * view
    part = whole[y : y + side - 16 * (thing % 3), x : x + side + 32 - 8 * (view % 2)]
    return cv2.convertScaleAbs(part, alpha=1 - 0.03 * view, beta=4 * thing)


def save_photos(folder: Path, things, views=(0, 1, 2)) -> list[Path]:
    """``t0v1.png`` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for thing in things:
        for view in views:
            files.append(folder / f"t{thing}v{view}.png")
            Pillow.fromarray(photo(thing, view)).save(files[-1])
    return files


def recipe(folder: Path, name: str, *, channel: str = "", plan: str = "", local: bool = False):
    """Writes a recipe for the network in ``folder``; its path.

    ``channel`` are further lines of ``[channels.global]``, ``plan`` those of ``[plan]``.
    """
    text = "[channels.global]\n"
    text += f'weights = "{NAME}.safetensors"\nlongest = {LONGEST}\nprecision = "f32"\n{channel}\n'
    if local:
        text += '[channels.local]\ncodebook = "sift-16k"\nlongest = 256\n'
        text += "sift = { features = 200 }\n"
    text += f"[plan]\nquery_features = 300\nthreads = 1\n{plan}\n"
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


def fit_whitening(vectors, path: Path, *, dimensions: int = 8) -> Path:
    """A PCA whitening of ``(N, D)`` vectors."""
    from relook.vectors import PcaWhitening

    PcaWhitening(dimensions, fitted="noise").fit(np.asarray(vectors, np.float32)).save(path)
    return path
