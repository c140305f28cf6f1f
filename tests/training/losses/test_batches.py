from __future__ import annotations

import math

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError

torch = pytest.importorskip("torch")

from oracles import losses as oracle  # noqa: E402 - after torch is known to be there
from relook.training.losses import (  # noqa: E402
    batch_contrastive,
    batch_triplet,
    info_nce,
    make_loss,
    multi_similarity,
    smooth_ap,
)

LABELS = [0, 0, 1, 2, 1, 0, 3]
"""A class of three, one of two, and two of one."""

BATCH = ["batch_contrastive", "batch_triplet", "info_nce", "multi_similarity", "smooth_ap"]


def unit(*shape, seed=0):
    vectors = np.random.default_rng(seed).standard_normal(shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def batch(seed=0):
    vectors = unit(len(LABELS), 4, seed=seed)
    return vectors, torch.from_numpy(vectors), torch.tensor(LABELS)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("temperature", [0.07, 1])
def test_info_nce_is_its_definition(seed, temperature):
    vectors, tensor, labels = batch(seed)
    have = info_nce(tensor, labels, temperature=temperature)
    # softplus is linear from 20 on: 2e-9
    assert have.item() == pytest.approx(oracle.info_nce(vectors, LABELS, temperature), rel=1e-7)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mining", [None, 0, 0.1])
def test_multi_similarity_is_its_definition(seed, mining):
    vectors, tensor, labels = batch(seed)
    have = multi_similarity(tensor, labels, mining=mining)
    want = oracle.multi_similarity(vectors, LABELS, 2, 50, 0.5, mining)
    assert have.item() == pytest.approx(want)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("temperature", [0.01, 0.2])
def test_smooth_ap_is_its_definition(seed, temperature):
    vectors, tensor, labels = batch(seed)
    have = smooth_ap(tensor, labels, temperature=temperature)
    assert have.item() == pytest.approx(oracle.smooth_ap(vectors, LABELS, temperature))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
@pytest.mark.parametrize("power", [1, 2])
def test_batch_triplet_is_the_mean_of_mined_triplets(seed, mining, power):
    vectors, tensor, labels = batch(seed)
    have = batch_triplet(tensor, labels, margin=0.5, squared=power == 2, mining=mining)
    want = oracle.of_mined(
        lambda *parts: oracle.triplet(*parts, 0.5, power), vectors, LABELS, mining
    )
    assert have.item() == pytest.approx(want)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
def test_batch_contrastive_is_the_mean_of_mined_triplets(seed, mining):
    vectors, tensor, labels = batch(seed)
    have = batch_contrastive(tensor, labels, mining=mining)
    want = oracle.of_mined(lambda *parts: oracle.contrastive(*parts, 0.7), vectors, LABELS, mining)
    assert have.item() == pytest.approx(want)


def test_smooth_ap_of_a_sharp_sigmoid_is_average_precision():
    angles = torch.tensor([0.0, 0.3, 0.7, 1.2])
    vectors = torch.stack([angles.cos(), angles.sin()], 1)
    # For the first row its positive comes second, for the third row last.
    have = smooth_ap(vectors, torch.tensor([0, 1, 0, 2]), temperature=1e-4)
    assert have.item() == pytest.approx(1 - (1 / 2 + 1 / 3) / 2)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("batch_contrastive", {"margin": 1.9}),
        ("batch_triplet", {"margin": 1.9, "mining": "semi_hard"}),
        ("batch_triplet", {"margin": 1.9, "squared": False}),
        ("info_nce", {"temperature": 0.5}),
        ("multi_similarity", {"beta": 4, "mining": None}),
        ("smooth_ap", {"temperature": 0.3}),
    ],
)
def test_gradients_are_right(name, options):
    _, tensor, labels = batch(4)
    loss = make_loss(name, **options)
    assert torch.autograd.gradcheck(lambda vectors: loss(vectors, labels), tensor.requires_grad_())


@pytest.mark.parametrize("name", BATCH)
@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], [5]])
def test_one_class_alone_or_nothing_but_single_pictures_costs_nothing(name, labels):
    vectors = torch.from_numpy(unit(len(labels), 4)).float().requires_grad_()
    with torch.autograd.set_detect_anomaly(True):  # no NaN on the way back either
        loss = make_loss(name)(vectors, torch.tensor(labels))
        loss.backward()
    assert loss.item() == 0
    assert not vectors.grad.any()


@pytest.mark.parametrize("name", BATCH)
def test_identical_vectors_have_a_finite_gradient(name):
    vectors = torch.tensor([[0.6, 0.8]]).repeat(6, 1).requires_grad_()
    loss = make_loss(name)(vectors, torch.tensor([0, 0, 1, 1, 2, 2]))
    loss.backward()
    assert math.isfinite(loss.item())
    assert torch.isfinite(vectors.grad).all()


@pytest.mark.parametrize("name", ["batch_contrastive", "batch_triplet"])
def test_nan_is_seen_although_nothing_can_be_mined_from_it(name):
    vectors = torch.full((3, 4), torch.nan)
    assert make_loss(name, mining="semi_hard")(vectors, torch.tensor([0, 0, 1])).isnan()


@pytest.mark.parametrize("name", BATCH)
def test_an_empty_batch_costs_nothing(name):
    loss = make_loss(name)(torch.zeros(0, 4, requires_grad=True), torch.zeros(0, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize("name", BATCH)
def test_the_order_of_a_batch_does_not_matter(name):
    _, tensor, labels = batch(5)
    order = torch.tensor([3, 1, 6, 0, 2, 5, 4])
    loss = make_loss(name)
    assert loss(tensor[order], labels[order]).item() == pytest.approx(loss(tensor, labels).item())


@pytest.mark.parametrize("name", BATCH)
def test_classes_that_are_told_apart_cost_less(name):
    labels = torch.tensor([0, 0, 1, 1])
    apart = torch.eye(2).repeat_interleave(2, 0)
    loss = make_loss(name)
    assert loss(apart, labels) < loss(apart[[0, 2, 1, 3]], labels)


@pytest.mark.parametrize("name", BATCH)
def test_other_shapes_are_refused(name):
    loss = make_loss(name)
    with pytest.raises(ShapeError, match=r"vectors must have shape \(B, D\)"):
        loss(torch.zeros(3), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ShapeError, match="3 vectors need as many whole numbers as labels"):
        loss(torch.zeros(3, 2), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ShapeError, match="float32"):
        loss(torch.zeros(3, 2), torch.zeros(3))


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("batch_contrastive", {"margin": 2.5}, "at most 2"),
        ("batch_triplet", {"mining": "easy"}, "'easy'; choose from hard, semi_hard"),
        ("info_nce", {"temperature": 0}, "temperature must be a number above 0"),
        ("smooth_ap", {"temperature": -1}, "temperature must be a number above 0"),
        ("multi_similarity", {"beta": 0}, "beta must be"),
        ("multi_similarity", {"mining": -0.1}, "mining must be"),
        ("multi_similarity", {"base": True}, "base must be"),
    ],
)
def test_options_out_of_their_bounds_are_refused(name, options, says):
    with pytest.raises(UsageError, match=says):
        make_loss(name, **options)
