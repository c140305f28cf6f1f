from __future__ import annotations

import re

import pytest

from relook.core.errors import UsageError

torch = pytest.importorskip("torch")

from relook.training.losses import LOSSES, make_loss  # noqa: E402 - after torch is known to be there


def made(name):
    options = {"dims": 4, "classes": 3} if LOSSES[name].kind == "classes" else {}
    return make_loss(name, **options)


def given(kind, dtype):
    vectors = torch.nn.functional.normalize(torch.arange(24.0).reshape(6, 4).cos())
    vectors = vectors.to(dtype).requires_grad_()
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    one = (vectors[0], vectors[1], vectors[2:])
    scores = torch.arange(36, dtype=torch.float32).cos().to(dtype)
    return vectors, {
        "tuple": one,
        "batch": (vectors, labels),
        "classes": (vectors, labels),
        "maps": (vectors.reshape(1, 3, 4, 2), torch.tensor([1])),
        "locations": (*one, scores.reshape(12, 3), torch.tensor(1)),
    }[kind]


def test_an_unknown_loss_is_answered_with_the_choices():
    with pytest.raises(UsageError, match=f"'tripled'; choose from {', '.join(LOSSES)}"):
        make_loss("tripled")


def test_an_unknown_option_is_answered_with_the_choices():
    with pytest.raises(UsageError, match="no option marign; choose from margin, squared"):
        make_loss("triplet", marign=0.2)


def test_a_loss_of_classes_asks_for_their_number():
    with pytest.raises(UsageError, match="needs dims and classes"):
        make_loss("cosine_softmax")


def test_choices_are_in_order():
    assert list(LOSSES) == sorted(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_losses_are_scalars_of_at_least_single_precision(name, dtype):
    torch.manual_seed(0)
    loss = made(name)
    loss = loss.double() if dtype == torch.float64 else loss
    vectors, data = given(loss.kind, dtype)
    value = loss(*data)
    value.backward()
    assert value.shape == ()
    assert value.dtype == (dtype if dtype == torch.float64 else torch.float32)
    assert vectors.grad.dtype == dtype
    assert torch.isfinite(vectors.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_autocast_changes_nothing(name):
    torch.manual_seed(0)
    loss = made(name)
    _, data = given(loss.kind, torch.float32)
    want = loss(*data)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(loss(*data), want)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("row", [0, 1, 5])
def test_nan_is_never_hidden(name, row):
    loss = made(name)
    vectors, data = given(loss.kind, torch.float32)
    bad = vectors.detach().clone()
    bad[row] = torch.nan
    swapped = {
        "tuple": (bad[0], bad[1], bad[2:]),
        "batch": (bad, data[-1]),
        "classes": (bad, data[-1]),
        "maps": (bad.reshape(1, 3, 4, 2), data[-1]),
        "locations": (bad[0], bad[1], bad[2:], *data[3:]),
    }
    assert torch.isnan(loss(*swapped[loss.kind]))


@pytest.mark.parametrize("name", [key for key in LOSSES if LOSSES[key].kind == "classes"])
def test_weights_of_classes_are_restored_from_a_state(name):
    torch.manual_seed(0)
    one, other = made(name), made(name)
    _, data = given("classes", torch.float32)
    assert one(*data) != other(*data)
    other.load_state_dict(one.state_dict())
    assert one(*data) == other(*data)


def test_every_kind_is_documented():
    kinds = set(re.findall(r'``"(\w+)"``', LOSSES["triplet"].__mro__[1].__doc__))
    assert {loss.kind for loss in LOSSES.values()} == kinds
