"""Recipes at work: describe, index, search and verify, on photographs whose truth is exact."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from oracles import geometry, museum
from relook.core.errors import FormatError
from relook.core.records import Box, Image
from relook.images import crop
from relook.search import Engine, Recipe, load_recipe, make_engine

BY_SIFT = ["sift-asmk", "sift-smk"]
"""The others need weights that do not ship."""
SMALL = "sift = { features = 500 }\n"
FLOAT = '[channels.local]\ncodebook = "sift-16k"\nbinary = false\n' + SMALL
IDF = '[channels.local]\ncodebook = "sift-16k"\nindex = { idf = true }\n' + SMALL


class Store:
    """Descriptions of the local channel in memory, as bytes, and the index of them."""

    def __init__(self, engine: Engine) -> None:
        self.part = engine.channel("local")
        self.blobs: dict[int, bytes] = {}
        self.indexed = self.part.make_index()

    def codes(self, ids):
        return {id_: self.part.unpack(self.blobs[id_]) for id_ in ids if id_ in self.blobs}

    def index(self, channel):
        return self.indexed

    def store(self, channel):
        return self


def filled(recipe):
    """The engine, its index and store of 3 paintings from 2 sides: ids 10 n + side."""
    engine = make_engine(recipe)
    describer, store = engine.make_describer(), Store(engine)
    index = store.indexed
    assert describer.describe_hash == engine.describe_hash == recipe.describe_hash
    for number in museum.PAINTINGS:
        for side, kind in enumerate(museum.KINDS[:2]):
            image = museum.photograph(number, kind)[0]
            store.blobs[10 * number + side] = describer.describe(image)["local"]
    store.blobs[99] = describer.describe(Image(np.zeros((64, 64, 3), np.uint8), (64, 64)))["local"]
    ids = np.array(sorted(store.blobs), np.int64)
    index.add(ids, [code.aggregate for code in store.codes(ids.tolist()).values()])
    return engine, index, store


@pytest.fixture(scope="module")
def default():
    return filled(load_recipe("sift-asmk"))


def check_finds(engine, index, store):
    for number in museum.PAINTINGS:
        image = museum.photograph(number, museum.KINDS[2])[0]
        ranking, milliseconds = engine.search(store, image, 5)
        assert {id_ // 10 for id_ in ranking.ids[:2].tolist()} == {number}
        assert all(item is not None and item.inliers >= 5 for item in ranking.evidence[:2])
        assert 99 not in ranking.ids
        assert milliseconds.keys() == {"describe", "search", "verify"}
        assert all(value >= 0 for value in milliseconds.values())


@pytest.mark.parametrize("name", BY_SIFT)
def test_every_shipped_recipe_finds_paintings_from_another_side(name, default):
    check_finds(*(default if name == "sift-asmk" else filled(load_recipe(name))))


@pytest.mark.parametrize("text", [FLOAT, FLOAT + "aggregated = false\n", IDF])
def test_float_vectors_and_idf_work_from_end_to_end(text, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    check_finds(*filled(load_recipe(path)))


def test_verified_transforms_agree_with_the_true_homographies(default):
    engine, _, store = default
    errors = []
    for number in museum.PAINTINGS:
        ranking, _ = engine.search(store, museum.photograph(number, museum.KINDS[2])[0], 9)
        for id_, item in zip(ranking.ids.tolist(), ranking.evidence, strict=True):
            if id_ // 10 == number:
                truth, outline = museum.between(number, museum.KINDS[2], museum.KINDS[id_ % 10])
                have = geometry.apply(item.transform, outline)
                errors.append(np.linalg.norm(have - geometry.apply(truth, outline), axis=1).mean())
    assert len(errors) == 6
    assert np.median(errors) < 8  # of photos about a thousand pixels wide
    assert np.mean(np.array(errors) < 25) >= 0.8


def test_a_box_is_found_and_its_evidence_lies_in_the_whole_picture(default):
    engine, _, store = default
    image, truth = museum.photograph(3, museum.KINDS[2])
    (left, top), (right, bottom) = truth.outline.min(0), truth.outline.max(0)
    box = Box(left, top, (right - left) * 0.7, (bottom - top) * 0.8)
    ranking, _ = engine.search(store, crop(image, box), 3)
    assert {id_ // 10 for id_ in ranking.ids[:2].tolist()} == {3}
    points = ranking.evidence[0].query_points
    assert np.all(points >= (left - 2, top - 2))
    assert np.all(points <= (left + box.width + 2, top + box.height + 2))


@pytest.mark.parametrize("name", BY_SIFT)
def test_signatures_up_to_the_largest_distance_count_and_no_others(name):
    recipe = load_recipe(name)
    strengths = make_engine(recipe).channel("local").make_index().kernel.table()
    farthest = recipe.local.index.max_distance
    assert farthest == 52
    assert np.all(strengths[: farthest + 1] > 0)
    assert not strengths[farthest + 1 :].any()


def test_a_picture_without_features_finds_nothing(default):
    engine, _, store = default
    ranking, _ = engine.search(store, Image(np.zeros((9, 9, 3), np.uint8), (9, 9)), 5)
    assert len(ranking) == 0


def test_without_candidates_nothing_is_verified_and_scores_are_of_the_index(default):
    engine, _, store = default
    plain = make_engine(Recipe.from_json(engine.recipe).with_plan(candidates=0))
    image = museum.photograph(0, museum.KINDS[2])[0]
    ranking, _ = plain.search(store, image, 3)
    assert ranking.evidence == ()
    assert len(ranking) == 3
    assert ranking.scores.max() <= 1


def test_a_describer_can_be_sent_to_another_process_and_describes_the_same(default):
    engine, _, store = default
    make = pickle.loads(pickle.dumps(engine.make_describer))
    image = museum.photograph(0, museum.KINDS[0])[0]
    assert make().describe(image)["local"] == store.blobs[0]


def test_an_index_is_read_back_from_its_files(default, tmp_path):
    engine, index, store = default
    state = index.save(tmp_path)
    other = copy.copy(store)
    other.indexed = engine.channel("local").load_index(tmp_path, state)
    image = museum.photograph(7, museum.KINDS[2])[0]
    first, second = (engine.search(one, image, 5)[0] for one in (store, other))
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.scores, second.scores)
    with pytest.raises(FormatError):
        make_engine(load_recipe("sift-smk")).channel("local").load_index(tmp_path, state)
