"""The scripts of docs/tutorials/manifolds run, and what they say of their maps holds."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from relook.core.errors import UsageError

SCRIPTS = Path(__file__).parents[2] / "docs" / "tutorials" / "manifolds"
Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Import a script as it is when its folder is where Python was started."""
    names = [path.stem for path in SCRIPTS.glob("*.py")]
    monkeypatch.syspath_prepend(SCRIPTS)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


def _numbers(said: str, line: str) -> list[float]:
    found = next(one for one in said.splitlines() if one.startswith(line))
    return [float(number) for number in re.findall(r"\d[\d.e+-]*\d|\d", found.split(":", 1)[1])]


def _is_drawn(path: Path) -> bool:
    picture = cv2.imread(str(path))
    return picture is not None and min(picture.shape[:2]) > 400 and picture.std() > 10


def test_kernel_pca_is_that_of_scikit_learn_and_parts_circles(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load("kernel_pca").main(["--points", "120", "--samples", "150", "--into", str(tmp_path)])
    said = capsys.readouterr().out
    assert _numbers(said, "circles: largest")[-1] < 1e-8
    before, after = _numbers(said, "circles: a straight")
    assert before < 0.7 < 0.99 < after
    assert _is_drawn(tmp_path / "manifolds-kernel-pca.png")


def test_isomap_is_that_of_scikit_learn_and_unrolls_a_sheet(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load("isomap").main(["--points", "900", "--samples", "150", "--into", str(tmp_path)])
    said = capsys.readouterr().out
    assert _numbers(said, "roll: largest")[-1] < 1e-8
    unrolled, straight = _numbers(said, "roll: order")
    assert straight < 0.5 < 0.98 < unrolled
    assert _is_drawn(tmp_path / "manifolds-isomap.png")


def test_points_that_do_not_hang_together_are_told(load: Load) -> None:
    apart = np.concatenate([np.zeros((4, 2)), np.full((4, 2), 9.0)]) + np.eye(8)[:, :2] / 10
    with pytest.raises(UsageError, match="more than 2 neighbors"):
        load("isomap").geodesics(apart, neighbors=2)


def test_a_siamese_network_lays_out_unseen_digits(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    load("siamese_digits").main(["--samples", "120", "--steps", "30", "--into", str(tmp_path)])
    said = capsys.readouterr().out
    assert _numbers(said, "4 and 9")[-1] > 0.7
    assert _is_drawn(tmp_path / "manifolds-siamese.png")
