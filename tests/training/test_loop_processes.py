from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file  # noqa: E402

from oracles.tiny_training import other_that_knows_tiny, table, write_pictures  # noqa: E402
from relook.training.reading import from_table  # noqa: E402
from relook.training.run import launch  # noqa: E402

TESTS = Path(__file__).parent.parent

SCRIPT = """
import json, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from oracles.tiny_training import know_tiny
from relook.training.run.loop import train
from relook.training.reading import from_table
from relook.training.run.watching import Watcher

class Told(Watcher):
    def progress(self, step, iterations, row):
        print(step, flush=True)

know_tiny()
table, into, data = sys.argv[1:]
train(from_table(json.loads(table)), Path(into), data=Path(data), watcher=Told())
"""


pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_pictures(root / "pictures")
    return root


def finish(data: Path, into: Path, content: dict[str, Any]) -> dict[str, Any]:
    return load_file(launch.launch(from_table(content), into, data=data).weights)


def test_killed_at_a_random_step_a_run_ends_in_the_same_weights_bit_for_bit(
    data: Path, tmp_path: Path
) -> None:
    content = table(
        train={"iterations": 24, "save": 1},
        network={"dropout": 0.1},
        validation={"every": 10, "share": 0.34},
        log={"every": 4},
    )
    whole = finish(data, tmp_path / "whole", content)
    rng = np.random.default_rng()
    script = SCRIPT.format(tests=str(TESTS))
    words = [sys.executable, "-c", script, json.dumps(content), str(tmp_path / "killed"), str(data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        until = int(rng.integers(1, 16))
        while int(process.stdout.readline()) < until:
            pass
        time.sleep(rng.uniform(0, 0.02))  # anywhere in a step, in a checkpoint, in a log
        process.kill()
    assert not (tmp_path / "killed" / "tiny-try.safetensors").exists()
    ended = finish(data, tmp_path / "killed", content)
    assert whole.keys() == ended.keys()
    assert all(np.array_equal(whole[key], ended[key]) for key in whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": [{"name": "cosine_softmax"}, {"name": "multi_similarity", "weight": 0.5}]},
        {
            "loss": [{"name": "contrastive"}],
            "mining": {"name": "hard", "negatives": 2, "queries": 4},
        },
    ],
    ids=["batches", "tuples"],
)
def test_two_processes_learn_what_one_does_with_the_whole_batch(
    data: Path, tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_other", other_that_knows_tiny)
    content = table(
        network={"frozen_statistics": True},
        optimizer={"name": "sgd", "rate": 0.05},
        train={"iterations": 3, "ema": 0.0},
        **changes,
    )
    one = finish(data, tmp_path / "one", content)
    content["train"]["processes"] = 2
    two = finish(data, tmp_path / "two", content)
    assert all(np.abs(one[key] - two[key]).max() < 1e-5 for key in one)
