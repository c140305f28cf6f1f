from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracles.tiny_training import TinyBackbone, table, write_pictures  # noqa: E402
from relook.core.errors import RelookError, StorageError, UsageError  # noqa: E402
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.spec import NetworkSpec  # noqa: E402
from relook.training.batches.making import Maker, MakerSpec  # noqa: E402
from relook.training.batches.plan import ClassPlan, Draw, TuplePlan  # noqa: E402
from relook.training.batches.viewing import CameraViews, make_views  # noqa: E402
from relook.training.config import OptimizerPart, ValidationPart, ViewsPart, WhiteningPart  # noqa: E402
from relook.training.reading import from_table  # noqa: E402
from relook.training.records import Pictures, TrainingTuple  # noqa: E402
from relook.training.run import launch  # noqa: E402
from relook.training.run.log import CsvLog, read_rows  # noqa: E402
from relook.training.run.validation import DatasetSearch, retrieval_map  # noqa: E402
from relook.training.sources.gather import hold_out  # noqa: E402
from relook.training.steps.average import Average  # noqa: E402
from relook.training.steps.heads import begin_whitening, fit_whitening, pairs_of  # noqa: E402
from relook.training.steps.optimizer import make_optimizer, set_rate, trained  # noqa: E402
from relook.training.steps.student import Student  # noqa: E402
from relook.training.teaching.distill import map_distance, read_distill, relation_distance  # noqa: E402
from relook.training.teaching.teacher import FittedTeacher, TeacherSpec, whitened_maps  # noqa: E402
from relook.vectors.projection import Projection  # noqa: E402

RNG = np.random.default_rng(5)


def network(**changes: Any) -> RetrievalNetwork:
    spec = NetworkSpec(backbone="tiny", **{"whitening": 8, **changes})
    return RetrievalNetwork(spec, backbone=TinyBackbone())


def pictures(labels: list[int]) -> Pictures:
    names = tuple(map(str, sorted(set(labels))))
    paths = tuple(Path(f"{row}.jpg") for row in range(len(labels)))
    return Pictures(paths, np.array(labels, np.int64), names, ("flat",) * len(labels))


def test_every_picture_is_drawn_once_before_any_is_drawn_again() -> None:
    plan = ClassPlan(pictures(list(range(10))), batch=4, views=1, seed=1)
    rows = np.concatenate([plan.draw(step, side=32).rows for step in range(5)])
    assert sorted(rows[:10]) == sorted(rows[10:]) == list(range(10))


def test_a_picture_is_drawn_with_others_of_its_class() -> None:
    plan = ClassPlan(pictures([0, 0, 1, 2, 2, 2]), batch=6, views=3, seed=1)
    for step in range(4):
        draw = plan.draw(step, side=32)
        labels = plan.pictures.labels[draw.rows].reshape(2, 3)
        assert (labels == labels[:, :1]).all()


def test_the_shares_of_processes_are_the_whole_draw_in_its_order() -> None:
    whole = ClassPlan(pictures(list(range(9))), batch=6, views=2, seed=0).draw(3, side=32)
    shares = [whole.share(rank, 3) for rank in range(3)]
    assert np.concatenate([share.slots for share in shares]).tolist() == list(range(6))
    tuples = [TrainingTuple(i, i + 1, (i + 2, i + 3)) for i in range(4)]
    drawn = TuplePlan(tuples, batch=4, first=0).draw(0, side=32)
    half = drawn.share(1, 2)
    assert half.rows.tolist() == [1, 2, 3, 4, 3, 4, 5, 6]
    assert np.unique(half.parts).tolist() == [1, 3]


def test_the_average_begins_early_and_ends_at_its_share() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    average = Average(module, 0.9)
    oracle = float(module.weight.detach())
    for step in range(1, 200):
        with torch.no_grad():
            module.weight.fill_(step)
        average.update(step)
        keep = min(0.9, step / (step + 10))
        oracle = keep * oracle + (1 - keep) * step
    assert float(average.state()["weight"]) == pytest.approx(oracle, rel=1e-5)
    assert not Average(module, 0.0).is_on


def test_biases_norms_and_classes_have_no_decay_and_rates_their_factors() -> None:
    student = Student(network())
    part = OptimizerPart(rate=0.5, weight_decay=0.1, rates={"pool": 10.0, "whiten": 2.0})
    named = trained(student)
    optimizer = make_optimizer(named, part, undecayed={"whiten.weight"})
    set_rate(optimizer, 0.5)
    found = {id(p): (g["weight_decay"], g["lr"]) for g in optimizer.param_groups
             for p in g["params"]}  # fmt: skip
    settings = {name: found[id(parameter)] for name, parameter in named}
    assert settings["pool.p"] == (0.0, 5.0)
    assert settings["whiten.weight"] == (0.0, 1.0)
    assert settings["backbone.stem.0.weight"] == (0.1, 0.5)
    assert settings["backbone.stem.1.weight"] == (0.0, 0.5)
    with pytest.raises(UsageError, match="no trained parameter begins with head"):
        make_optimizer(named, OptimizerPart(rates={"head": 2.0}), undecayed=())


