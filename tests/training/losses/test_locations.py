from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError

torch = pytest.importorskip("torch")

from oracles import losses as oracle  # noqa: E402 - after torch is known to be there
from relook.training.losses import (  # noqa: E402
    cross_entropy,
    location_cross_entropy,
    make_loss,
    triplet,
    triplet_locations,
)

LABELS = [2, 0]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def scales():
    return [normal(2, 3, 2, 4), normal(2, 3, 1, 2, seed=1)]


def test_all_locations_of_all_scales_count_alike():
    maps = scales()
    have = location_cross_entropy([torch.from_numpy(one) for one in maps], torch.tensor(LABELS))
    assert have.item() == pytest.approx(oracle.location_cross_entropy(maps, LABELS))


def test_one_scale_needs_no_list():
    one = scales()[0]
    have = make_loss("location_cross_entropy")(torch.from_numpy(one), torch.tensor(LABELS))
    assert have.item() == pytest.approx(oracle.location_cross_entropy([one], LABELS))


def test_a_map_of_one_location_is_a_classifier():
    scores = torch.from_numpy(normal(2, 3))
    labels = torch.tensor(LABELS)
    have = location_cross_entropy(scores[..., None, None], labels, smoothing=0.1)
    assert have.item() == pytest.approx(cross_entropy(scores, labels, smoothing=0.1).item())


def test_gradients_of_maps_are_right():
    maps = [torch.from_numpy(one).requires_grad_() for one in scales()]
    loss = make_loss("location_cross_entropy", smoothing=0.1)
    assert torch.autograd.gradcheck(lambda *parts: loss(parts, torch.tensor(LABELS)), maps)


@pytest.mark.parametrize("bad", [(2, 3), (1, 3, 2, 2), (2, 3, 0, 2)])
def test_other_maps_are_refused(bad):
    with pytest.raises(ShapeError, match=r"must have shape \(2, C, h, w\)"):
        location_cross_entropy(torch.zeros(bad), torch.tensor(LABELS))


def test_no_map_at_all_is_refused():
    with pytest.raises(ShapeError, match="no score map"):
        location_cross_entropy([], torch.tensor(LABELS))


def parts():
    vectors = normal(5, 3, seed=2)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    tensor = torch.from_numpy(vectors)
    return [tensor[0], tensor[1], tensor[2:], torch.from_numpy(normal(4, 3, seed=3))]


def test_triplet_locations_adds_the_mean_over_the_locations_of_the_query():
    query, positive, negatives, scores = parts()
    named = oracle.cross_entropy(scores.numpy(), [1] * 4)
    want = triplet(query, positive, negatives, margin=1).item() + 0.5 * named
    have = triplet_locations(
        query, positive, negatives, scores, torch.tensor(1), margin=1, balance=0.5
    )
    assert have.item() == pytest.approx(want)


def test_gradients_of_triplet_locations_are_right():
    loss = make_loss("triplet_locations", margin=1.9)
    given = [part.requires_grad_() for part in parts()]
    assert torch.autograd.gradcheck(lambda *data: loss(*data, torch.tensor(1)), given)


def test_a_label_for_each_location_is_refused():
    with pytest.raises(ShapeError, match=r"\(k, C\) and \(\)"):
        triplet_locations(*parts(), torch.tensor([1, 1, 1, 1]))
