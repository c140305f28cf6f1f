"""A small network in torch, the shape of a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(autouse=True)
def _cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def pictures() -> Callable[..., NDArray[np.uint8]]:
    """Smooth random pictures, as photos are; noise alone would leave a network little to say."""

    def make(batch: int, height: int, width: int, *, seed: int = 0) -> NDArray[np.uint8]:
        rng = np.random.default_rng(seed)
        rows, columns = np.arange(height)[:, None, None] / 17, np.arange(width)[None, :, None] / 23
        phases = rng.uniform(0, 6, (4, batch, 1, 1, 3))
        waves = np.sin(rows + phases[0]) * np.sin(columns + phases[1])
        waves += 0.5 * np.sin(3 * rows + phases[2]) * np.sin(2 * columns + phases[3])
        return (127 + 70 * waves + rng.normal(0, 8, waves.shape)).clip(0, 255).astype(np.uint8)

    return make
