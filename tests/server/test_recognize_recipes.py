"""Where a collection cannot calibrate itself, its confidences are those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import relook
from relook.cli import main
from relook.recognition.shipped import find_confidence
from relook.search import load_recipe
from relook.server.app import create_app
from relook.server.settings import ServerSettings

KINDS = {"relook-small": "global", "hybrid-small": "both"}


@pytest.fixture(scope="module", params=sorted(KINDS))
def made(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The name of a recipe, and a folder with four pictures, each with a label, and an index."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    files = [folder / f"{name}.png" for name in "abcd"]
    for file in files:
        coarse = rng.integers(0, 256, (24, 32, 3), np.uint8)
        cv2.imwrite(str(file), cv2.resize(coarse, (256, 192), interpolation=cv2.INTER_CUBIC))
    with relook.create(folder / "index", recipe=request.param) as collection:
        collection.add(files, jobs=1)
        ids = collection.ids_of(files)
        collection.apply_labels({key: [f"thing {key}"] for key in ids}, mode="replace")
    return request.param, folder


def test_the_page_is_told_that_they_ship(made: tuple[str, Path]) -> None:
    from starlette.testclient import TestClient

    recipe, folder = made
    with relook.open(folder / "index") as collection:
        assert collection.engine.kind == KINDS[recipe]
        app = create_app(collection, settings=ServerSettings(workers=1, rate=1e6, burst=10**6))
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            files = {"image": ("a.png", (folder / "a.png").read_bytes())}
            answer = client.post("/api/v1/recognize", files=files)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["calibration"] == "shipped"
    assert found["threshold"] == 0.99
    assert found["candidates"][0]["image"]["path"].endswith("a.png")
    assert 0 <= found["confidence"] <= 1


def test_a_calibration_of_too_few_pictures_leaves_them(
    made: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, folder = made
    with relook.Recognizer(folder / "index", threads=1) as guide:
        report = guide.calibrate()
        assert "too few to calibrate on" in report.fallback
        model = guide._current().fit.model
    expected = find_confidence(KINDS[recipe], recipe=load_recipe(recipe).describe_hash)
    np.testing.assert_array_equal(model.weights, expected.weights)
    assert main(["recognize", str(folder / "index"), str(folder / "b.png"), "--json"]) == 0
    assert '"calibration": "shipped"' in capsys.readouterr().out
