"""Rankings become the numbers that recognition reads."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError
from relook.core.records import Box, Evidence, Ranking
from relook.recognition.observation import KEPT, Observation, observe

FRAME = Box(0, 0, 200, 100)


def evidence(points, *, strength=7.0, share=0.3):
    query = np.array(points, np.float32)
    (left, top), (right, bottom) = query.min(axis=0), query.max(axis=0)
    region = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    return Evidence(len(query), strength, np.eye(3), query, query, region, region, share=share)


def ranking(count, *proofs):
    proof = (*proofs, *[None] * (count - len(proofs))) if proofs else ()
    return Ranking(np.arange(count) + 1, np.linspace(9, 1, count).astype(np.float32), proof)


SQUARE = ((0, 0), (100, 0), (100, 50), (0, 50))


def test_evidence_is_read_in_shares_of_what_was_searched_for():
    seen = observe(ranking(3, None, evidence(SQUARE)), [3, 2, 1], frame=FRAME)
    assert seen.ids.tolist() == [1, 2, 3]
    assert seen.similarities.tolist() == [3, 2, 1]
    assert seen.strengths.tolist() == [0, 7, 0]
    assert seen.shares.tolist() == pytest.approx([0, 0.3, 0])
    assert seen.query_shares.tolist() == [0, 0.25, 0]
    assert seen.boxes[1].tolist() == [0, 0, 0.5, 0.5]
    assert np.isnan(seen.boxes[[0, 2]]).all()


def test_in_a_box_shares_and_places_are_those_of_the_box():
    frame = Box(400, 300, 200, 100)
    moved = [(x + 400, y + 300) for x, y in SQUARE]
    here = observe(ranking(1, evidence(moved)), [1], frame=frame)
    there = observe(ranking(1, evidence(SQUARE)), [1], frame=FRAME)
    for name in ("query_shares", "offsets", "boxes"):
        np.testing.assert_allclose(getattr(here, name), getattr(there, name), atol=1e-6)


@pytest.mark.parametrize(
    ("points", "offset"),
    [
        (((0, 0), (200, 0), (200, 100), (0, 100)), 0.0),  # the middle lies within
        (((0, 0), (90, 0), (90, 100), (0, 100)), 0.2),  # 10 of 50 pixels beside it
        (((0, 0), (10, 0), (10, 10), (0, 10)), 1.0),  # far away
    ],
)
def test_the_offset_is_how_far_the_middle_lies_from_what_matched(points, offset):
    seen = observe(ranking(1, evidence(points)), [1], frame=FRAME)
    assert seen.offsets.tolist() == pytest.approx([offset])


@pytest.mark.parametrize("points", [[(5, 5)], [(5, 5), (90, 40)], [(1, 1), (2, 2), (3, 3)]])
def test_evidence_without_an_area_is_read(points):
    seen = observe(ranking(1, evidence(points)), [1], frame=FRAME)
    assert seen.query_shares.tolist() == [0]
    assert 0 < seen.offsets[0] <= 1


def test_points_beyond_the_frame_give_no_share_above_one():
    points = [(-50, -50), (500, -50), (500, 500), (-50, 500)]
    assert observe(ranking(1, evidence(points)), [1], frame=FRAME).query_shares[0] == 1


def test_surprise_is_the_standard_score_among_the_strangers():
    rng = np.random.default_rng(0)
    similarities = np.sort(np.r_[rng.normal(0, 1, 250), np.full(50, 8.0)])[::-1]
    seen = observe(ranking(300), similarities, frame=FRAME)
    strangers = similarities[50:]
    expected = (similarities - strangers.mean()) / strangers.std()
    np.testing.assert_allclose(seen.surprises, expected[:KEPT], rtol=1e-5)
    assert len(seen) == KEPT


def test_in_a_small_collection_the_second_half_are_the_strangers():
    seen = observe(ranking(4), [9.0, 3.0, 2.0, 0.0], frame=FRAME)
    np.testing.assert_allclose(seen.surprises, [8, 2, 1, -1])


@pytest.mark.parametrize("similarities", [[], [3.0], [3.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
def test_where_there_is_nothing_to_stand_out_from_nothing_is_a_surprise(similarities):
    seen = observe(ranking(len(similarities)), similarities, frame=FRAME)
    assert seen.surprises.tolist() == [0.0] * len(similarities)


def test_similarities_need_not_be_in_the_order_of_the_ranking():
    """Geometry has moved a result up; strangers are those of low similarity all the same."""
    a = observe(ranking(6), [9, 8, 1, 2, 3, 2], frame=FRAME)
    b = observe(ranking(6), [1, 2, 3, 2, 9, 8], frame=FRAME)
    assert sorted(a.surprises.tolist()) == sorted(b.surprises.tolist())


def test_images_are_left_out():
    seen = observe(ranking(5, None, evidence(SQUARE)), [5, 4, 3, 2, 1], frame=FRAME)
    assert seen.without(set()) is seen
    left = seen.without({1, 4, 99})
    assert left.ids.tolist() == [2, 3, 5]
    assert left.strengths.tolist() == [7, 0, 0]
    assert left.boxes.shape == (3, 4)
    assert len(seen.without(range(9))) == 0


def test_columns_of_another_length_are_refused():
    columns = [np.zeros(2, np.float32)] * 6
    with pytest.raises(ShapeError):
        Observation(np.arange(2), *columns, np.zeros((3, 4), np.float32))
    with pytest.raises(ShapeError):
        Observation(np.arange(3), *columns, np.zeros((3, 4), np.float32))
