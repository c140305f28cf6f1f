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

from oracles.tiny_training import table, write_pictures  # noqa: E402

TESTS = Path(__file__).parent.parent

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from oracles.tiny_training import know_tiny
know_tiny()  # at the top, so that processes that are spawned know it, too
if __name__ == "__main__":
    import json
    from pathlib import Path
    from relook.training.launch import launch
    from relook.training.reading import from_table
    from relook.training.watching import Watcher

    class Told(Watcher):
        def progress(self, step, iterations, row):
            print(step, flush=True)

    table, into, data = sys.argv[1:]
    launch(from_table(json.loads(table)), Path(into), data=Path(data), watcher=Told())
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_pictures(root / "pictures")
    (root / "script.py").write_text(SCRIPT.format(tests=str(TESTS)))
    return root


def start(data: Path, into: Path, content: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, str(data / "script.py"), json.dumps(content), str(into), str(data)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(data: Path, into: Path, content: dict[str, Any]) -> dict[str, Any]:
    process = start(data, into, content)
    _, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    return load_file(into / "tiny-try.safetensors")


def test_killed_at_a_random_step_a_run_ends_in_the_same_weights_bit_for_bit(
    data: Path, tmp_path: Path
) -> None:
    content = table(
        train={"iterations": 40, "save": 1},
        network={"dropout": 0.1},
        validation={"every": 16, "share": 0.34},
    )
    whole = finish(data, tmp_path / "whole", content)
    rng = np.random.default_rng()
    process = start(data, tmp_path / "killed", content)
    assert process.stdout is not None
    until = int(rng.integers(1, 20))
    while int(process.stdout.readline()) < until:
        pass
    time.sleep(rng.uniform(0, 0.02))  # anywhere in a step, in a checkpoint, in a log
    process.kill()
    process.communicate()
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
    data: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
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
