from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.datasets.truth import DatasetImage, make_truth
from relook.evaluation.classes import evaluate_classes

PARTS, CLASSES = ("photo", "art", "sketch"), ("dog", "cat")


def _truth(parts=PARTS, *, protocol="classes", each=6):
    images = [
        DatasetImage(f"{part}/{label}/{n}", f"{part}/{label}/{n}.jpg", "db", label, part)
        for part in parts
        for label in CLASSES
        for n in range(each)
    ]
    return make_truth(Path("here"), "tiny", images, (), protocol=protocol)


def _descriptors(truth, *, swapped=()):
    """One axis per class; in a swapped part the axes say the other class."""
    random = np.random.default_rng(4)
    rows = []
    for image in truth.images:
        axis = CLASSES.index(image.label) ^ (image.part in swapped)
        rows.append(np.eye(4)[axis] + 0.05 * random.normal(size=4))
    return np.array(rows, np.float32)


def test_every_cell_is_trained_without_its_test_part():
    truth = _truth()
    result = evaluate_classes(truth, _descriptors(truth))
    pairs = [(cell.train, cell.test) for cell in result.cells]
    assert pairs == [
        (("photo",), "art"), (("photo",), "sketch"),
        (("art",), "photo"), (("art",), "sketch"),
        (("sketch",), "photo"), (("sketch",), "art"),
        (("art", "sketch"), "photo"), (("photo", "sketch"), "art"), (("photo", "art"), "sketch"),
    ]  # fmt: skip
    assert {cell.accuracy for cell in result.cells} == {1.0}
    assert result.mean == 1.0


def test_a_part_that_contradicts_the_others_is_named_wrongly():
    truth = _truth()
    result = evaluate_classes(truth, _descriptors(truth, swapped=("sketch",)))
    assert result.accuracy("sketch") == 0.0
    assert result.accuracy("art", train="photo") == 1.0
    assert result.accuracy("art", train="sketch") == 0.0
    parts = [result.accuracy(part) for part in PARTS]
    assert result.mean == pytest.approx(np.mean(parts))


def test_the_cost_is_chosen_without_a_look_at_the_test_part():
    truth = _truth()
    descriptors = _descriptors(truth)
    costs = {}
    for seed in (0, 1):
        changed = descriptors.copy()
        sketches = [image.part == "sketch" for image in truth.images]
        changed[sketches] = np.random.default_rng(seed).normal(size=(12, 4))
        result = evaluate_classes(truth, changed)
        costs[seed] = [cell.cost for cell in result.cells if "sketch" not in cell.train]
    assert costs[0] == costs[1]


def test_two_parts_have_no_leave_one_out_beside_the_single_ones():
    truth = _truth(("photo", "art"))
    result = evaluate_classes(truth, _descriptors(truth))
    assert [(cell.train, cell.test) for cell in result.cells] == [
        (("photo",), "art"), (("art",), "photo"),
    ]  # fmt: skip
    assert result.mean == 1.0


def test_the_result_is_plain_json():
    truth = _truth()
    found = json.loads(json.dumps(evaluate_classes(truth, _descriptors(truth)).to_json()))
    assert found["dataset"] == "tiny"
    assert found["parts"] == list(PARTS)
    assert found["mean"] == 1.0
    assert found["cells"][0] == {
        "train": ["photo"], "test": "art", "accuracy": 1.0, "cost": 0.01,
    }  # fmt: skip


def test_progress_counts_trainings():
    truth, seen = _truth(), []
    evaluate_classes(truth, _descriptors(truth), progress=lambda *done: seen.append(done))
    assert seen == [(n, 6) for n in range(1, 7)]


def test_a_cell_that_is_not_there_is_refused():
    truth = _truth()
    result = evaluate_classes(truth, _descriptors(truth))
    with pytest.raises(UsageError, match="no cell for art → art"):
        result.accuracy("art", train="art")


def test_what_cannot_be_evaluated_is_said():
    truth = _truth()
    with pytest.raises(UsageError, match="scored by 'distractors'"):
        evaluate_classes(_truth(protocol="distractors"), _descriptors(truth))
    with pytest.raises(UsageError, match="one part only"):
        evaluate_classes(_truth(("photo",)), _descriptors(_truth(("photo",))))
    with pytest.raises(ShapeError, match=r"\(36, any\)"):
        evaluate_classes(truth, _descriptors(truth)[:5])
    nameless = make_truth(
        Path("here"), "tiny", [DatasetImage("a", "a.jpg", "db")], (), protocol="classes"
    )
    with pytest.raises(UsageError, match="a has no class"):
        evaluate_classes(nameless, np.ones((1, 2), np.float32))
