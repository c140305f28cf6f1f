"""The map that a graph pools is found in it, whatever the pooling, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relook.core.errors import StorageError, UsageError
from relook.descriptors.contributions import Tail
from relook.descriptors.locating import make_located
from relook.descriptors.locations import affine
from relook.networks.runtime.export import Header, stamp
from relook.networks.runtime.maps import MapRuntime, load_maps
from relook.networks.spec import NetworkSpec
from relook.networks.weights import open_weights


class Numbers:
    """Weights that lie in no format."""

    def __init__(self, folder, network):
        self.path, self.sha256, self.network = folder / "tiny.npz", "ab" * 32, network

    def spec(self):
        return self.network.spec

    def state(self):
        return {name: value.numpy() for name, value in self.network.state_dict().items()}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    from oracles.tiny_training import know_tiny
    from relook.networks.backbones.registry import BACKBONES
    from relook.networks.retrieval import RetrievalNetwork

    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path / "cache"))
    know_tiny()

    def make(**changes):
        torch.manual_seed(3)
        network = RetrievalNetwork(NetworkSpec(backbone="tiny", **changes)).eval()
        return network, Numbers(tmp_path, network)

    yield make
    del BACKBONES["tiny"]


def pixels(height=75, width=110):
    return np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)


@pytest.mark.parametrize(
    "changes",
    [
        {"pooling": "mac"},
        {"pooling": "spoc"},
        {"pooling": "gem", "whitening": 5},
        {"pooling": "gem", "options": {"p": 2.3}},
        {"pooling": "mixed"},
        {"pooling": "tree", "whitening": 5},
        {"pooling": "crow"},
        {"pooling": "netvlad", "options": {"clusters": 3}},
        {"pooling": "top_k", "options": {"k": 3, "classes": 4}},
        {"pooling": "mac", "layer": "stages.0"},
    ],
)
def test_maps_and_vectors_are_those_of_torch_and_of_numpy(tiny, changes):
    import torch

    network, weights = tiny(**changes)
    found = load_maps(weights, network.spec).describe(pixels())
    with torch.no_grad():
        maps = network.mapped(torch.from_numpy(pixels()))
        vectors = network.pooled(maps)
    if changes["pooling"] == "gem":  # what GeM clamps is clamped
        maps = maps.clamp(min=1e-6)
    np.testing.assert_allclose(found.maps, maps.numpy(), atol=1e-5)
    np.testing.assert_allclose(found.vectors, vectors.numpy(), atol=1e-5)
    state = weights.state()
    learned = {key[5:]: value for key, value in state.items() if key.startswith("pool.")}
    located = make_located(changes["pooling"], changes.get("options", {}), learned)
    tail = Tail(located, affine(state, "whiten.") if "whitening" in changes else None)
    by_numpy = [tail.view(one) for one in found.maps]
    np.testing.assert_allclose(by_numpy, found.vectors, atol=1e-5)


def test_regions_are_pooled_by_others(tiny):
    import torch

    network, weights = tiny(pooling="rmac")
    found = load_maps(weights, network.spec).describe(pixels())
    with torch.no_grad():
        maps = network.mapped(torch.from_numpy(pixels())).numpy()
    np.testing.assert_allclose(found.maps, maps, atol=1e-5)
    assert found.vectors is None


def test_a_network_that_makes_several_vectors_says_so(tiny):
    network, weights = tiny(pooling="regional", options={"levels": 2})
    with pytest.raises(UsageError, match="several vectors"):
        load_maps(weights, network.spec)


def test_a_file_that_is_no_network_says_so(tmp_path):
    file = tmp_path / "network.onnx"
    file.write_bytes(stamp(b"no network", Header()))
    with pytest.raises(StorageError, match="delete it"):
        MapRuntime(file)


def test_the_shipped_network_shows_its_map():
    weights = open_weights("relook-small")
    found = load_maps(weights, weights.spec()).describe(pixels(96, 160)[:1])
    assert found.maps.shape == (1, 576, 6, 10)
    assert found.vectors.shape == (1, 512)


def test_no_torch_is_needed(tmp_path):
    program = (
        "import sys; from relook.networks.runtime.maps import load_maps; "
        "from relook.networks.weights import open_weights; import numpy as np; "
        "weights = open_weights('relook-small'); "
        "load_maps(weights, weights.spec()).describe(np.zeros((1, 64, 64, 3), np.uint8)); "
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(tmp_path), check=False)
    assert done.returncode == 0
