"""Verified images lead what diffusion found."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relook.core.records import Evidence, Ranking
from relook.reranking.diffusion import lead


def proof(strength, *, verified):
    points, corners = np.zeros((0, 2), np.float32), np.zeros((4, 2), np.float32)
    return Evidence(0, strength, np.eye(3), points, points, corners, corners, verified=verified)


def ranking(ids, scores, evidence):
    order = np.argsort(-np.array(scores, np.float32), kind="stable")
    return Ranking(
        np.array(ids, np.int64)[order],
        np.array(scores, np.float32)[order],
        tuple(evidence[row] for row in order),
    )


SCORES = st.floats(-50, 50, width=32)


@given(st.data(), st.integers(0, 12))
def test_sure_images_stay_in_front_in_their_order_and_nothing_is_lost(data, count):
    ids = data.draw(st.permutations(range(count)))
    marks = data.draw(
        st.lists(st.sampled_from([None, False, True]), min_size=count, max_size=count)
    )
    proofs = [None if mark is None else proof(3.0, verified=mark) for mark in marks]
    draw = st.lists(SCORES, min_size=count, max_size=count)
    fused = ranking(ids, data.draw(draw), proofs)
    by_id = dict(zip(ids, proofs, strict=True))
    again = data.draw(st.permutations(ids))
    spread = ranking(again, data.draw(draw), [by_id[id_] for id_ in again])
    sure = {id_ for id_, mark in zip(ids, marks, strict=True) if mark}
    found = lead(spread, fused)
    assert sorted(found.ids.tolist()) == list(range(count))
    assert np.all(np.diff(found.scores) <= 0)
    assert found.scores.dtype == np.float32
    assert [by_id[id_] for id_ in found.ids.tolist()] == list(found.evidence)
    first, rest = found.ids[: len(sure)].tolist(), found.ids[len(sure) :].tolist()
    assert first == [id_ for id_ in fused.ids.tolist() if id_ in sure]
    assert rest == [id_ for id_ in spread.ids.tolist() if id_ not in sure]
