"""Recognition by local features, by a network's vectors, and by both, in a museum drawn by code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import relook
from relook.collection import Collection, Recognizer
from relook.datasets.museum import Exhibition, write_museum
from relook.images import read
from relook.recognition.observation import COLUMNS

EXHIBITION = Exhibition(paintings=6, views=2, queries=6, unknown=2, empty=1)


@pytest.fixture(scope="module")
def museum(tmp_path_factory):
    """Photos of six paintings, of two others only by visitors, and the truth."""
    folder = tmp_path_factory.mktemp("kinds") / "museum"
    write_museum(folder, exhibition=EXHIBITION)
    return folder


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    pytest.importorskip("torch")
    from oracles import tiny

    folder = tmp_path_factory.mktemp("network")
    tiny.write_network(folder)
    return folder


def truth(museum):
    return json.loads((museum / "gnd.json").read_text("utf-8"))["images"]


def fill(collection: Collection, museum: Path) -> None:
    collection.add([museum / "photos"], jobs=1)
    labels = {
        collection.ids_of([museum / image["path"]])[0]: [image["instance"]]
        for image in truth(museum)
        if image["role"] != "query" and image["instance"] is not None
    }
    collection.apply_labels(labels)


def asked(museum):
    """Path and painting of the photos by visitors."""
    return [
        (museum / image["path"], image["instance"])
        for image in truth(museum)
        if image["role"] == "query"
    ]


@pytest.fixture(scope="module")
def guide(museum, tmp_path_factory):
    place = tmp_path_factory.mktemp("local") / "c"
    with relook.create(place, recipe="sift-asmk") as collection:
        fill(collection, museum)
    with relook.Recognizer(place, threads=2) as found:
        yield found


def test_visitors_are_told_what_they_see_and_what_is_not_here(guide, museum):
    """As it ships, uncalibrated: a wrong name would be worse than none."""
    best, given = [], []
    for photo, painting in asked(museum):
        found = guide.recognize(photo)
        first = found.verdict.candidates[0].label if found.verdict.candidates else None
        best.append((first == painting, painting))
        given.append((found.verdict.label, painting))
        if found.verdict.known:
            assert found.evidence.inliers >= 5
    known = set(guide._collection.label_counts())
    inside = [right for right, painting in best if painting in known]
    assert np.mean(inside) >= 0.8
    assert all(label in (None, painting) for label, painting in given)
    assert sum(label is not None for label, _ in given) >= 3


def test_evidence_lies_where_the_painting_is(guide, museum):
    """A box around what matched gives the same answer; a box beside it does not."""
    for photo, painting in asked(museum):
        whole = guide.recognize(photo)
        if whole.verdict.label != painting:
            continue
        left, top = whole.evidence.query_region.min(axis=0)
        right, bottom = whole.evidence.query_region.max(axis=0)
        width, height = read(photo).size
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        box = (left, top, right - left, bottom - top)
        inner = guide.recognize(photo, box=box)
        assert inner.verdict.candidates[0].label == painting
        assert inner.evidence.query_region[:, 0].min() >= left - 2
        return
    pytest.fail("nothing was recognized")


def test_a_calibration_on_real_features_is_the_same_with_any_threads(guide, museum):
    report = guide.calibrate(target_precision=0.95)
    mine = guide.lessons.queries
    assert (report.known_queries, report.skipped) == (12, 0)
    assert "too few" in report.fallback
    shutil.rmtree(guide._collection.directory / "derived" / "calibration")
    other = Recognizer(guide._collection, threads=1)
    assert other.calibrate(target_precision=0.95) == report
    for a, b in zip(mine, other.lessons.queries, strict=True):
        assert a.key == b.key
        for name in ("ids", *COLUMNS):
            np.testing.assert_array_equal(*(getattr(q.observation, name) for q in (a, b)))


@pytest.mark.parametrize("local", [False, True], ids=["global", "both"])
def test_a_network_alone_and_with_local_features_recognizes(network, museum, tmp_path, local):
    from oracles import tiny
    from relook.evaluation.recognition_run import measure_recognition
    from relook.evaluation.recognize import Task
    from relook.evaluation.source import load_source
    from relook.search import load_recipe

    source = load_source(str(museum))
    recipe = load_recipe(tiny.recipe(network, f"local-{local}", local=local))
    record = measure_recognition(source, recipe, Task(unknown=0.0), workdir=tmp_path, jobs=1)
    assert (record["n_failed"], record["n_labels"]) == (0, 6)
    assert 0 <= record["accuracy_known"] <= 1
    assert json.dumps(record)
    (place,) = tmp_path.iterdir()
    with relook.open(place) as collection, Recognizer(collection) as guide:
        assert guide.calibration.to_json() == record["calibration"]
        assert (guide.calibration.known_queries, guide.calibration.contradictions) == (12, ())
        for photo, _ in asked(museum)[:2]:
            found = guide.recognize(photo)
            assert len(found.verdict.candidates) == 6
            if not local:
                assert (found.evidence.inliers, found.evidence.query_region) == (0, None)
        assert collection.check().ok
