"""Whole runs that learn classes: from a configuration to weights that say what they see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracles.tiny_training import table, write_pictures  # noqa: E402
from relook.networks.class_names import find_class_names, load_class_names  # noqa: E402
from relook.networks.classifier import open_classifier  # noqa: E402
from relook.networks.weights import Weights, open_weights  # noqa: E402
from relook.training.reading import from_table  # noqa: E402
from relook.training.run.log import read_rows  # noqa: E402
from relook.training.run.loop import train  # noqa: E402

MAPS = {"name": "location_cross_entropy", "scales": [1.0, 0.75]}


pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_pictures(root / "pictures", classes=3)
    return root


def run(data: Path, into: Path, **changes: Any) -> Weights:
    summary = train(from_table(table(**changes)), into, data=data)
    return open_weights(summary.weights)


def test_a_run_on_classes_ends_in_a_classifier_that_knows_their_names(
    data: Path, tmp_path: Path
) -> None:
    network = {"pooling": "top_k", "options": {"k": 2}, "whitening": 0}
    steps = {"iterations": 16, "ema": 0.0, "save": 0}
    weights = run(data, tmp_path, network=network, loss=[MAPS], train=steps,
                  optimizer={"rate": 0.03}, views={"plain": True})  # fmt: skip
    assert weights.card.options == {"classes": 3, "k": 2}
    rows = read_rows(tmp_path / "log.csv")
    assert float(rows[-1]["loss"]) < 0.8 * float(rows[0]["loss"])
    names = find_class_names(weights.path)
    assert names is not None
    assert load_class_names(names, classes=3) == tuple(f"pictures/class{k}" for k in range(3))
    pixels = torch.zeros((1, 40, 48, 3), dtype=torch.uint8)
    assert open_classifier(weights)(pixels).shape[1] == 3


def test_tuples_and_classes_of_k_locations_are_learned_from_a_configuration(
    data: Path, tmp_path: Path
) -> None:
    network = {"pooling": "top_k", "options": {"k": 2, "whitening": 5}, "whitening": 0}
    weights = run(data, tmp_path, network=network, loss=[{"name": "triplet_locations"}],
                  mining={"name": "random", "queries": 4},
                  train={"iterations": 2, "batch": 2})  # fmt: skip
    assert weights.state()["pool.whiten.weight"].shape[0] == 5


def test_early_layers_stay_as_they_are(data: Path, tmp_path: Path) -> None:
    network = {"frozen_before": "last"}
    one, three = (
        run(data, tmp_path / str(n), loss=[MAPS], network=network,
            train={"iterations": n, "ema": 0.0, "save": 0}).state()
        for n in (1, 3)
    )  # fmt: skip
    changed = {key for key in one if not np.array_equal(one[key], three[key])}
    assert {key.split(".")[1] for key in changed if key.startswith("backbone")} == {"last"}
