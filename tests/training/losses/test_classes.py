from __future__ import annotations

import math

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError

torch = pytest.importorskip("torch")

from oracles import losses as oracle  # noqa: E402 - after torch is known to be there
from relook.training.losses import class_hinge, cosine_softmax, cross_entropy, make_loss  # noqa: E402

LABELS = [0, 3, 1, 1, 2]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_cross_entropy_is_its_definition(smoothing):
    scores = 3 * normal(5, 4)
    have = cross_entropy(torch.from_numpy(scores), torch.tensor(LABELS), smoothing=smoothing)
    assert have.item() == pytest.approx(oracle.cross_entropy(scores, LABELS, smoothing))


def test_binary_cross_entropy_asks_each_class_by_itself():
    scores = 3 * normal(5, 4)
    have = cross_entropy(torch.from_numpy(scores), torch.tensor(LABELS), form="binary")
    assert have.item() == pytest.approx(oracle.binary_cross_entropy(scores, LABELS))


def test_class_hinge_is_what_the_right_class_lacks():
    scores = 3 * normal(5, 4)
    shares = torch.softmax(torch.from_numpy(scores), 1)
    have = class_hinge(shares, torch.tensor(LABELS))
    assert have.item() == pytest.approx(oracle.class_hinge(scores, LABELS))


@pytest.mark.parametrize(("margin", "scale"), [(0.35, 30), (0, 16), (0.1, 1)])
def test_cosine_softmax_is_its_definition(margin, scale):
    vectors, weights = normal(5, 3), normal(4, 3, seed=1)
    have = cosine_softmax(
        torch.from_numpy(vectors),
        torch.from_numpy(weights),
        torch.tensor(LABELS),
        margin=margin,
        scale=scale,
    )
    want = oracle.cosine_softmax(vectors, weights, LABELS, margin, scale)
    assert have.item() == pytest.approx(want)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cosine_softmax", {"scale": 4, "learned_scale": True}),
        ("cross_entropy", {"scale": 2, "learned_scale": True, "smoothing": 0.1}),
        ("cross_entropy", {"form": "binary", "bias": False}),
        ("class_hinge", {"scale": 3, "learned_scale": True}),
    ],
)
def test_gradients_are_right_for_vectors_and_for_what_is_learned(name, options):
    torch.manual_seed(0)
    loss = make_loss(name, dims=3, classes=4, **options).double()
    learned = {key: one for key, one in loss.named_parameters() if one.requires_grad}

    def of(vectors, *values):
        state = dict(zip(learned, values, strict=True))
        return torch.func.functional_call(loss, state, (vectors, torch.tensor(LABELS)))

    vectors = torch.from_numpy(normal(5, 3)).requires_grad_()
    assert torch.autograd.gradcheck(of, (vectors, *learned.values()))


def test_defaults_of_cosine_softmax():
    loss = make_loss("cosine_softmax", dims=3, classes=4)
    assert loss.margin == 0.35
    assert loss.scale().item() == pytest.approx(30)
    assert not loss.log_scale.requires_grad
    assert loss.weights.shape == (4, 3)


def test_without_a_margin_and_with_equal_cosines_every_class_is_as_likely():
    have = cosine_softmax(torch.ones(2, 3), torch.ones(5, 3), torch.tensor([0, 4]), margin=0)
    assert have.item() == pytest.approx(math.log(5))


@pytest.mark.parametrize("name", ["cosine_softmax", "cross_entropy", "class_hinge"])
def test_a_vector_of_zeros_has_a_finite_gradient(name):
    loss = make_loss(name, dims=3, classes=4)
    vectors = torch.zeros(2, 3, requires_grad=True)
    loss(vectors, torch.tensor([0, 1])).backward()
    assert torch.isfinite(vectors.grad).all()
    assert torch.isfinite(loss.weights.grad).all()


@pytest.mark.parametrize("name", ["cosine_softmax", "cross_entropy", "class_hinge"])
def test_labels_beyond_the_classes_are_named(name):
    loss = make_loss(name, dims=3, classes=4)
    with pytest.raises(ShapeError, match=r"label 7 is none of 0 to 3; .* classes = 8"):
        loss(torch.ones(2, 3), torch.tensor([0, 7]))
    with pytest.raises(ShapeError, match="label -1"):
        loss(torch.ones(2, 3), torch.tensor([0, -1]))


@pytest.mark.parametrize("name", ["cosine_softmax", "cross_entropy", "class_hinge"])
def test_vectors_of_another_length_are_refused(name):
    loss = make_loss(name, dims=3, classes=4)
    with pytest.raises(ShapeError, match="vectors of 3 numbers, not 5"):
        loss(torch.ones(2, 5), torch.tensor([0, 1]))


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("cosine_softmax", {"margin": -0.1}, "margin must be a number at least 0 and at most 2"),
        ("cosine_softmax", {"scale": 0}, "scale must be a number above 0"),
        ("cosine_softmax", {"classes": 0}, "classes must be a whole number"),
        ("cross_entropy", {"form": "hard"}, "choose from softmax, binary"),
        ("cross_entropy", {"smoothing": "much"}, "smoothing must be a number"),
        ("cross_entropy", {"scale": math.nan}, "scale must be a number above 0"),
    ],
)
def test_options_out_of_their_bounds_are_refused(name, options, says):
    with pytest.raises(UsageError, match=says):
        make_loss(name, **{"dims": 3, "classes": 4, **options})


def test_training_with_cosine_softmax_tells_classes_apart():
    torch.manual_seed(0)
    loss = make_loss("cosine_softmax", dims=2, classes=3, margin=1.2)
    vectors = torch.randn(6, 2, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    for _ in range(60):
        slopes = torch.autograd.grad(loss(vectors, labels), [vectors, loss.weights])
        with torch.no_grad():
            vectors -= 0.1 * slopes[0]
            loss.weights -= 0.1 * slopes[1]
    directions = torch.nn.functional.normalize(vectors.detach())
    likeness = directions @ directions.T
    same = labels[:, None] == labels
    assert likeness[same].min() > 0.9 > 0 > likeness[~same].max()
