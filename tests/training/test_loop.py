from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracles.tiny_training import table, write_pictures  # noqa: E402
from relook.core.errors import RelookError, UsageError  # noqa: E402
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.weights import open_weights  # noqa: E402
from relook.training.reading import from_table  # noqa: E402
from relook.training.run import launch, setup  # noqa: E402
from relook.training.run.log import read_rows  # noqa: E402
from relook.training.run.loop import train  # noqa: E402
from relook.training.run.sharing import check_shares  # noqa: E402
from relook.training.run.summary import Summary  # noqa: E402
from relook.training.run.watching import Watcher  # noqa: E402
from relook.training.steps import stepping  # noqa: E402
from relook.vectors.projection import load_whitening  # noqa: E402


class Listening(Watcher):
    def __init__(self, *, stop_at: int = -1) -> None:
        self.notes: list[str] = []
        self.step = 0
        self.stop_at = stop_at

    def note(self, words: str) -> None:
        self.notes.append(words)

    def progress(self, step: int, iterations: int, row: Any) -> None:
        self.step = step

    def should_stop(self) -> bool:
        return self.step == self.stop_at


pytestmark = pytest.mark.usefixtures("tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_pictures(root / "pictures")
    return root


def run(data: Path, into: Path, *, watcher: Watcher | None = None, **changes: Any) -> Summary:
    return train(from_table(table(**changes)), into, data=data, watcher=watcher)


def state(summary: Summary) -> dict[str, Any]:
    return open_weights(summary.weights).state()


def equal(first: Summary, second: Summary) -> bool:
    one, other = state(first), state(second)
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def close(first: Summary, second: Summary, *, within: float = 1e-5) -> bool:
    one, other = state(first), state(second)
    return all(np.abs(one[k] - other[k]).max() < within for k in one)


def test_what_is_trained_opens_as_any_weights_and_describes(data: Path, tmp_path: Path) -> None:
    summary = run(data, tmp_path)
    weights = open_weights(summary.weights)
    network = RetrievalNetwork.from_state(weights.spec(), weights.state())
    vectors = network(torch.zeros((2, 40, 48, 3), dtype=torch.uint8))
    assert vectors.shape == (2, 8)
    assert weights.card.training_set == "12 pictures of 6 classes: pictures"
    assert weights.card.size == 32
    assert [int(row["step"]) for row in read_rows(tmp_path / "log.csv")] == [1, 2, 3, 4, 5, 6]
    assert (tmp_path / "curve.png").is_file()


def test_the_same_configuration_gives_the_same_weights_with_any_number_of_workers(
    data: Path, tmp_path: Path
) -> None:
    short = {"iterations": 3}
    alone = run(data, tmp_path / "none", train=short)
    assert equal(alone, run(data, tmp_path / "two", train={**short, "workers": 2}))


def test_a_run_that_was_stopped_ends_in_the_same_weights(data: Path, tmp_path: Path) -> None:
    network = {"dropout": 0.2}
    whole = run(data, tmp_path / "whole", network=network)
    with pytest.raises(KeyboardInterrupt, match=r"after 4 of 6 .* same command again to go on"):
        run(data, tmp_path / "parts", watcher=Listening(stop_at=3), network=network)
    listening = Listening()
    parts = run(data, tmp_path / "parts", watcher=listening, network=network)
    assert equal(whole, parts)
    assert "goes on after 4 of 6 iterations" in listening.notes
    steps = [int(row["step"]) for row in read_rows(tmp_path / "parts" / "log.csv")]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(data: Path, tmp_path: Path) -> None:
    whole = run(data, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "parts", watcher=Listening(stop_at=4))
    newest = max((tmp_path / "parts").glob("checkpoint-*"))
    newest.write_bytes(newest.read_bytes()[:5000])
    listening = Listening()
    assert equal(whole, run(data, tmp_path / "parts", watcher=listening))
    assert "goes on after 4 of 6 iterations" in listening.notes
    assert any(newest.name in words for words in listening.notes)


def test_a_checkpoint_of_another_configuration_is_refused_with_what_differs(
    data: Path, tmp_path: Path
) -> None:
    run(data, tmp_path, train={"iterations": 1})
    with pytest.raises(UsageError, match=r"optimizer.rate was 0.01 and is 0.02"):
        run(data, tmp_path, train={"iterations": 1}, optimizer={"rate": 0.02})
    run(data, tmp_path, train={"iterations": 1, "workers": 1})  # where and how fast may change


def test_a_checkpoint_that_began_with_other_pictures_is_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    run(tmp_path, tmp_path / "run", train={"iterations": 1})
    (tmp_path / "pictures" / "class0" / "0.png").unlink()
    with pytest.raises(UsageError, match="other pictures or labels"):
        run(tmp_path, tmp_path / "run", train={"iterations": 1})


def test_parts_of_a_batch_add_up_to_the_batch(data: Path, tmp_path: Path) -> None:
    network = {"frozen_statistics": True}
    sgd = {"name": "sgd"}
    whole = run(data, tmp_path / "whole", network=network, optimizer=sgd)
    parts = run(data, tmp_path / "parts", network=network, optimizer=sgd, train={"accumulate": 4})
    assert close(whole, parts)
    assert not equal(whole, parts)


def test_frozen_layers_keep_weights_and_statistics(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "one", network={"frozen": ["stem", "stages.0"]})
    more = run(
        data, tmp_path / "more", network={"frozen": ["stem", "stages.0"]}, train={"iterations": 9}
    )
    one, other = state(first), state(more)
    frozen = [key for key in one if key.startswith(("backbone.stem", "backbone.stages.0"))]
    assert all(np.array_equal(one[key], other[key]) for key in frozen)
    assert not np.array_equal(one["backbone.last.0.weight"], other["backbone.last.0.weight"])
    with pytest.raises(UsageError, match="no layer trunk"):
        run(data, tmp_path / "none", network={"frozen": ["trunk"]})


def test_bfloat16_learns_nearly_the_same(data: Path, tmp_path: Path) -> None:
    long = run(data, tmp_path / "long")
    short = run(data, tmp_path / "short", train={"precision": "bf16"})
    assert close(long, short, within=0.2)
    assert not equal(long, short)
    with pytest.raises(UsageError, match="fp16 needs a GPU"):
        run(data, tmp_path / "half", train={"precision": "fp16"})


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_batch_and_checkpoint(
    data: Path, tmp_path: Path
) -> None:
    wild = {"name": "sgd", "rate": 1e30, "warmup": 0, "schedule": "constant"}
    with pytest.raises(RelookError, match=r"not finite.*not-finite-.*optimizer\.rate"):
        run(data, tmp_path, optimizer=wild, train={"save": 1, "iterations": 50})
    kept = next(tmp_path.glob("not-finite-*.safetensors"))
    from safetensors.numpy import load_file

    assert load_file(kept)["pixels"].shape == (4, 32, 32, 3)
    assert list(tmp_path.glob("checkpoint-*"))


def test_memory_that_does_not_suffice_suggests_a_smaller_batch(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(stepping.Stepper, "step", full)
    with pytest.raises(UsageError, match=r"4 pictures of 32 px .* batch = 2, or accumulate = 2"):
        run(data, tmp_path)


def test_pictures_that_break_in_the_middle_are_skipped_counted_and_named(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    broken = tmp_path / "pictures" / "class1" / "0.png"
    broken.write_bytes(broken.read_bytes()[:200])  # begins as a picture does
    listening = Listening()
    summary = run(tmp_path, tmp_path / "run", watcher=listening)
    assert list(summary.skipped) == [broken.as_posix()]
    assert sum("class1/0.png" in words for words in listening.notes) == 1
    assert read_rows(tmp_path / "run" / "log.csv")[-1]["skipped"] == "1"


def test_pictures_that_mining_cannot_read_are_named_too(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures", classes=3)
    broken = tmp_path / "pictures" / "class1" / "0.png"
    broken.write_bytes(broken.read_bytes()[:200])
    summary = run(
        tmp_path,
        tmp_path / "run",
        mining={"name": "hard", "negatives": 2},
        loss=[{"name": "contrastive"}],
        train={"batch": 1, "iterations": 1},
    )
    assert list(summary.skipped) == [broken.as_posix()]


def test_curves_drawn_among_the_pictures_are_none_of_them(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures", classes=2)
    config = from_table(table(data={"folders": [{"path": "."}]}, train={"iterations": 1}))
    for _ in range(2):  # the second time, there is a curve.png
        assert train(config, tmp_path / "run", data=tmp_path).pictures == 4


def test_smaller_views_come_first_where_they_are_asked_for(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, views={"side": [[2, 16], [1, 32]]}, train={"iterations": 4})
    assert [row["side"] for row in read_rows(tmp_path / "log.csv")] == ["16", "16", "32", "32"]


def test_validation_keeps_the_best_weights_and_stops_early(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.5, 0.7, 0.6, 0.6, 0.6])
    monkeypatch.setattr("relook.training.run.validation.HeldOut.score", lambda *_: next(scores))
    summary = run(
        data,
        tmp_path,
        validation={"every": 1, "share": 0.34, "patience": 2},
        train={"iterations": 20},
    )
    assert (summary.best, summary.best_at, summary.iterations) == (0.7, 2, 4)
    assert summary.stopped == "early"
    best = open_weights(tmp_path / "tiny-try-best.safetensors").state()
    assert all(np.array_equal(array, best[key]) for key, array in state(summary).items())


def test_held_out_classes_are_searched_and_not_learned(data: Path, tmp_path: Path) -> None:
    summary = run(data, tmp_path, validation={"every": 3, "share": 0.34})
    assert summary.classes == 4
    assert summary.map is not None
    assert 0 < summary.map <= 1
    assert [row["step"] for row in read_rows(tmp_path / "validation.csv")] == ["3", "6"]


def test_tuples_are_mined_again_and_go_on_exactly(data: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "mining": {"name": "hard", "negatives": 2, "queries": 6, "per_epoch": 1},
        "loss": [{"name": "contrastive"}],
        "train": {"batch": 2, "iterations": 7},
    }
    listening = Listening()
    whole = run(data, tmp_path / "whole", watcher=listening, **changes)
    assert [words for words in listening.notes if "mined" in words]
    assert sum("mined 6 tuples" in words for words in listening.notes) == 3  # every 3 iterations
    for stop in (3, 5):
        with pytest.raises(KeyboardInterrupt):
            run(data, tmp_path / f"{stop}", watcher=Listening(stop_at=stop), **changes)
        assert equal(whole, run(data, tmp_path / f"{stop}", **changes))


def test_a_pool_without_a_pair_leaves_the_tuples_of_before(data: Path, tmp_path: Path) -> None:
    listening = Listening()
    run(
        data,
        tmp_path,
        watcher=listening,
        mining={"name": "hard", "pool": 4, "queries": 1},
        loss=[{"name": "contrastive"}],
        train={"batch": 1, "iterations": 3},
    )
    notes = [words for words in listening.notes if "mined" in words]
    assert len(notes) == 3
    assert "goes on with the 1 tuples mined before: no query has" in notes[2]
    assert "larger mining.pool than 4" in notes[2]


def test_a_run_with_a_teacher_that_was_stopped_ends_in_the_same_weights(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "_FITTED_ON", 16)
    teacher = str(run(data, tmp_path / "teacher", train={"iterations": 1}).weights)
    taught = {"name": "distill", "teacher": teacher, "dimensions": 4}
    changes: dict[str, Any] = {
        "loss": [taught, {**taught, "of": "relations"}, {**taught, "of": "vector"}],
        "train": {"iterations": 4},
    }
    whole = run(data, tmp_path / "whole", **changes)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "parts", watcher=Listening(stop_at=1), **changes)
    assert equal(whole, run(data, tmp_path / "parts", **changes))


def test_a_miner_that_finds_nothing_says_so(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found no tuple in 12 pictures"):
        run(
            data,
            tmp_path,
            mining={"name": "manifold", "k": 2, "nearest": 11},
            loss=[{"name": "triplet"}],
        )


def test_losses_of_batches_and_a_whitening_after_training(data: Path, tmp_path: Path) -> None:
    summary = run(
        data,
        tmp_path,
        loss=[{"name": "multi_similarity"}, {"name": "info_nce", "weight": 0.5}],
        whitening={"method": "learned", "dimensions": 4, "views": 3},
        network={"whitening": 0},
    )
    assert summary.whitening is not None
    fitted = load_whitening(summary.whitening)
    assert fitted.matrix.shape == (4, 16)
    assert fitted.fitted.startswith("12 pictures")


def test_lw_begins_the_layer_and_takes_its_place_in_the_end(data: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "network": {"whitening": 8, "whitening_file": "learned"}, "train": {"iterations": 2},
    }  # fmt: skip
    trained = run(data, tmp_path / "trained", **changes)
    replaced = run(
        data, tmp_path / "replaced", whitening={"inside": True, "dimensions": 6}, **changes
    )
    one, other = state(trained), state(replaced)
    assert other["whiten.weight"].shape == (6, 16)
    assert all(np.array_equal(one[k], other[k]) for k in one if not k.startswith("whiten."))
    assert replaced.whitening is None
    weights = open_weights(replaced.weights)
    network = RetrievalNetwork.from_state(weights.spec(), weights.state())
    assert network(torch.zeros(1, 32, 32, 3, dtype=torch.uint8)).shape == (1, 6)
    with pytest.raises(UsageError, match="inside needs its dimensions"):
        from_table(table(whitening={"inside": True}, network={"whitening": 0}))


def test_tensorboard_gets_every_row(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    run(data, tmp_path, log={"tensorboard": True}, train={"iterations": 1})
    assert list((tmp_path / "events").iterdir())


def test_settings_that_contradict_are_refused(data: Path, tmp_path: Path) -> None:
    tuples = [{"name": "contrastive"}]
    with pytest.raises(UsageError, match=r"contrastive takes tuples.*\[mining\]"):
        run(data, tmp_path, loss=tuples)
    with pytest.raises(UsageError, match="3 processes cannot share a batch of 4"):
        run(data, tmp_path, train={"processes": 3})


@pytest.mark.parametrize(
    ("loss", "named"),
    [
        ({"name": "batch_triplet"}, "batch_triplet"),
        ({"name": "distill", "teacher": "nobody", "of": "relations"}, "distill of relations"),
    ],
)
def test_processes_refuse_to_relate_mined_tuples_before_any_starts(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: Any, named: str
) -> None:
    """Tuples differ in size; what all processes gather must not."""
    monkeypatch.setattr(launch.multiprocessing, "get_context", None)
    changes = {"loss": [{"name": "triplet"}, loss], "mining": {"name": "hard"}}
    config = from_table(table(train={"processes": 2}, **changes))
    with pytest.raises(UsageError, match=rf"{named} relates .* set train.processes = 1") as raised:
        launch.launch(config, tmp_path / "run", data=data)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "run").exists()
    check_shares(from_table(table(**changes)))  # one process may
    check_shares(from_table(table(train={"processes": 2}, loss=[loss])))  # and several, unmined