def test_the_student_sees_what_the_network_gives_and_maps_of_inner_layers() -> None:
    own = network().eval()
    student = Student(own, layers=["stages.0"]).eval()
    pixels = torch.from_numpy(RNG.integers(0, 256, (2, 32, 40, 3), np.uint8))
    seen = student(pixels)
    assert torch.allclose(seen.vectors, own(pixels), atol=1e-6)
    assert seen.maps["stages.0"].shape == (2, 6, 8, 10)
    assert seen.maps[""].shape == (2, 16, 4, 5)
    with pytest.raises(UsageError, match="no layer trunk"):
        Student(network(), layers=["trunk"])


def test_dropout_is_before_the_whitening_and_in_training_alone() -> None:
    student = Student(network(), dropout=0.5)
    pixels = torch.from_numpy(RNG.integers(0, 256, (1, 32, 32, 3), np.uint8))
    student.eval()
    assert torch.equal(student(pixels).vectors, student(pixels).vectors)
    student.train()
    student.network.backbone.eval()
    assert not torch.equal(student(pixels).vectors, student(pixels).vectors)


def test_a_layer_that_begins_with_a_fitted_whitening_whitens(tmp_path: Path) -> None:
    fitted = Projection(
        RNG.normal(size=16).astype(np.float32), RNG.normal(size=(12, 16)).astype(np.float32)
    )
    fitted.save(tmp_path / "w.safetensors")
    own = network().eval()
    begin_whitening(own, tmp_path / "w.safetensors")
    vectors = RNG.normal(size=(5, 16)).astype(np.float32)
    assert own.whiten is not None
    said = torch.nn.functional.normalize(own.whiten(torch.from_numpy(vectors)))
    assert np.allclose(said.detach().numpy(), fitted.truncated(8).transform(vectors), atol=1e-5)
    short = Projection(np.zeros(4, np.float32), np.eye(4, dtype=np.float32))
    short.save(tmp_path / "short.safetensors")
    with pytest.raises(UsageError, match="maps 4 dimensions to 4; the layer maps 16 to 8"):
        begin_whitening(own, tmp_path / "short.safetensors")


def test_a_whitening_after_training_pairs_views_of_the_same() -> None:
    labels = np.array([2, 0, 2, 1, 0, 2], np.int64)
    pairs = {tuple(sorted(pair)) for pair in pairs_of(labels, seed=0).tolist()}
    assert pairs == {(1, 4), (0, 2), (0, 5), (2, 5)}
    vectors = RNG.normal(size=(6, 4)).astype(np.float32)
    part = WhiteningPart(dimensions=2)
    assert fit_whitening(part, vectors, labels, seed=0, fitted="").matrix.shape == (2, 4)
    with pytest.raises(UsageError, match="classes of two views"):
        fit_whitening(part, vectors, np.arange(6), seed=0, fitted="")


def test_map_distance_is_the_mean_of_one_minus_cosine() -> None:
    said, taught = RNG.normal(size=(2, 2, 5, 3, 4))
    cosines = (said * taught).sum(1) / np.linalg.norm(said, axis=1) / np.linalg.norm(taught, axis=1)
    found = map_distance(torch.from_numpy(said), torch.from_numpy(taught))
    assert float(found) == pytest.approx(1 - cosines.mean())


def test_relations_of_turned_vectors_are_the_same() -> None:
    rows = np.linalg.qr(RNG.normal(size=(6, 6)))[0][:4]
    mixed = rows + 0.3 * rows[::-1]
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    turned = mixed @ np.linalg.qr(RNG.normal(size=(6, 6)))[0]
    assert float(relation_distance(torch.from_numpy(mixed), torch.from_numpy(turned))) < 1e-9
    other = torch.from_numpy(rows + 0.3 * np.roll(rows, 1, axis=0))
    assert float(relation_distance(torch.from_numpy(mixed), other)) > 0.05


def test_a_teachers_map_is_whitened_at_every_location() -> None:
    maps = RNG.normal(size=(2, 5, 3, 4)).astype(np.float32)
    mean, matrix = RNG.normal(size=5).astype(np.float32), RNG.normal(size=(2, 5)).astype(np.float32)
    fitted = FittedTeacher(TeacherSpec("any"), mean, matrix)
    said = whitened_maps(maps, fitted)
    assert said.shape == (2, 2, 3, 4)
    assert np.allclose(said[1, :, 2, 3], matrix @ (maps[1, :, 2, 3] - mean), atol=1e-2)


def test_options_of_distillation_are_checked() -> None:
    spec, at = read_distill({"teacher": "vgg16", "at": "stages", "dimensions": 64})
    assert (spec.weights, spec.dimensions, spec.of, at) == ("vgg16", 64, "map", "stages")
    with pytest.raises(UsageError, match="needs a teacher"):
        read_distill({})
    with pytest.raises(UsageError, match="no temperature"):
        read_distill({"teacher": "vgg16", "temperature": 3})
    with pytest.raises(UsageError, match="map, relations or vector"):
        read_distill({"teacher": "vgg16", "of": "logits"})


