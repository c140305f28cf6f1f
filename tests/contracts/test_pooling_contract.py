"""What every pooling does. A new pooling joins with one line in CASES."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from relook.core.errors import UsageError  # noqa: E402 - after torch is known to be there
from relook.networks.pooling import POOLINGS, l2, make_pooling  # noqa: E402

CHANNELS = 6
CASES = {
    "mac": ("mac", {}),
    "spoc": ("spoc", {}),
    "gem": ("gem", {}),
    "gem, p per channel": ("gem", {"per_channel": True, "p": [1, 2, 3, 4, 5, 60]}),
    "gem, p fixed": ("gem", {"p": 200.0, "learned": False}),
    "crow": ("crow", {}),
    "crow of the lecture": ("crow", {"variant": "lecture"}),
    "mixed": ("mixed", {"a": 0.3}),
    "gated": ("gated", {}),
    "tree": ("tree", {"depth": 2}),
    "tree of three levels": ("tree", {"depth": 3}),
    "netvlad": ("netvlad", {"clusters": 4}),
    "rmac": ("rmac", {}),
    "rmac, whitened": ("rmac", {"whitening": 4, "whole": True, "levels": 2}),
    "regional": ("regional", {"levels": 2}),
    "top_k": ("top_k", {"classes": 3, "k": 4}),
    "top_k, whitened": ("top_k", {"classes": 3, "k": 4, "whitening": 5}),
}
GLOBAL = [case for case, (name, _) in CASES.items() if name not in ("rmac", "regional")]
# The gates and the classifier of the others ask how strong the activations are.
UNSCALED = [case for case, (name, _) in CASES.items() if name not in ("gated", "tree", "top_k")]
# One of each: making graphs takes seconds.
EXPORTED = [case for case in POOLINGS if case not in ("rmac", "top_k")]
EXPORTED += ["rmac, whitened", "top_k, whitened"]
SIZES = [(7, 9), (9, 7), (1, 1), (1, 40), (40, 1), (2, 3), (5, 5)]


def build(case):
    name, options = CASES[case]
    torch.manual_seed(0)
    module = make_pooling(name, channels=CHANNELS, **options)
    with torch.no_grad():  # no gate or layer stays at zero
        for key, parameter in module.named_parameters():
            if key != "p":
                parameter.add_(torch.rand_like(parameter))
    return module.eval()


@pytest.fixture(params=CASES)
def pooling(request):
    return build(request.param)


@pytest.fixture(params=EXPORTED)
def exported(request):
    return build(request.param)


def learned(pooling):
    """What a loss on vectors teaches; a classifier within learns from a loss on classes."""
    named = pooling.named_parameters()
    return [p for name, p in named if p.requires_grad and not name.startswith("classify.")]


def maps(size=(7, 9), *, batch=2, seed=0):
    """Like maps after a ReLU: half of the values are zero."""
    values = np.random.default_rng(seed).normal(0, 1, (batch, CHANNELS, *size))
    return torch.from_numpy(np.maximum(values, 0).astype(np.float32))


def test_every_pooling_is_tested():
    assert {name for name, _ in CASES.values()} == set(POOLINGS)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_maps_of_any_size_become_finite_vectors_of_the_stated_length(pooling, size):
    found = pooling(maps(size))
    assert found.dtype == torch.float32
    assert found.ndim == (3 if pooling.is_regional else 2)
    assert (len(found), found.shape[-1]) == (2, pooling.dims)
    assert bool(torch.isfinite(found).all())


def test_a_batch_is_its_maps_one_by_one(pooling):
    batch = maps(batch=5)
    alone = torch.cat([pooling(one[None]) for one in batch])
    torch.testing.assert_close(pooling(batch), alone)


def test_the_maps_stay_as_they_are_and_may_lie_channels_last(pooling):
    batch = maps()
    before = batch.clone()
    expected = pooling(batch)
    torch.testing.assert_close(batch, before, rtol=0, atol=0)
    moved = batch.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(pooling(moved), expected)


@pytest.mark.parametrize("size", [(7, 9), (1, 1)], ids=str)
def test_the_gradient_of_maps_without_activations_is_finite(pooling, size):
    empty = torch.zeros(2, CHANNELS, *size, requires_grad=True)
    found = l2(pooling(empty))
    assert bool(torch.isfinite(found).all())
    (found * torch.arange(1.0, 1 + found.shape[-1])).sum().backward()
    for tensor in (empty, *learned(pooling)):
        assert tensor.grad is not None
        assert bool(torch.isfinite(tensor.grad).all())


def test_what_is_learned_gets_a_gradient(pooling):
    found = l2(pooling(maps().requires_grad_()))
    (found * torch.arange(1.0, 1 + found.shape[-1])).sum().backward()
    for parameter in learned(pooling):
        assert float(parameter.grad.abs().sum()) > 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_neither_overflows_nor_gives_nan(pooling, dtype):
    strong = (maps((64, 64)) * 300).to(dtype)
    pooling = pooling.to(dtype)
    expected = l2(pooling(strong.float()))
    torch.testing.assert_close(l2(pooling(strong)), expected, rtol=1e-3, atol=1e-3)
    assert bool(torch.isfinite(pooling(torch.zeros_like(strong))).all())


@pytest.mark.parametrize("case", GLOBAL)
def test_global_poolings_do_not_ask_where(case):
    pooling = build(case)
    batch = maps()
    order = torch.from_numpy(np.random.default_rng(1).permutation(63))
    moved = batch.flatten(2)[..., order].reshape(batch.shape)
    torch.testing.assert_close(pooling(moved), pooling(batch))


@pytest.mark.parametrize("case", UNSCALED)
def test_the_direction_does_not_depend_on_the_scale_of_the_map(case):
    pooling = build(case)
    torch.testing.assert_close(l2(pooling(maps() * 8)), l2(pooling(maps())), rtol=1e-4, atol=1e-5)


def test_the_state_makes_the_same_pooling_again(pooling, request):
    name, options = CASES[request.node.callspec.params["pooling"]]
    again = make_pooling(name, channels=CHANNELS, **options)
    again.load_state_dict(pooling.state_dict(), strict=True)
    torch.testing.assert_close(again.eval()(maps()), pooling(maps()), rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's, of what OpenVINO calls
def test_an_openvino_graph_gives_the_same_vectors(exported):
    openvino = pytest.importorskip("openvino")
    free = -1 if exported.is_dynamic else None
    shape = [-1, CHANNELS, free or 7, free or 9]
    with torch.no_grad():
        graph = openvino.convert_model(exported, example_input=maps(), input=shape)
    ready = openvino.compile_model(
        graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    )
    for size in [(7, 9), (1, 1), (3, 20)] if exported.is_dynamic else [(7, 9)]:
        batch = maps(size, batch=3, seed=4)
        expected = exported(batch).detach().numpy()
        np.testing.assert_allclose(ready(batch.numpy())[0], expected, rtol=1e-4, atol=1e-4)


def test_torch_exports_one_graph_for_all_sizes(exported):
    auto = torch.export.Dim.AUTO
    sides = {2: auto, 3: auto} if exported.is_dynamic else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch, about itself
        graph = torch.export.export(exported, (maps(),), dynamic_shapes=({0: auto} | sides,))
    batch = maps((11, 4) if exported.is_dynamic else (7, 9), batch=3)
    torch.testing.assert_close(graph.module()(batch), exported(batch))


def test_options_that_a_pooling_does_not_have_are_refused_with_those_that_it_has():
    with pytest.raises(UsageError, match=r"no option powr; choose from p, per_channel, learned"):
        make_pooling("gem", channels=4, powr=3)
    with pytest.raises(UsageError, match="choose from none"):
        make_pooling("mac", channels=4, p=3)
    with pytest.raises(UsageError, match=r"choose from crow, gated, gem, mac"):
        make_pooling("gemm", channels=4)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("gem", {"p": 0.0}, "above 0"),
        ("gem", {"p": float("nan")}, "finite"),
        ("gem", {"p": "three"}, "number"),
        ("gem", {"p": [1.0, 2.0]}, "per_channel"),
        ("gem", {"p": [1.0, 2.0], "per_channel": True}, "2 numbers"),
        ("crow", {"variant": "other"}, "paper or lecture"),
        ("rmac", {"levels": 0}, "levels"),
        ("rmac", {"whitening": -1}, "whitening"),
        ("regional", {"levels": 1.5}, "levels"),
        ("tree", {"depth": True}, "depth"),
        ("tree", {"depth": 0}, "depth"),
        ("netvlad", {"clusters": 0}, "clusters"),
    ],
)
def test_values_that_an_option_cannot_have_are_refused(name, options, says):
    with pytest.raises(UsageError, match=says):
        make_pooling(name, channels=CHANNELS, **options)
