"""Maps of inner layers are those that the layer gives when the network runs."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from relook.core.errors import UsageError  # noqa: E402
from relook.networks.backbones import make_backbone  # noqa: E402
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.spec import NetworkSpec  # noqa: E402
from relook.networks.tap import tap, tapped_channels  # noqa: E402

LAYER = "features.14.conv.0"


def test_a_layer_of_a_sequence_is_what_the_sequence_gives_up_to_it():
    network = make_backbone("vgg16").eval()
    pictures = torch.rand(2, 3, 48, 64)
    expected = network.features[:17](pictures)
    torch.testing.assert_close(tap(network, "features.16", pictures), expected)


def test_with_same_padding_the_map_is_upright():
    """Where every side that is halved is odd, TensorFlow pads as torch does."""
    same = make_backbone("mobilenet_v2", padding="same").eval()
    plain = make_backbone("mobilenet_v2").eval()
    plain.load_state_dict(same.state_dict())
    pictures = torch.rand(1, 3, 65, 97)
    torch.testing.assert_close(tap(same, LAYER, pictures), tap(plain, LAYER, pictures))


def test_channels_are_counted_without_touching_the_network():
    network = make_backbone("mobilenet_v2")
    before = {key: value.clone() for key, value in network.state_dict().items()}
    assert tapped_channels(network, LAYER) == 576
    assert network.training
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, before[key])


def test_a_network_with_a_layer_pools_its_map():
    spec = NetworkSpec(backbone="mobilenet_v2", layer=LAYER, pooling="spoc", padding="same")
    network = RetrievalNetwork(spec).eval()
    images = torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8)
    mean = tap(network.backbone, LAYER, network.normalize(images)).mean((2, 3))
    torch.testing.assert_close(network(images), mean / mean.norm())
    assert network.dims == 576


def test_an_unknown_layer_is_refused_with_those_beside_it():
    with pytest.raises(UsageError, match=r"no layer 'features.99'; it has features"):
        RetrievalNetwork(NetworkSpec(backbone="mobilenet_v2", layer="features.99"))
