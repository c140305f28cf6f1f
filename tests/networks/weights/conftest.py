"""A home of its own for every test, and small files of weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that weights are fetched and imported to; it is not there yet."""
    for name in ("RELOOK_WEIGHTS", "RELOOK_CACHE", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "relook" / "weights"


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "backbone.conv.weight": rng.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "backbone.conv.bias": rng.standard_normal(4).astype(np.float32),
        "pool.p": np.array([2.5], np.float32),
    }
