from __future__ import annotations

import math

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError

torch = pytest.importorskip("torch")

from oracles import losses as oracle  # noqa: E402 - after torch is known to be there
from relook.training.losses import contrastive, hinge, make_loss, quadruplet, triplet  # noqa: E402

TUPLES = ["contrastive", "triplet", "quadruplet", "hinge"]


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


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("negatives", [1, 4])
def test_quadruplet_is_its_definition(seed, negatives):
    parts = tuple_of(seed, negatives)
    want = oracle.quadruplet(*parts, 0.4, 0.3)
    have = quadruplet(*map(torch.from_numpy, parts), margin=0.4, between=0.3)
    assert have.item() == pytest.approx(want)


@pytest.mark.parametrize("seed", range(3))
def test_hinge_is_its_definition(seed):
    parts = tuple_of(seed)
    have = hinge(*map(torch.from_numpy, parts), margin=0.1)
    assert have.item() == pytest.approx(oracle.hinge(*parts, 0.1))


def test_hinge_begins_where_the_contrastive_loss_does():
    ends = make_loss("hinge").margin
    assert math.sqrt(2 - 2 * ends) == pytest.approx(make_loss("contrastive").margin)


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
    assert make_loss("quadruplet").margin == 0.1
    assert make_loss("quadruplet").between == 0.05


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("contrastive", {"margin": 1.9}),
        ("triplet", {"margin": 1.9}),
        ("triplet", {"margin": 1.9, "squared": False}),
        ("quadruplet", {"margin": 1.9, "between": 1.9}),
        ("hinge", {"margin": -0.9}),
    ],
)
def test_gradients_are_right(name, options):
    parts = [torch.from_numpy(part).requires_grad_() for part in tuple_of(7)]
    loss = make_loss(name, **options)
    assert loss(*parts).item() > 0
    assert torch.autograd.gradcheck(loss, parts)


@pytest.mark.parametrize("name", TUPLES)
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


@pytest.mark.parametrize("name", ["triplet", "quadruplet"])
def test_without_negatives_there_is_nothing_to_rank(name):
    query = torch.tensor([0.6, 0.8], requires_grad=True)
    loss = make_loss(name)(query, torch.tensor([1.0, 0.0]), torch.zeros(0, 2))
    loss.backward()
    assert loss.item() == 0
    assert query.grad.tolist() == [0, 0]


@pytest.mark.parametrize("name", ["contrastive", "hinge"])
def test_without_negatives_the_positive_still_attracts(name):
    query, positive = torch.tensor([0.6, 0.8]), torch.tensor([1.0, 0.0])
    assert make_loss(name)(query, positive, torch.zeros(0, 2)).item() == pytest.approx(0.4)


@pytest.mark.parametrize("name", TUPLES)
def test_identical_vectors_have_a_finite_gradient(name):
    one = torch.tensor([0.6, 0.8], requires_grad=True)
    make_loss(name)(one, one, one.expand(3, 2)).backward()
    assert torch.isfinite(one.grad).all()


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("contrastive", {"margin": 0}, "margin must be a number above 0 and at most 2, not 0"),
        ("triplet", {"margin": "wide"}, "margin must be a number at least 0 and at most 4"),
        ("triplet", {"margin": 3, "squared": False}, "at most 2, not 3"),
        ("quadruplet", {"between": -1}, "between must be"),
        ("hinge", {"margin": math.inf}, "margin must be"),
    ],
)
def test_options_out_of_their_bounds_are_refused(name, options, says):
    with pytest.raises(UsageError, match=says):
        make_loss(name, **options)
