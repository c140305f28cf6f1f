"""Offline miners against looking at everybody, where similarities tie and rows stand twice."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import mining as oracle
from relook.core.errors import ShapeError, UsageError
from relook.training.mining import MINERS, TupleMiner, exact, make_miner

SEEDS = range(3)
ENGINES = ["exact", "flat"]
LABELED = sorted(set(MINERS) - {"manifold"})


def made(seed, rows=60, classes=12):
    vectors, labels = oracle.signs(rows, classes, seed)
    return vectors, labels, np.arange(rows)


def mined(name, seed, **options):
    vectors, labels, queries = made(seed)
    rng = np.random.default_rng(seed)
    return vectors, labels, make_miner(name, **options).mine(vectors, labels, queries, rng)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("one_per_class", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_hard_negatives_are_the_nearest_of_other_classes(seed, one_per_class, engine):
    options = {"negatives": 6, "one_per_class": one_per_class, "engine": engine}
    vectors, labels, found = mined("hard", seed, **options)
    assert [each.query for each in found] == [
        row for row in range(len(labels)) if oracle.positives(labels, row)
    ]
    for each in found:
        assert each.positive in oracle.positives(labels, each.query)
        assert each.negatives == oracle.negatives(
            vectors, labels, each.query, count=6, one_per_class=one_per_class
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_n2_finds_other_classes_behind_a_large_one(engine):
    rng = np.random.default_rng(0)
    center = np.eye(8, dtype=np.float32)[0]
    crowd = center + 0.01 * rng.standard_normal((900, 8))
    rest = rng.standard_normal((12, 8))
    vectors = np.concatenate([[center, center], crowd, rest])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    labels = np.array([0, 0] + [1] * 900 + list(range(2, 14)))
    miner = make_miner("hard", negatives=4, one_per_class=True, engine=engine)
    (found,) = miner.mine(vectors, labels, np.array([0]), rng)
    assert len({labels[row] for row in found.negatives}) == 4
    assert found.negatives == oracle.negatives(vectors, labels, 0, count=4, one_per_class=True)


@pytest.mark.parametrize("options", [{}, {"one_per_class": False}, {"threads": 2}])
@pytest.mark.parametrize("name", ["hard", "semi_hard"])
def test_blocks_of_the_pass_over_all_do_not_show(name, options, monkeypatch):
    whole = mined(name, 1, **options)[2]
    monkeypatch.setattr(exact, "QUERIES", 7)
    monkeypatch.setattr(exact, "COLUMNS", 9)
    assert mined(name, 1, **options)[2] == whole


def test_all_there_are_is_what_too_large_a_wish_gets():
    _, labels, found = mined("hard", 0, negatives=50, one_per_class=True)
    for each in found:
        assert len(each.negatives) == len(np.unique(labels)) - 1


@pytest.mark.parametrize("seed", SEEDS)
def test_hardest_positive_is_the_farthest_of_the_class(seed):
    vectors, labels, found = mined("hard_positive", seed)
    for each in found:
        values = {
            row: oracle.similarity(vectors, each.query, row)
            for row in oracle.positives(labels, each.query)
        }
        assert each.positive == min(values, key=lambda row: (values[row], row))


@pytest.mark.parametrize("seed", SEEDS)
def test_easiest_positive_is_the_nearest_of_the_class(seed):
    vectors, labels, found = mined("hard", seed, positive="easiest")
    for each in found:
        near = oracle.nearest(vectors, each.query, oracle.positives(labels, each.query))
        assert each.positive == near[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_semi_hard_positive_is_the_farthest_before_all_negatives(seed):
    vectors, labels, found = mined("hard", seed, positive="semi_hard")
    wanted = {
        row: positive
        for row in range(len(labels))
        if (positive := oracle.semi_hard_positive(vectors, labels, row)) is not None
    }
    assert {each.query: each.positive for each in found} == wanted


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("one_per_class", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_semi_hard_negatives_are_the_nearest_beyond_the_positive(seed, one_per_class, engine):
    options = {"one_per_class": one_per_class, "engine": engine}
    vectors, labels, found = mined("semi_hard", seed, **options)
    assert found
    for each in found:
        edge = oracle.similarity(vectors, each.query, each.positive)
        wanted = oracle.negatives(
            vectors, labels, each.query, count=5, one_per_class=one_per_class, below=edge
        )
        assert each.negatives == wanted


def test_queries_without_a_semi_hard_negative_are_left_out():
    vectors = np.array([[1, 0], [-1, 0], [0.6, 0.8]], np.float32)
    miner = make_miner("semi_hard")
    found = miner.mine(vectors, np.array([0, 0, 1]), np.array([0, 1]), np.random.default_rng(0))
    assert found == ()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kept", [None, 2, 100])
def test_combinations_are_the_hardest_of_easy_positives_and_hard_negatives(seed, kept):
    vectors, labels, found = mined("combination", seed, positives=3, negatives=4, triplets=kept)
    for query in range(len(labels)):
        mine = [(each.positive, *each.negatives) for each in found if each.query == query]
        assert mine == oracle.combinations(
            vectors, labels, query, easy=3, hard=4, kept=3 if kept is None else kept
        )


@pytest.mark.parametrize("one_per_class", [False, True])
def test_random_negatives_are_different_rows_of_other_classes(one_per_class):
    _, labels, found = mined("random", 1, negatives=7, one_per_class=one_per_class)
    for each in found:
        others = labels[list(each.negatives)]
        assert len(set(each.negatives)) == 7
        assert labels[each.query] == labels[each.positive]
        assert each.query != each.positive
        assert not np.any(others == labels[each.query])
        assert len(set(others)) == 7 or not one_per_class


def test_chance_takes_everyone_about_equally_often():
    vectors, labels, _ = made(0, rows=20, classes=3)
    miner = make_miner("random", negatives=2, one_per_class=False)
    found = miner.mine(vectors, labels, np.zeros(3000, np.int64), np.random.default_rng(0))
    times = np.bincount(np.concatenate([each.negatives for each in found]), minlength=20)
    mates = np.bincount([each.positive for each in found], minlength=20)
    others = labels != labels[0]
    assert np.all(times[~others] == 0)
    mean = 6000 / others.sum()
    assert np.all(np.abs(times[others] - mean) < 5 * np.sqrt(mean))
    own = ~others & (np.arange(20) > 0)
    assert mates[~own].sum() == 0
    assert np.all(np.abs(mates[own] - 3000 / own.sum()) < 5 * np.sqrt(3000 / own.sum()))


@pytest.mark.parametrize("name", sorted(MINERS))
def test_equal_seeds_mine_equal_tuples(name):
    assert mined(name, 2)[2] == mined(name, 2)[2]


def test_arguments_stay_as_they_were():
    vectors, labels, queries = made(0)
    kept = vectors.copy(), labels.copy(), queries.copy()
    make_miner("hard").mine(vectors, labels, queries, np.random.default_rng(0))
    for before, after in zip(kept, (vectors, labels, queries), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_picture_alone_can_be_its_own_positive():
    vectors, _, queries = made(0)
    labels = np.arange(len(vectors))
    miner = make_miner("hard", alone="itself", negatives=2)
    found = miner.mine(vectors, labels, queries, np.random.default_rng(0))
    assert all(each.positive == each.query for each in found)
    assert [each.query for each in found] == queries.tolist()


def test_other_engines_find_as_much_where_they_look_everywhere():
    vectors, labels, queries = made(0)
    exact = TupleMiner(positive="hardest").mine(vectors, labels, queries, np.random.default_rng(0))
    other = TupleMiner(positive="hardest", engine="auto").mine(
        vectors, labels, queries, np.random.default_rng(0)
    )
    assert exact == other


def test_no_queries_no_tuples():
    vectors, labels, _ = made(0)
    for name in MINERS:
        none = np.zeros(0, np.int64)
        assert make_miner(name).mine(vectors, labels, none, np.random.default_rng(0)) == ()


@pytest.mark.parametrize("name", LABELED)
def test_one_class_has_no_negatives(name):
    vectors, labels, queries = made(0)
    with pytest.raises(UsageError, match="same label"):
        make_miner(name).mine(vectors, np.zeros_like(labels), queries, np.random.default_rng(0))


@pytest.mark.parametrize("name", LABELED)
def test_classes_of_one_have_no_positives(name):
    vectors, labels, queries = made(0)
    with pytest.raises(UsageError, match="two pictures"):
        make_miner(name).mine(vectors, np.arange(len(labels)), queries, np.random.default_rng(0))


def test_bad_arguments_are_named():
    vectors, labels, queries = made(0)
    rng = np.random.default_rng(0)
    miner = make_miner("hard")
    with pytest.raises(ShapeError, match="length 1"):
        miner.mine(2 * vectors, labels, queries, rng)
    with pytest.raises(ShapeError, match="not finite"):
        miner.mine(vectors * np.float32(np.nan), labels, queries, rng)
    with pytest.raises(ShapeError, match="labels"):
        miner.mine(vectors, labels[1:], queries, rng)
    with pytest.raises(UsageError, match="queries must be rows"):
        miner.mine(vectors, labels, queries + 1, rng)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nearest", {}, "choose one of random, hard"),
        ("random", {"negatives": 0}, "at least 1"),
        ("random", {"margin": 1}, "has no margin; choose from"),
        ("hard", {"positive": "near"}, "one of random, easiest"),
        ("hard", {"negative": "near"}, "one of random, hard"),
        ("hard", {"alone": "no"}, "one of skip, itself"),
        ("hard", {"engine": "sharp"}, "one of exact, auto, flat"),
        ("combination", {"triplets": 0}, "at least 1"),
        ("combination", {"engine": "sharp"}, "one of exact, auto, flat"),
    ],
)
def test_bad_options_are_named(name, options, said):
    with pytest.raises(UsageError, match=said):
        make_miner(name, **options)
