"""Every pooling equals its definition in float64, and so does its gradient."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracles import pooling as oracle  # noqa: E402 - after torch is known to be there
from relook.networks.pooling import (  # noqa: E402
    crow,
    gated,
    gem,
    mac,
    mixed,
    netvlad,
    regional,
    rmac,
    spoc,
    top_k,
    tree,
)  # fmt: skip
from relook.networks.pooling.regions import rmac_regions  # noqa: E402

RNG = np.random.default_rng(0)
P = RNG.uniform(0.5, 6, 5)
GATES, LEAVES = RNG.normal(0, 1, (3, 5)), RNG.random(4)
CENTERS, WEIGHT, BIAS = RNG.normal(0, 1, (3, 5)), RNG.normal(0, 4, (3, 5)), RNG.normal(0, 1, 3)
LAYER, SHIFT = RNG.normal(0, 1, (4, 5)), RNG.normal(0, 1, 4)


def tensor(values):
    return torch.from_numpy(np.asarray(values, np.float64))


def whiten(vectors):
    return vectors @ tensor(LAYER).T + tensor(SHIFT)


def linear(weight, bias):
    layer = torch.nn.Linear(weight.shape[1], len(weight), dtype=torch.float64)
    layer.load_state_dict({"weight": tensor(weight), "bias": tensor(bias)})
    return layer.requires_grad_(False)


def regions(one, levels):
    return rmac_regions(*one.shape[1:], levels=levels)


# name: (ours on a batch, the definition on one map)
PAIRS = {
    "mac": (mac, oracle.mac),
    "spoc": (spoc, oracle.spoc),
    "gem": (lambda maps: gem(maps, 3.0), oracle.gem),
    "gem by powers": (lambda maps: gem(maps, 3.0, whole=True), oracle.gem),
    "gem, p per channel": (lambda maps: gem(maps, tensor(P)), lambda one: oracle.gem(one, P)),
    "crow": (crow, oracle.crow),
    "crow of the lecture": (
        lambda maps: crow(maps, variant="lecture"),
        lambda one: oracle.crow(one, "lecture"),
    ),
    "mixed": (lambda maps: mixed(maps, 0.3), lambda one: oracle.mixed(one, 0.3)),
    "gated": (
        lambda maps: gated(maps, tensor(GATES[0])),
        lambda one: oracle.gated(one, GATES[0]),
    ),
    "tree": (
        lambda maps: tree(maps, tensor(LEAVES), tensor(GATES)),
        lambda one: oracle.tree(one, LEAVES, GATES),
    ),
    "netvlad": (
        lambda maps: netvlad(maps, tensor(CENTERS), tensor(WEIGHT), tensor(BIAS)),
        lambda one: oracle.netvlad(one, CENTERS, WEIGHT, BIAS),
    ),
    "rmac": (rmac, lambda one: oracle.rmac(one, regions(one, 3))),
    "rmac, whitened": (
        lambda maps: rmac(maps, levels=2, whole=True, whiten=whiten),
        lambda one: oracle.rmac(one, regions(one, 2), whole=True, weight=LAYER, bias=SHIFT),
    ),
    "regional": (regional, oracle.regional),
    "top_k": (
        lambda maps: top_k(maps, classify=linear(WEIGHT, BIAS), k=3).vectors,
        lambda one: oracle.top_k(one, WEIGHT, BIAS, k=3),
    ),
    "top_k, whitened": (
        lambda maps: (
            top_k(maps, classify=linear(WEIGHT, BIAS), k=4, whiten=linear(LAYER, SHIFT)).vectors
        ),
        lambda one: oracle.top_k(one, WEIGHT, BIAS, k=4, whiten=(LAYER, SHIFT)),
    ),
}


@pytest.fixture(params=PAIRS.values(), ids=PAIRS)
def pair(request):
    return request.param


def maps(size, *, batch=2):
    """Non-negative; half of the values are zero."""
    values = np.random.default_rng(size).normal(0, 1, (batch, 5, *size))
    return np.maximum(values, 0)


@pytest.mark.parametrize("size", [(4, 7), (7, 4), (1, 1), (6, 6), (1, 9)], ids=str)
def test_it_equals_the_definition(pair, size):
    ours, definition = pair
    batch = maps(size)
    expected = [definition(one) for one in batch]
    np.testing.assert_allclose(ours(tensor(batch)).numpy(), expected, rtol=1e-9, atol=1e-12)
    found = ours(tensor(batch)).float()  # and float32 is not far from it
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_gradient_is_that_of_finite_differences(pair):
    ours, _ = pair
    batch = tensor(np.random.default_rng(3).permutation(2 * 5 * 4 * 3).reshape(2, 5, 4, 3) + 5)
    assert torch.autograd.gradcheck(ours, (batch / 60).requires_grad_())


@pytest.mark.parametrize(
    ("function", "learned"),
    [
        (gem, [P]),
        (gem, [P[:1]]),
        (mixed, [P]),
        (gated, [GATES[0]]),
        (tree, [LEAVES, GATES]),
        (netvlad, [CENTERS, WEIGHT, BIAS]),
    ],
)
def test_the_gradient_of_what_is_learned_is_that_of_finite_differences(function, learned):
    batch = tensor(maps((4, 3)) + 0.1)
    parameters = [tensor(values).requires_grad_() for values in learned]
    assert torch.autograd.gradcheck(lambda *values: function(batch, *values), parameters)
