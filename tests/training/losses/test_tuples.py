from __future__ import annotations

import math

import numpy as np
import pytest

from relook.core.errors import ShapeError

torch = pytest.importorskip("torch")

from oracles import losses as oracle  # noqa: E402 - after torch is known to be there
from relook.training.losses import contrastive, make_loss, triplet  # noqa: E402


def unit(*shape, seed=0):
    vectors = np.random.default_rng(seed).standard_normal(shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def tuple_of(seed, negatives=4, dims=3):
    return unit(dims, seed=seed), unit(dims, seed=seed + 50), unit(negatives, dims, seed=seed + 90)


def at(degrees):
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("margin", [0.3, 0.7, 1.6])
def test_contrastive_is_its_definition(seed, margin):
    parts = tuple_of(seed)
    want = oracle.contrastive(*parts, margin)
    assert contrastive(*map(torch.from_numpy, parts), margin=margin).item() == pytest.approx(want)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("power", [1, 2])
def test_triplet_is_its_definition(seed, power):
    parts = tuple_of(seed)
    want = oracle.triplet(*parts, 0.4, power)
    have = triplet(*map(torch.from_numpy, parts), margin=0.4, squared=power == 2)
    assert have.item() == pytest.approx(want)


def test_contrastive_of_a_circle_by_hand():
    query, positive = torch.tensor(at(0)), torch.tensor(at(60))
    negatives = torch.tensor([at(-30), at(90)])
    near = 2 * math.sin(math.radians(15))
    want = 0.5 + (0.7 - near) ** 2 / 2
    assert contrastive(query, positive, negatives).item() == pytest.approx(want, rel=1e-5)


def test_triplet_of_a_circle_by_hand():
    query, positive = torch.tensor(at(0)), torch.tensor(at(60))
    negatives = torch.tensor([at(-60), at(180), at(90)])
    assert triplet(query, positive, negatives).item() == pytest.approx(0.1, rel=1e-5)


def test_margins_are_those_of_the_references():
    assert make_loss("contrastive").margin == 0.7
    assert make_loss("triplet").margin == 0.1


@pytest.mark.parametrize("name", ["contrastive", "triplet"])
def test_gradients_are_right(name):
    loss = make_loss(name, margin=1.9)
    parts = [torch.from_numpy(part).requires_grad_() for part in tuple_of(7)]
    assert torch.autograd.gradcheck(loss, parts)


@pytest.mark.parametrize("name", ["contrastive", "triplet"])
@pytest.mark.parametrize(
    "bad", [((3,), (4,), (2, 3)), ((3,), (3,), (3,)), ((1, 3), (1, 3), (2, 3))]
)
def test_other_shapes_are_refused(name, bad):
    with pytest.raises(ShapeError, match=r"\(D,\), \(D,\) and \(N, D\)"):
        make_loss(name)(*map(torch.zeros, bad))


def test_a_negative_like_the_query_costs_half_the_margin_squared_without_a_gradient():
    query = torch.tensor([0.6, 0.8], requires_grad=True)
    loss = contrastive(query, query.detach(), query.detach()[None])
    loss.backward()
    assert loss.item() == pytest.approx(0.245)
    assert query.grad.tolist() == [0, 0]
