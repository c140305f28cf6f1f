"""The trained weights as others open them: float32 safetensors and a card beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save as to_bytes
from torch import Tensor

from relook.core.storage import write_whole
from relook.networks.spec import NetworkSpec
from relook.networks.weights.card import SUFFIX, Card, save_card
from relook.training.config import Config

__all__ = ["save_weights"]


def save_weights(
    folder: Path,
    state: Mapping[str, Tensor],
    spec: NetworkSpec,
    config: Config,
    *,
    name: str,
    trained_on: str,
    notes: str,
) -> Path:
    """Write ``NAME.safetensors`` and its card.

    Returns:
        the file, which :func:`relook.networks.weights.open_weights` takes.
    """
    arrays = {
        key: np.ascontiguousarray(value.detach().cpu().float().numpy())
        for key, value in state.items()
        if value.is_floating_point()
    }
    content = to_bytes(arrays)
    side = config.views.side_at(config.train.iterations)
    card = Card(
        name=name,
        file=f"{name}.safetensors",
        backbone=spec.backbone,
        layout="relook",
        padding=spec.padding,
        mean=spec.mean,
        std=spec.std,
        size=side,
        license="yours to state",
        sha256=hashlib.sha256(content).hexdigest(),
        training_set=trained_on,
        pooling=spec.pooling,
        options=dict(spec.options or {}),
        whitening=spec.whitening,
        notes=notes,
    )
    target = folder / card.file
    write_whole(target, content)
    save_card(card, folder / (name + SUFFIX))
    return target
