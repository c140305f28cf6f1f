"""A similarity is the sum of what locations contribute, for every way from map to vector."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from oracles import pooling as oracle
from relook.core.errors import ShapeError, UsageError
from relook.descriptors import MultiScale
from relook.descriptors.blended_locations import gated, mixed, tree
from relook.descriptors.contributions import Tail, regrid
from relook.descriptors.locating import LOCATED, make_located
from relook.descriptors.locations import Affine, Gem, Mac, Rmac, Spoc, affine
from relook.descriptors.weighted_locations import Crow, NetVlad, TopK
from relook.networks.pooling.regions import rmac_regions
from relook.vectors import Projection

pytest.importorskip("torch")  # the room of poolings, where R-MAC's regions lie, brings it

CHANNELS, INNER, OUTER = 7, 6, 5


def layer(rng, outputs, inputs):
    return Affine(rng.normal(size=(outputs, inputs)), 0.2 * rng.normal(size=outputs))


RNG = np.random.default_rng(1)
INSIDE = layer(RNG, CHANNELS, CHANNELS)
CLASSES = layer(RNG, 9, CHANNELS)
CENTERS, ASSIGN = RNG.normal(size=(4, CHANNELS)), layer(RNG, 4, CHANNELS)
BLENDS, GATES = RNG.uniform(size=CHANNELS), RNG.normal(size=(3, CHANNELS))
LEAVES = np.array([0.9, 0.1, 0.4, 0.0])
POOLINGS = {
    "spoc": (Spoc(), oracle.spoc),
    "gem": (Gem(np.array([3.0])), oracle.gem),
    "gem per channel": (
        Gem(np.linspace(1.5, 5, CHANNELS)),
        lambda one: oracle.gem(one, np.linspace(1.5, 5, CHANNELS)),
    ),
    "mac": (Mac(), oracle.mac),
    "rmac": (Rmac(), lambda one: oracle.rmac(one, rmac_regions(*one.shape[1:]))),
    "rmac, whole and whitened": (
        Rmac(levels=2, whole=True, whiten=INSIDE),
        lambda one: oracle.rmac(
            one,
            rmac_regions(*one.shape[1:], levels=2),
            whole=True,
            weight=INSIDE.weight,
            bias=INSIDE.bias,
        ),
    ),
    "crow": (Crow(), oracle.crow),
    "crow as taught": (Crow("lecture"), lambda one: oracle.crow(one, "lecture")),
    "top-k": (
        TopK(CLASSES, k=4),
        lambda one: oracle.top_k(one, CLASSES.weight, CLASSES.bias, k=4),
    ),
    "top-k, whitened": (
        TopK(CLASSES, k=200, whiten=INSIDE),
        lambda one: oracle.top_k(
            one, CLASSES.weight, CLASSES.bias, k=200, whiten=(INSIDE.weight, INSIDE.bias)
        ),
    ),
    "netvlad": (
        NetVlad(CENTERS, ASSIGN),
        lambda one: oracle.netvlad(one, CENTERS, ASSIGN.weight, ASSIGN.bias),
    ),
    "mixed": (mixed(BLENDS), lambda one: oracle.mixed(one, BLENDS)),
    "gated": (gated(GATES[0]), lambda one: oracle.gated(one, GATES[0])),
    "tree": (tree(LEAVES, GATES), lambda one: oracle.tree(one, LEAVES, GATES)),
}
DIMENSIONS = {"netvlad": CENTERS.size}
WHITEN = {count: layer(RNG, INNER, count) for count in (CHANNELS, CENTERS.size)}
SCALES = {
    "one": MultiScale(scales=(1.0,)),
    "mean": MultiScale(scales=(1.0, 0.7, 0.5)),
    "sum of mirrored": MultiScale(scales=(1.0, 0.7), pool="sum", flip=True),
    "mirrored": MultiScale(scales=(1.0,), flip=True),
    "gem": MultiScale(scales=(1.0, 0.7), pool="gem", p=2.5),
}


def maps_of(multiscale, *, seed):
    rng = np.random.default_rng(seed)
    sizes = [(round(9 * s), round(12 * s)) for s in multiscale.scales]
    sizes *= 2 if multiscale.flip else 1
    return [np.maximum(rng.normal(0.3, 1, (CHANNELS, *size)), 0) for size in sizes]


def projection(inputs):
    rng = np.random.default_rng(4)
    return Projection(0.1 * rng.normal(size=inputs), rng.normal(size=(OUTER, inputs)))


def by_definition(maps, pool, whiten, multiscale, whitening):
    """All steps again, one after the other."""
    vectors = [oracle.unit(pool(one)) for one in maps]
    if whiten is not None:
        vectors = [oracle.unit(whiten.weight @ one + whiten.bias) for one in vectors]
    scales = len(multiscale.scales)
    plain, mirrored = vectors[:scales], vectors[scales:]
    if mirrored:
        plain = [oracle.unit(one + two) for one, two in zip(plain, mirrored, strict=True)]
    if len(plain) > 1:
        if multiscale.pool == "gem":
            plain = [np.mean(np.power(plain, multiscale.p), axis=0) ** (1 / multiscale.p)]
        plain = [oracle.unit(np.sum(plain, axis=0))]
    if whitening is None:
        return plain[0]
    mean, matrix = (array.astype(np.float64) for array in (whitening.mean, whitening.matrix))
    return oracle.unit(matrix @ (plain[0] - mean))


SIGNED = {"rmac, whole and whitened", "top-k, whitened", "netvlad", "crow as taught"}
CASES = [
    case
    for case in product(POOLINGS, SCALES, (False, True), (False, True))
    # GeM over scales is for values from 0.
    if not (case[1] == "gem" and (case[2] or case[0] in SIGNED))
]


@pytest.mark.parametrize(("pooling", "scales", "whitened", "projected"), CASES)
def test_contributions_sum_to_the_similarity(pooling, scales, whitened, projected):
    located, pool = POOLINGS[pooling]
    pooled = DIMENSIONS.get(pooling, CHANNELS)
    multiscale, whiten = SCALES[scales], WHITEN[pooled] if whitened else None
    whitening = projection(INNER if whitened else pooled) if projected else None
    tail = Tail(located, whiten, multiscale, whitening)
    maps, others = maps_of(multiscale, seed=2), maps_of(multiscale, seed=3)
    vectors = [by_definition(one, pool, whiten, multiscale, whitening) for one in (maps, others)]
    np.testing.assert_allclose(tail.vector(maps), vectors[0], atol=1e-7)
    for own, other in ((maps, vectors[1]), (others, vectors[0])):
        found = tail.contributions(own, other)
        assert found.values.shape == own[0].shape[1:]
        assert found.values.sum() == pytest.approx(vectors[0] @ vectors[1], abs=1e-6)


@pytest.mark.parametrize("pooling", ["spoc", "gem", "gem per channel", "mac", "mixed"])
def test_a_location_contributes_what_it_does_when_it_grows(pooling):
    """a · ∂(w · pooled)/∂a, by finite differences: what is pooled grows with its map."""
    located, pool = POOLINGS[pooling]
    maps, weights = (
        maps_of(SCALES["one"], seed=5)[0],
        np.random.default_rng(6).normal(size=CHANNELS),
    )
    grid, constant = located.spread(maps, weights)
    assert constant == 0
    for row, column in ((0, 0), (3, 7), (8, 11)):
        more, less = maps.copy(), maps.copy()
        more[:, row, column] *= 1 + 1e-6
        less[:, row, column] *= 1 - 1e-6
        grown = weights @ (pool(more) - pool(less)) / 2e-6
        assert grid[row, column] == pytest.approx(grown, abs=1e-6)


def test_what_an_average_loses_with_a_location_is_what_it_contributed():
    maps, weights = (
        maps_of(SCALES["one"], seed=7)[0],
        np.random.default_rng(8).normal(size=CHANNELS),
    )
    grid, _ = Spoc().spread(maps, weights)
    without = maps.copy()
    without[:, 2, 5] = 0
    lost = weights @ (oracle.spoc(maps) - oracle.spoc(without))
    assert grid[2, 5] == pytest.approx(lost, abs=1e-12)


def test_a_maximum_belongs_to_its_place_alone():
    maps = np.zeros((2, 3, 4))
    maps[0, 1, 2], maps[1, 2, 0] = 5, 2
    grid, _ = Mac().spread(maps, np.array([1.0, -3.0]))
    assert grid[1, 2] == 5
    assert grid[2, 0] == -6
    assert np.count_nonzero(grid) == 2


def test_crow_is_a_sum_of_what_each_location_weighs():
    """By finite differences of Σ places · channels · maps, with the weights as they came out."""
    maps, weights = maps_of(SCALES["one"], seed=14)[0], np.random.default_rng(15).normal(size=7)
    places = maps.sum(0)
    places = np.sqrt(places / np.linalg.norm(places))
    shares = 1e-6 + (maps != 0).mean((1, 2))
    channels = np.log(shares.sum() / shares)

    def held(one):
        return weights @ ((one * places).sum((1, 2)) * channels)

    grid, constant = Crow().spread(maps, weights)
    assert constant == 0
    for row, column in ((0, 0), (3, 7), (8, 11)):
        grown = maps.copy()
        grown[:, row, column] *= 2
        assert grid[row, column] == pytest.approx(held(grown) - held(maps), abs=1e-9)


def test_locations_that_a_classifier_is_unsure_of_give_nothing():
    maps, weights = maps_of(SCALES["one"], seed=16)[0], np.ones(CHANNELS)
    grid, constant = TopK(CLASSES, k=4, whiten=INSIDE).spread(maps, weights)
    rows = maps.reshape(CHANNELS, -1).T
    logits = (rows @ CLASSES.weight.T + CLASSES.bias).max(1)
    chosen = set(np.argsort(-logits)[:4].tolist())
    assert set(np.flatnonzero(grid).tolist()) == chosen
    assert constant == 0
    best = int(logits.argmax())
    vector = INSIDE.weight @ oracle.unit(rows[best]) + INSIDE.bias
    assert grid.ravel()[best] == pytest.approx(weights @ vector)


def test_a_location_of_netvlad_gives_its_residuals():
    """What the sums of residuals lose with it, over the lengths that they have with it."""
    maps, weights = maps_of(SCALES["one"], seed=17)[0], np.random.default_rng(18).normal(size=28)
    arguments = CENTERS, ASSIGN.weight, ASSIGN.bias

    def residuals(one):
        sums = np.zeros_like(CENTERS)
        for row in one.reshape(CHANNELS, -1).T:
            scores = np.exp(ASSIGN.weight @ oracle.unit(row) + ASSIGN.bias)
            sums += (scores / scores.sum())[:, None] * (oracle.unit(row) - CENTERS)
        return sums

    every = residuals(maps)
    lengths = np.linalg.norm(every, axis=1, keepdims=True)
    np.testing.assert_allclose((every / lengths / 2).ravel(), oracle.netvlad(maps, *arguments))
    grid, constant = NetVlad(CENTERS, ASSIGN).spread(maps, weights)
    assert constant == 0
    row = maps[:, :, :1]  # a column of the map
    share = (residuals(row) / lengths / 2).ravel()
    assert grid[:, 0].sum() == pytest.approx(weights @ share)


def test_what_only_one_side_shows_is_where_the_similarity_comes_from():
    both = np.zeros((4, 5, 6))
    both[0, 1, 1], both[1, 3, 4] = 1, 1
    other = np.array([1.0, 0, 0, 0])
    found = Tail(Gem(np.array([3.0])), multiscale=SCALES["one"]).contributions([both], other)
    assert found.values.argmax() == 1 * 6 + 1
    assert found.values[1, 1] == pytest.approx(found.values.sum(), rel=1e-4)
    assert found.constant == 0


def test_means_are_worth_the_same_everywhere():
    maps = maps_of(SCALES["one"], seed=9)
    whitening = projection(CHANNELS)
    found = Tail(Mac(), None, SCALES["one"], whitening).contributions(maps, np.ones(OUTER))
    quiet = maps[0].reshape(CHANNELS, -1)
    never = np.setdiff1d(np.arange(quiet.shape[1]), quiet.argmax(1))
    assert found.values.ravel()[never] == pytest.approx(found.constant / found.values.size)


def test_mirrored_maps_are_turned_back():
    multiscale = SCALES["mirrored"]
    maps = maps_of(SCALES["one"], seed=10)[0]
    tail = Tail(Mac(), multiscale=multiscale)
    alone = Tail(Mac(), multiscale=SCALES["one"])
    other = np.random.default_rng(11).normal(size=CHANNELS)
    both = tail.contributions([maps, maps[:, :, ::-1]], other)
    np.testing.assert_allclose(both.values, alone.contributions([maps], other).values, atol=1e-12)


@pytest.mark.parametrize("shape", [(7, 5), (3, 4), (1, 1), (9, 2)])
def test_another_grid_has_the_same_sum_and_the_same_center(shape):
    grid = np.random.default_rng(12).uniform(size=(3, 4))
    again = regrid(grid, shape)
    assert again.shape == shape
    assert again.sum() == pytest.approx(grid.sum())
    if shape[0] % 3 == 0 and shape[1] % 4 == 0:
        np.testing.assert_allclose(again, grid)
    even = regrid(np.ones((3, 4)), shape)
    np.testing.assert_allclose(even, 12 / even.size)


def test_a_map_without_activations_is_like_nothing():
    tail = Tail(Mac(), None, SCALES["one"], projection(CHANNELS))
    empty = [np.zeros((CHANNELS, 3, 4))]
    assert not tail.vector(empty).any()
    assert tail.contributions(empty, np.ones(OUTER)).values.sum() == 0


def test_poolings_are_made_by_name():
    state = {"p": np.array([2.0], np.float32)}
    made = make_located("gem", {"p": 4.0, "eps": 1e-5}, state)
    assert isinstance(made, Gem)
    assert (made.p.tolist(), made.eps) == ([2.0], 1e-5)
    assert make_located("gem", {"p": 4.0}, {}).p.tolist() == [4.0]
    arrays = {"whiten.weight": np.eye(3, dtype=np.float32), "whiten.bias": np.ones(3, np.float32)}
    classes = {"classify.weight": np.eye(3), "classify.bias": np.zeros(3)}
    assert make_located("rmac", {"levels": 2}, arrays).whiten is not None
    assert affine(arrays, "whiten.").apply(np.zeros(3)).tolist() == [1, 1, 1]
    assert make_located("top_k", {"k": 2}, {**arrays, **classes}).k == 2
    assert make_located("crow", {"variant": "lecture"}, {}).variant == "lecture"
    with pytest.raises(UsageError, match="choose from crow, gated, gem"):
        make_located("regional", {}, {})


def test_all_that_make_one_vector_can_be_taken_apart():
    from relook.networks.pooling import POOLINGS

    assert set(POOLINGS) - set(LOCATED) == {"regional"}


def test_vectors_and_maps_of_other_networks_are_refused():
    tail = Tail(Mac(), multiscale=SCALES["one"])
    maps = maps_of(SCALES["one"], seed=13)
    with pytest.raises(ShapeError, match="not of this network"):
        tail.contributions(maps, np.ones(CHANNELS + 1))
    with pytest.raises(ShapeError, match="2 maps"):
        tail.vector(maps * 2)
