from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relook.core.errors import UsageError
from relook.training.config import OptimizerPart
from relook.training.reading import (
    differences,
    from_table,
    read_config,
    shipped,
    to_table,
)
from relook.training.steps.schedule import rate_at

TEXT = """
name = "mine"
seed = 3
[network]
weights = "mobilenet-v2"
whitening = 256
frozen = ["features.0"]
mean = [0.5, 0.5, 0.5]
[data]
root = "data"
folders = [ {path="photos/covers", kind="flat"}, {path="objects", labels="folder", kind="object"} ]
[views]
side = [[1000, 96], [1, 160]]
[[loss]]
name = "cosine_softmax"
margin = 0.2
[[loss]]
name = "distill"
weight = 2
teacher = "mobilenet-v2"
layer = "features.14.conv.0"
[mining]
name = "hard"
negatives = 4
[optimizer]
rate = 1
rates = {pool = 10.0}
[train]
iterations = 5000
"""


def table(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def test_a_file_says_network_pictures_losses_and_what_stands_beside_their_names(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.toml").write_text(TEXT)
    config = read_config(tmp_path / "mine.toml")
    assert [loss.name for loss in config.loss] == ["cosine_softmax", "distill"]
    assert config.loss[0].options == {"margin": 0.2}
    assert config.loss[1].weight == 2.0
    assert config.loss[1].options["layer"] == "features.14.conv.0"
    assert config.mining is not None
    assert config.mining.options == {"negatives": 4}
    assert config.network.mean == (0.5, 0.5, 0.5)
    assert [folder.labels for folder in config.data.folders] == ["picture", "folder"]
    assert [config.views.side_at(step) for step in (0, 999, 1000, 4999)] == [96, 96, 160, 160]
    assert config.optimizer.rate == 1.0


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "whitening = 256",
            "whitenning = 256",
            "network.whitenning is not known; did you mean",
        ),
        ("iterations = 5000", "", "train.iterations is missing"),
        ("iterations = 5000", "iterations = true", "train.iterations must be a whole number"),
        ("iterations = 5000", "iterations = 0", "must be 1 or more"),
        ('frozen = ["features.0"]', 'frozen = "features.0"', "network.frozen must be a list"),
        ('kind="flat"', 'kind="round"', "must be one of scene, flat"),
        ("seed = 3", "seed = 0.5", "seed must be a whole number, not 0.5"),
        ("rate = 1", 'schedule = "linear"', "must be cosine or exponential or constant"),
        ("mean = [0.5, 0.5, 0.5]", "dropout = 1.0", "dropout must be from 0 to below 1"),
        ('weights = "mobilenet-v2"', "", "needs a backbone, or weights"),
        ("[network]", "[network", "is no TOML"),
        ('name = "', 'name = "../', "cannot name weights"),
        ("side = [[1000, 96], [1, 160]]", "side = 8", "16 pixels or more"),
    ],
)
def test_mistakes_are_named_by_their_place(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(UsageError) as raised:
        read_config(file)
    assert complaint in str(raised.value)
    assert str(file) in str(raised.value)


def test_what_differs_between_two_configurations_is_told_by_key() -> None:
    first = to_table(from_table(table(TEXT)))
    other = to_table(from_table(table(TEXT.replace("margin = 0.2", "margin = 0.3"))))
    assert differences(first, other) == ["loss.0.options.margin was 0.2 and is 0.3"]
    moved = to_table(from_table(table(TEXT.replace('root = "data"', 'root = "there"'))))
    assert differences(first, moved) == []
    earlier = {**first, "train": {k: v for k, v in first["train"].items() if k != "accumulate"}}
    assert differences(earlier, first) == []  # a checkpoint from before there was that setting


def test_the_cosine_falls_to_its_floor_after_the_warm_up() -> None:
    part = OptimizerPart(rate=2.0, warmup=10, floor=0.5)
    rates = [rate_at(step, part, iterations=100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1 * 2.0 + 0.5)
    assert max(rates) == rates[9]
    assert rates[50] == pytest.approx(1.0 + 0.5)
    assert rates[99] == pytest.approx(0.5, abs=1e-3)


def test_exponential_decay_ends_at_its_share_of_the_rate() -> None:
    part = OptimizerPart(rate=2.0, schedule="exponential", decay=0.01, warmup=0)
    assert rate_at(0, part, iterations=10) == 2.0
    assert rate_at(5, part, iterations=10) == pytest.approx(0.2)
    assert rate_at(10, part, iterations=10) == pytest.approx(0.02)
    constant = OptimizerPart(rate=2.0, schedule="constant", warmup=0)
    assert rate_at(7, constant, iterations=10) == 2.0


@pytest.mark.parametrize("name", shipped())
def test_configurations_that_ship_can_be_read_by_name(name: str) -> None:
    config = read_config(name)
    assert config.name == name
    assert config.network.weights == "relook-small"


def test_a_name_that_does_not_ship_is_answered_with_those_that_do() -> None:
    with pytest.raises(UsageError, match="choose classes, instances"):
        read_config("everything")
