from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from oracles.tiny_training import know_tiny, table, write_pictures, write_toml  # noqa: E402
from relook.cli import training_progress  # noqa: E402
from relook.networks.backbones.registry import BACKBONES  # noqa: E402
from relook.networks.weights import open_weights  # noqa: E402
from relook.training.run import mined, setup  # noqa: E402
from relook.training.run.describing import describe_batch  # noqa: E402


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    know_tiny()
    threads = torch.get_num_threads()
    write_pictures(tmp_path / "data" / "pictures", classes=4, each=1)
    write_toml(tmp_path / "mine.toml", table())
    yield tmp_path
    torch.set_num_threads(threads)
    del BACKBONES["tiny"]


def words(mine: Path) -> tuple[object, ...]:
    return ("train", mine / "mine.toml", "--into", mine / "run", "--data", mine / "data")


def test_train_writes_weights_and_says_where(run: Any, mine: Path) -> None:
    ran = run(*words(mine))
    assert ran.code == 0, ran.err
    assert "tiny-try: 6 iterations on 4 pictures of 4 classes" in ran.out
    assert f"weights in {mine / 'run' / 'tiny-try.safetensors'}" in ran.out
    assert open_weights(mine / "run" / "tiny-try.safetensors").card.whitening == 8
    again = run(*words(mine), "--json").json  # nothing is left to do
    assert again["iterations"] == 6
    assert again["weights"] == (mine / "run" / "tiny-try.safetensors").as_posix()


def test_ctrl_c_saves_and_says_how_to_go_on(
    run: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(self: object, step: int, *_: object) -> None:
        if step == 3:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(training_progress._Terminal, "progress", press)
        stopped = run(*words(mine))
    assert stopped.code == 130
    assert "saves after this step" in stopped.err
    assert "stopped after 4 of 6 iterations" in stopped.err
    assert "run the same command again to go on" in stopped.err
    finished = run(*words(mine))
    assert finished.code == 0
    assert "goes on after 4 of 6 iterations" in finished.err


def test_ctrl_c_while_it_mines_acts_at_once_and_loses_no_step(
    run: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(mine / "pairs" / "pictures", classes=4, each=2)
    tuples = {"loss": [{"name": "contrastive"}], "mining": {"name": "hard", "negatives": 1}}
    write_toml(mine / "mine.toml", table(train={"save": 0}, **tuples))
    command = ("train", mine / "mine.toml", "--data", mine / "pairs", "--into")
    asked = []

    def press(*given: Any) -> Any:
        asked.append(given)
        if len(asked) == 2:  # 8 pictures are an epoch of 2 steps
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("it went on after Ctrl-C")
        return describe_batch(*given)

    with monkeypatch.context() as patch:
        patch.setattr(mined, "describe_batch", press)
        stopped = run(*command, mine / "run")
    assert stopped.code == 130
    assert "stopped after 2 of 6 iterations; they are saved" in stopped.err
    assert "saves after this step" not in stopped.err
    finished = run(*command, mine / "run")
    assert "goes on after 2 of 6 iterations" in finished.err
    assert run(*command, mine / "whole").code == 0
    whole, parts = (open_weights(mine / name / "tiny-try.safetensors") for name in ("whole", "run"))
    assert all((array == parts.state()[key]).all() for key, array in whole.state().items())


def test_ctrl_c_while_it_sets_up_acts_at_once(
    run: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it went on after Ctrl-C")

    assert run(*words(mine)).code == 0
    before = {file: file.read_bytes() for file in (mine / "run").iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(setup, "pictures_digest", press)
        stopped = run(*words(mine))
    assert stopped.code == 130
    assert stopped.err.endswith("run the same command again to go on\n")
    assert "saves after this step" not in stopped.err
    assert {file: file.read_bytes() for file in (mine / "run").iterdir()} == before
    assert run(*words(mine)).code == 0


def test_views_are_shown_on_a_page_and_nothing_is_trained(run: Any, mine: Path) -> None:
    page = mine / "views.png"
    words = ("train", mine / "mine.toml", "--data", mine / "data")
    ran = run(*words, "--show-views", page)
    assert ran.code == 0, ran.err
    assert "views.png shows pictures and their views; nothing was trained" in ran.err
    with Image.open(page) as shown:
        assert shown.size == (7 * 38 - 6 + 48, 4 * 38 - 6 + 48)
    assert "say where the weights go: --into FOLDER" in run(*words).err


def test_mistakes_are_one_line_and_wrong_use(run: Any, mine: Path) -> None:
    write_toml(mine / "mine.toml", table(optimizer={"rat": 1}))
    ran = run(*words(mine))
    assert ran.code == 2
    assert "optimizer.rat is not known; did you mean rate?" in ran.err
    assert ran.err.count("\n") == 1
    write_toml(mine / "mine.toml", table(data={"folders": [{"path": "nowhere"}]}))
    ran = run(*words(mine))
    assert ran.code == 2
    assert "there is no folder" in ran.err


def test_without_torch_train_says_what_to_install(
    run: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "relook.training.run.launch", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    ran = run(*words(mine))
    assert ran.code == 2
    assert 'pip install "relook[train]"' in ran.err
