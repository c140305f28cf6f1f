"""Files to add to a collection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def fresh(tmp_path: Path) -> list[Path]:
    """Three pictures that the collection does not have, a broken one, and a text."""
    random = np.random.default_rng(7)
    files = []
    for step in range(3):
        pixels = np.kron(random.integers(0, 255, (12, 16, 3)), np.ones((16, 16, 1))).astype("uint8")
        files.append(tmp_path / f"new-{step}.jpg")
        Image.fromarray(pixels).save(files[-1], quality=90)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(files[0].read_bytes()[:900])
    text = tmp_path / "text.jpg"
    text.write_bytes(b"no picture at all")
    return [*files, broken, text]