def test_a_log_goes_on_without_the_rows_that_come_again(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = CsvLog(path, ("step", "loss"), before=0)
    for step in (1, 2, 3):
        log.write({"step": step, "loss": step / 3})
    with path.open("a") as file:
        file.write("4,0.")  # the power went
    CsvLog(path, ("step", "loss"), before=2).write({"step": 3, "loss": 5.0})
    assert [row["step"] for row in read_rows(path)] == ["1", "2", "3"]
    assert read_rows(path)[-1]["loss"] == "5"


def test_tables_of_light_and_poses_make_the_views() -> None:
    options = {"light": {"noise": 0.0}, "poses": {"flat": {"apart": [0.3, 0.9]}}}
    views = make_views(ViewsPart(options=options))
    assert isinstance(views, CameraViews)
    assert views.viewer.light.noise == 0
    assert views.viewer.poses["flat"].apart == (0.3, 0.9)


def test_mirrored_tuples_are_the_others_turned_as_a_whole(tmp_path: Path) -> None:
    write_pictures(tmp_path, classes=3, each=1)
    paths = tuple(sorted(tmp_path.rglob("*.png")))
    shown = Pictures(paths, np.arange(3), ("a", "b", "c"), ("flat",) * 3)
    maker = Maker(MakerSpec(shown, make_views(ViewsPart()), seed=0))
    tuples = [TrainingTuple(0, 0, (1, 2))] * 8
    plain, mirrored = (
        maker.make(TuplePlan(tuples, 8, 0, mirror).draw(0, side=16)).batch for mirror in (0.0, 0.5)
    )
    turned = [np.array_equal(a, b[:, ::-1]) for a, b in
              zip(plain.pixels, mirrored.pixels, strict=True)]  # fmt: skip
    same = [np.array_equal(a, b) for a, b in zip(plain.pixels, mirrored.pixels, strict=True)]
    assert all(np.logical_xor(turned, same))
    tuples_turned = np.reshape(turned, (8, 4)).sum(axis=1)
    assert set(tuples_turned.tolist()) == {0, 4}


def test_a_log_on_a_full_disk_or_in_a_lost_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    log = CsvLog(tmp_path / "run" / "log.csv", ("step",), before=0)
    (tmp_path / "run" / "log.csv").unlink()
    (tmp_path / "run").rmdir()
    with pytest.raises(StorageError, match="cannot write"):
        log.write({"step": 1})


def test_two_classes_are_held_out_at_least() -> None:
    rest, held = hold_out(pictures(list(range(12))), ValidationPart(share=0.1), seed=0)
    assert held is not None
    assert (len(rest), len(held)) == (10, 2)
    with pytest.raises(UsageError, match="3 classes are too few to hold 2 of them out"):
        hold_out(pictures([0, 1, 2]), ValidationPart(), seed=0)


def test_vectors_that_are_not_finite_stop_a_validation() -> None:
    good, bad = np.eye(2, dtype=np.float32), np.full((2, 2), np.nan, np.float32)
    relevant = [(np.array([0]), np.array([], np.int64))] * 2
    assert retrieval_map(good, good[:, ::-1], relevant) == pytest.approx(0.75)
    with pytest.raises(RelookError, match=r"not finite; lower optimizer\.rate"):
        retrieval_map(good, bad, relevant)


def test_pictures_of_a_dataset_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    write_pictures(tmp_path, classes=2)
    (tmp_path / "class0" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    names = [f"class{k}/{take}.png" for k in range(2) for take in range(2)]
    roles = ["query", "db"] * 2
    images = [{"id": n, "path": n, "role": role} for n, role in zip(names, roles, strict=True)]
    queries = [
        {"query": names[0], "positives": [names[1]]},
        {"query": names[2], "positives": [names[3]]},
    ]
    content = {"images": images, "queries": queries}
    (tmp_path / "gnd.json").write_text(json.dumps(content))
    search = DatasetSearch.open(tmp_path, longest=32)
    assert len(search.notes()) == 1
    assert "class0/1.png" in search.notes()[0]
    assert search.score(network().eval()) == 1.0


def test_what_goes_wrong_in_another_process_is_said_by_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise UsageError("does not fit")

    monkeypatch.setattr(launch, "_group", lambda *_: nullcontext())
    monkeypatch.setattr(launch, "train", fail)
    said: SimpleQueue[Any] = SimpleQueue()
    config = from_table(table())
    launch._other(1, 2, 0, "cpu", config, Path(), None, said, Semaphore(0))
    assert said.get() == (UsageError, "does not fit")


def test_a_plain_draw_asks_for_no_views() -> None:
    draw = Draw.plainly(np.arange(3), side=32)
    assert draw.plain
    assert draw.share(0, 1) is draw
