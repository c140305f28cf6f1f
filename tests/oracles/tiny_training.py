"""A network of a few thousand parameters, and pictures and configurations to train it with."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor, nn

from relook.networks.backbones.base import Backbone
from relook.networks.backbones.registry import BACKBONES


class TinyBackbone(Backbone):
    """Three layers of stride 2 and a last one: 1,500 numbers, or 9,000 where it is wide."""

    def __init__(
        self, name: str = "tiny", *, padding: str = "symmetric", wide: bool = False
    ) -> None:
        widths = (8, 16, 32, 64) if wide else (4, 6, 8, 16)
        super().__init__(name, channels=widths[3], stride=8, padding=padding)
        self.stem = _layer(3, widths[0], size=5)
        self.stages = nn.Sequential(_layer(*widths[:2]), _layer(*widths[1:3]))
        self.last = _layer(*widths[2:], size=1, stride=1)

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        maps: Tensor = self.last(self.stages(self.stem(pictures)))
        return maps


def _layer(inputs: int, outputs: int, *, size: int = 3, stride: int = 2) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


def know_tiny(*, wide: bool = False) -> None:
    """Let configurations ask for the backbone ``tiny``."""
    BACKBONES["tiny"] = lambda name, padding: TinyBackbone(name, padding=padding, wide=wide)


def other_that_knows_tiny(*args: Any) -> None:
    """One of several processes that share a run: it is a new one, and must learn of ``tiny``."""
    from relook.training.run.launch import _other

    know_tiny()
    _other(*args)


TABLE: dict[str, Any] = {
    "name": "tiny-try",
    "network": {"backbone": "tiny", "whitening": 8},
    "data": {"folders": [{"path": "pictures", "labels": "folder", "kind": "flat"}]},
    "views": {"side": 32},
    "loss": [{"name": "cosine_softmax", "scale": 10.0}],
    "optimizer": {"rate": 0.01, "warmup": 2},
    "train": {
        "iterations": 6, "batch": 4, "threads": 1, "workers": 0, "device": "cpu", "ema": 0.9,
        "save": 2,
    },
    "log": {"every": 1},
}  # fmt: skip


def table(**changes: Any) -> dict[str, Any]:
    """The configuration above with other tables, each merged with its own."""
    made = copy.deepcopy(TABLE)
    for name, change in changes.items():
        merges = isinstance(change, Mapping) and isinstance(made.get(name), dict)
        made[name] = {**made[name], **change} if merges else change
    return {name: value for name, value in made.items() if value is not None}


def write_toml(path: Path, content: Mapping[str, Any]) -> Path:
    """Simple tables as TOML: JSON's values are TOML's, save for tables."""
    lines = [f"{key} = {json.dumps(v)}" for key, v in content.items() if not _is_table(v)]
    for key, value in content.items():
        for one in value if isinstance(value, list) and _is_table(value) else [value]:
            if isinstance(one, Mapping):
                lines.append(f"[[{key}]]" if isinstance(value, list) else f"[{key}]")
                lines += [f"{name} = {_toml(entry)}" for name, entry in one.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def write_pictures(folder: Path, *, classes: int = 6, each: int = 2, seed: int = 0) -> None:
    """Blots of color, ``each`` in other light, in a folder for each class."""
    rng = np.random.default_rng(seed)
    for number in range(classes):
        coarse = rng.uniform(0, 255, (4, 4, 3))
        (folder / f"class{number}").mkdir(parents=True)
        for take in range(each):
            picture = cv2.resize(coarse * rng.uniform(0.6, 1.0), (48, 40))
            noisy = picture + rng.normal(0, 6, picture.shape)
            file = folder / f"class{number}" / f"{take}.png"
            cv2.imwrite(str(file), np.clip(noisy, 0, 255).astype(np.uint8))
