"""A retrieval network: pixels in, normalized vectors out."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracles import pooling as oracle  # noqa: E402 - after torch is known to be there
from relook.core.errors import FormatError, ShapeError, UsageError  # noqa: E402
from relook.networks import backbones  # noqa: E402
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.spec import NetworkSpec  # noqa: E402


class Tiny(backbones.Backbone):
    """One convolution with a stride of 4."""

    def __init__(self):
        super().__init__("tiny", channels=8, stride=4, padding="symmetric")
        self.conv = torch.nn.Conv2d(3, 8, 4, stride=4)

    def feature_map(self, pictures):
        return self.conv(pictures).relu()


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """``make_backbone`` makes this one, whatever the name."""
    torch.manual_seed(0)
    monkeypatch.setattr(backbones, "make_backbone", lambda name, *, padding: Tiny(), raising=False)


def spec(**changes):
    return NetworkSpec(**{"backbone": "tiny", **changes})


def pixels(batch=2, height=24, width=36, *, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (batch, height, width, 3), np.uint8)
    return torch.from_numpy(values)


def state_of(network):
    return {key: value.numpy() for key, value in network.state_dict().items()}


def feature_maps(network, images):
    """The maps by the definition, in float64."""
    scaled = images.numpy().transpose(0, 3, 1, 2) / 255
    mean, std = (np.reshape(v, (3, 1, 1)) for v in (network.spec.mean, network.spec.std))
    body = Tiny().double()
    body.load_state_dict(network.backbone.state_dict())
    with torch.no_grad():
        return body(torch.from_numpy((scaled - mean) / std)).numpy()


def test_vectors_are_those_of_the_definition():
    network = RetrievalNetwork(spec(whitening=5)).eval()
    weight, bias = (value.detach().double().numpy() for value in network.whiten.parameters())
    found = network(pixels()).detach()
    assert found.dtype == torch.float32
    assert network.dims == 5
    expected = [
        oracle.unit(weight @ oracle.unit(oracle.gem(one)) + bias)
        for one in feature_maps(network, pixels())
    ]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_without_whitening_the_vector_is_the_normalized_pooling():
    network = RetrievalNetwork(spec(pooling="mac", mean=(0.2, 0.5, 0.1), std=(1, 0.5, 0.3))).eval()
    expected = [oracle.unit(oracle.mac(one)) for one in feature_maps(network, pixels())]
    np.testing.assert_allclose(network(pixels()).detach().numpy(), expected, atol=1e-5)


def test_without_pooling_it_is_the_feature_map():
    network = RetrievalNetwork(spec(pooling="")).eval()
    found = network(pixels()).detach().numpy()
    assert found.shape == (2, 8, 6, 9)
    np.testing.assert_allclose(found, feature_maps(network, pixels()), atol=1e-5)


@pytest.mark.parametrize("whitening", [0, 5])
def test_regional_poolings_give_one_normalized_vector_per_region(whitening):
    network = RetrievalNetwork(
        spec(pooling="regional", options={"levels": 2}, whitening=whitening)
    ).eval()
    found = network(pixels()).detach()
    assert network.is_regional
    assert found.shape == (2, 5, network.dims)
    torch.testing.assert_close(found.norm(dim=2), torch.ones(2, 5))


def test_only_rmac_asks_for_a_graph_per_size():
    assert RetrievalNetwork(spec(pooling="")).is_dynamic
    assert RetrievalNetwork(spec(pooling="gem")).is_dynamic
    assert not RetrievalNetwork(spec(pooling="rmac")).is_dynamic


def test_the_state_has_one_prefix_per_part_and_nothing_of_the_spec():
    keys = set(RetrievalNetwork(spec(whitening=5)).state_dict())
    assert keys == {
        "backbone.conv.weight", "backbone.conv.bias", "pool.p", "whiten.weight", "whiten.bias",
    }  # fmt: skip


@pytest.mark.parametrize("pooling", ["mac", "gem", "netvlad", "tree"])
def test_a_network_comes_back_from_its_state_in_evaluation_mode(pooling):
    first = RetrievalNetwork(spec(pooling=pooling, whitening=5)).eval()
    for state in (first.state_dict(), state_of(first)):
        again = RetrievalNetwork.from_state(first.spec, state)
        assert not again.training
        torch.testing.assert_close(again(pixels()), first(pixels()), rtol=0, atol=0)


def test_arrays_may_be_mapped_read_only_and_are_not_shared():
    state = state_of(RetrievalNetwork(spec(whitening=5)))
    for value in state.values():
        value.flags.writeable = False
    network = RetrievalNetwork.from_state(spec(whitening=5), state)
    before = state["whiten.bias"].copy()
    with torch.no_grad():
        network.whiten.bias.add_(1)
    np.testing.assert_array_equal(state["whiten.bias"], before)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.pop("pool.p"), r"missing: pool\.p"),
        (lambda s: s.pop("whiten.bias"), r"missing: whiten\.bias"),
        (lambda s: s.update({"pool.q": np.ones(1)}), r"unexpected: pool\.q"),
        (lambda s: s.update({"whiten.weight": np.ones((3, 8))}), r"whiten\.weight has shape"),
        (lambda s: s.update({"pool.p": np.array([np.nan])}), r"pool\.p .* not finite"),
        (lambda s: s.update({"head.weight": np.ones(1)}), r"head\.weight is no weight"),
        (lambda s: s.pop("backbone.conv.bias"), r"conv\.bias"),
        (lambda s: s.update({"backbone.extra": np.ones(1)}), r"extra"),
    ],
)
def test_a_state_of_another_network_is_refused_by_name(change, says):
    state = state_of(RetrievalNetwork(spec(whitening=5)))
    change(state)
    with pytest.raises(FormatError, match=says):
        RetrievalNetwork.from_state(spec(whitening=5), state)


def test_a_whitening_that_the_spec_does_not_have_is_not_passed_over():
    state = state_of(RetrievalNetwork(spec(whitening=5)))
    with pytest.raises(FormatError, match=r"unexpected: whiten\.weight, whiten\.bias"):
        RetrievalNetwork.from_state(spec(), state)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (pixels().float(), "uint8"),
        (pixels()[0], r"\(B, H, W, 3\)"),
        (pixels().permute(0, 3, 1, 2), r"\(B, H, W, 3\)"),
        (pixels(height=3), "too small"),
        (pixels(1, 1, 5000), "too small"),
    ],
)
def test_other_pixels_than_documented_are_refused(images, says):
    with pytest.raises(ShapeError, match=says):
        RetrievalNetwork(spec())(images)


def test_whitening_without_pooling_is_refused():
    with pytest.raises(UsageError, match="whitening needs a pooling"):
        RetrievalNetwork(spec(pooling="", whitening=5))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_gives_float32_vectors_near_the_same(dtype):
    network = RetrievalNetwork(spec(whitening=5)).eval()
    expected = network(pixels())
    found = network.to(dtype)(pixels()).detach()
    assert found.dtype == torch.float32
    assert float((found * expected.detach()).sum(1).min()) > 0.999


def test_what_is_learned_gets_a_gradient():
    network = RetrievalNetwork(spec(whitening=5))
    network(pixels())[:, 0].sum().backward()
    for parameter in network.parameters():
        assert float(parameter.grad.abs().sum()) > 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's, of what OpenVINO calls
def test_an_openvino_graph_takes_pictures_of_every_size():
    openvino = pytest.importorskip("openvino")
    network = RetrievalNetwork(spec(whitening=5)).eval()
    with torch.no_grad():
        graph = openvino.convert_model(network, example_input=pixels(), input=[-1, -1, -1, 3])
    ready = openvino.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for images in (pixels(), pixels(3, 40, 16, seed=1)):
        expected = network(images).detach().numpy()
        np.testing.assert_allclose(ready(images.numpy())[0], expected, atol=1e-5)
