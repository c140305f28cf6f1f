"""Context prediction and tracked patches, trained by the loop from a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracles.tiny_training import table, write_pictures  # noqa: E402
from relook.core.errors import UsageError  # noqa: E402
from relook.training.reading import from_table  # noqa: E402
from relook.training.run.log import read_rows  # noqa: E402
from relook.training.run.loop import train  # noqa: E402

_CONTEXT: dict[str, Any] = {
    "views": {"side": 16, "context": {"color": "project"}},
    "loss": [{"name": "context", "hidden": 8}],
}


pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "pictures", classes=4)
    return tmp_path


def test_the_loop_trains_context_prediction_from_a_plain_folder(data: Path) -> None:
    config = from_table(table(**_CONTEXT, train={"iterations": 3, "batch": 8, "save": 0}))
    train(config, data / "run", data=data)
    rows = read_rows(data / "run" / "log.csv")
    assert len(rows) == 3
    assert all(0 < float(row["context"]) < 2 * np.log(8) for row in rows)


def test_the_loop_tracks_videos_and_trains_on_what_moved(data: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        ground = cv2.resize(rng.integers(0, 255, (16, 22, 3), np.uint8), (176, 128))
        thing = cv2.resize(rng.integers(0, 255, (8, 8, 3), np.uint8), (40, 40))
        (data / "videos" / name).mkdir(parents=True)
        for time in range(14):
            frame = ground.copy()
            frame[30 + time : 70 + time, 20 + 3 * time : 60 + 3 * time] = thing
            cv2.imwrite(str(data / "videos" / name / f"{time}.png"), frame)
    config = from_table(
        table(
            data={"folders": [{"path": "videos", "labels": "tracks"}]},
            views={"side": 32, "plain": True},
            loss=[{"name": "triplet"}],
            mining={"name": "random"},
            train={"iterations": 2, "batch": 2, "save": 0},
        )
    )
    train(config, data / "run", data=data)
    assert len(read_rows(data / "run" / "log.csv")) == 2
    assert len(list((data / "run" / "tracks-0").glob("*/last.png"))) >= 2


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": [{"name": "context"}]},
        {"views": {"side": 16, "context": {}}},
        {**_CONTEXT, "mining": {"name": "random"}},
        {**_CONTEXT, "loss": [{"name": "context"}, {"name": "info_nce"}]},
    ],
)
def test_context_goes_with_its_views_and_with_no_other_labels(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="context"):
        from_table(table(**changes))
