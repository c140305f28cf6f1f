"""Networks of ours ship as float16 weights, a graph and a card, and describe without torch."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import onnx
import torch
from safetensors.numpy import load_file

from oracles.random_weights import randomize
from relook.core.errors import FormatError
from relook.networks.backbones import relook_small
from relook.networks.retrieval import RetrievalNetwork
from relook.networks.runtime import load_module, load_network
from relook.networks.runtime.export import export_module, read_header
from relook.networks.runtime.halves import halve, widen
from relook.networks.shipping import agreement, half_precision, ship, ship_int8
from relook.networks.weights import CARDS, Card, open_weights

CARD = Card(name="stand-in", file="x.safetensors", backbone="relook_small", layout="relook",
            mean=(0.5,) * 3, std=(0.5,) * 3, pooling="gem", options={"p": 3.0}, whitening=16,
            size=160, license="Apache-2.0", training_set="noise")  # fmt: skip


@pytest.fixture(autouse=True)
def _small(tmp_path, monkeypatch):
    """A network of a few thousand parameters under the name of the real one."""
    stages = (relook_small.Stage(width=4, hidden=(8,), stride=2),
              relook_small.Stage(width=8, hidden=(8, 12), stride=2))  # fmt: skip
    plan = relook_small.Plan(stem=4, stages=stages, channels=24)
    monkeypatch.setitem(relook_small.RELOOK_NETWORKS, "relook_small", plan)
    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RELOOK_WEIGHTS", raising=False)


@pytest.fixture
def state():
    torch.manual_seed(0)
    network = RetrievalNetwork(CARD.spec())
    randomize(network.backbone)
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    return state | {"pool.p": np.array([2.5], np.float32)}


def pixels(height=70, width=99, *, seed=0, batch=1):
    coarse = np.random.default_rng(seed).integers(0, 256, (batch, 9, 13, 3), np.uint8)
    return np.ascontiguousarray(coarse.repeat(8, 1).repeat(8, 2)[:, :height, :width])


def test_matrices_are_kept_in_float16_and_short_arrays_in_float32(state):
    kept = half_precision(state)
    assert "backbone.stem.1.num_batches_tracked" not in kept
    for name, array in kept.items():
        assert array.dtype == (np.float16 if array.ndim > 1 else np.float32)
        np.testing.assert_allclose(array, state[name], rtol=5e-4, atol=1e-7)


@pytest.mark.parametrize("value", [np.nan, 1e6])
def test_what_float16_cannot_hold_is_refused(state, value, tmp_path):
    state["whiten.weight"][0, 0] = value
    with pytest.raises(FormatError, match=r"whiten\.weight has values that are not finite"):
        ship(state, CARD, tmp_path)
    assert not list(tmp_path.iterdir())


def test_three_files_are_written_and_found_by_name(state, tmp_path, monkeypatch):
    shipped = ship(state, CARD, tmp_path / "w")
    names = {file.name for file in (tmp_path / "w").iterdir()}
    assert names == {"stand-in.card.json", shipped.graph.name, "stand-in.safetensors"}
    assert shipped.size == sum(file.stat().st_size for file in (tmp_path / "w").iterdir())
    monkeypatch.setenv("RELOOK_WEIGHTS", str(tmp_path / "w"))
    weights = open_weights("stand-in")
    assert weights.card == shipped.weights.card
    assert weights.card.sha256 == weights.sha256
    assert set(load_file(weights.path)) == set(weights.state())
    header = read_header(shipped.graph)
    assert (header.weights, header.spec) == (weights.sha256, weights.spec().to_json())
    assert header.least == 16


def test_shipping_again_gives_the_same_bytes_and_leaves_no_old_graph(state, tmp_path):
    first = ship(state, CARD, tmp_path / "w")
    before = {file.name: file.read_bytes() for file in (tmp_path / "w").iterdir()}
    assert ship(state, CARD, tmp_path / "w") == first
    assert {file.name: file.read_bytes() for file in (tmp_path / "w").iterdir()} == before
    state["whiten.bias"] += 1
    other = ship(state, CARD, tmp_path / "w")
    assert list((tmp_path / "w").glob("*.onnx")) == [other.graph] != [first.graph]


@pytest.mark.parametrize("backend", ["openvino", "onnx"])
def test_the_graph_agrees_with_the_network_in_float32(state, tmp_path, backend):
    shipped = ship(state, CARD, tmp_path)
    pictures = [pixels(), pixels(64, 33, seed=1, batch=2), pixels(16, 16, seed=2)]
    found = agreement(state, shipped, pictures, backend=backend)
    assert found.pictures == 4
    assert found.cosine > 0.99999
    assert found.difference < 5e-4
    # Equal, as far as float32 goes, where the network has the rounded weights, too.
    rounded = {name: a.astype(np.float32) for name, a in half_precision(state).items()}
    assert agreement(rounded, shipped, pictures, backend=backend).difference < 5e-4


def test_a_network_that_was_trained_on_is_noticed(state, tmp_path):
    shipped = ship(state, CARD, tmp_path)
    state["backbone.last.0.weight"] = state["backbone.last.0.weight"][::-1].copy()
    assert agreement(state, shipped, [pixels()]).cosine < 0.9999


def initializers(model):
    return {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}


def test_the_graph_holds_no_batch_norm_and_half_the_bytes(state):
    network = RetrievalNetwork.from_state(CARD.spec(), half_precision(state))
    content = export_module(network)
    half = halve(content)
    graph = onnx.load_from_string(half).graph
    assert "BatchNormalization" not in {node.op_type for node in graph.node}
    count = sum(value.size for value in state.values() if value.ndim > 1)
    assert len(content) - len(half) > 1.5 * count  # 2 bytes each, less one cast per layer
    wide = onnx.load_from_string(half)
    widen(wide)
    onnx.checker.check_model(wide)
    before, after = initializers(onnx.load_from_string(content)), initializers(wide)
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_allclose(after[name], before[name], rtol=5e-4, atol=1e-7)


def test_folding_batch_norm_changes_nothing(state):
    network = RetrievalNetwork.from_state(CARD.spec(), state)
    picture = pixels()
    graph = load_module(network, backend="openvino", precision="f32", threads=1)
    with torch.inference_mode():
        wanted = network(torch.from_numpy(picture)).numpy()
    np.testing.assert_allclose(graph.describe(picture), wanted, atol=1e-5)


def test_a_second_graph_in_int8_ships_too(state, tmp_path):
    folder = tmp_path / "w"
    shipped = ship(state, CARD, folder)
    more = ship_int8(shipped, [pixels(seed=n) for n in range(16)])
    assert more.size == sum(file.stat().st_size for file in folder.iterdir())
    assert agreement(state, more, [pixels()], precision="int8").cosine > 0.95
    assert len(list(folder.iterdir())) == 4


def test_nothing_is_written_beside_weights_in_the_package(state, tmp_path, monkeypatch):
    shipped = ship(state, CARD, tmp_path / "package")
    monkeypatch.setattr("relook.networks.runtime.load.SHIPPED", tmp_path / "package")
    monkeypatch.setattr("relook.networks.weights.place.FOLDER", tmp_path / "package")
    monkeypatch.setitem(CARDS, "stand-in", shipped.weights.card)
    weights = open_weights("stand-in")
    assert weights.path == tmp_path / "package" / "stand-in.safetensors"
    before = sorted((tmp_path / "package").iterdir())
    other = replace(weights.spec(), pooling="mac", options=None, whitening=0)
    load_network(weights, other, threads=1).describe(pixels())
    load_network(weights, weights.spec(), precision="int8", threads=1,
                 calibration=[pixels(seed=n) for n in range(16)])  # fmt: skip
    assert sorted((tmp_path / "package").iterdir()) == before
    assert len(list((tmp_path / "cache" / "exports").iterdir())) == 2


def test_the_card_is_readable_by_people(state, tmp_path):
    ship(state, replace(CARD, notes="Trained by hand."), tmp_path)
    card = json.loads((tmp_path / "stand-in.card.json").read_text("utf-8"))
    assert (card["layout"], card["notes"]) == ("relook", "Trained by hand.")
