"""The recipes of relook's own network run in the base install: no torch, and nothing to fetch.

A network with random weights stands in for it, made by the tool that ships the real one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from oracles import tiny
from relook.networks.shipped import FOLDER
from relook.networks.weights import CARDS, find_card, open_weights, ships
from relook.search import load_recipe

TOOL = Path(__file__).parents[2] / "tools" / "ship_network.py"
RECIPES = ("relook-small", "hybrid-small")
SITE = """
import os, sys
from importlib.machinery import PathFinder
from pathlib import Path

class Without:
    @staticmethod
    def find_spec(name, path=None, target=None):
        missing = ("torch", "onnx", "onnxruntime", "onnxscript", "timm")
        return None if name.split(".")[0] in missing else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
import relook.networks.shipped
relook.networks.shipped.FOLDER = Path(os.environ["TEST_PACKAGE"])
"""
# What every process of a base install finds, and what the first of them does.
ALONE = """
import sys
from relook.cli import main
photos, into, query, *recipes = sys.argv[1:]
print("found:", flush=True)
main(["weights", "info", "relook-small", "--json"])
for recipe in recipes:
    place = f"{into}/{recipe}"
    failed = main(["index", photos, "--into", place, "--recipe", recipe, "--jobs", "1"])
    print("found:", flush=True)
    if failed or main(["search", place, query, "--top", "3", "--json"]):
        sys.exit(1)
"""
BETWEEN = "found:"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("ship_network", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("RELOOK_WEIGHTS", raising=False)
        yield


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    tiny.save_photos(folder, range(3), views=(0, 1))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What a training run leaves: averaged weights and their card."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    from safetensors.numpy import save_file

    from oracles.random_weights import randomize
    from relook.networks.backbones import relook_small
    from relook.networks.retrieval import RetrievalNetwork
    from relook.networks.weights import Card
    from relook.networks.weights.card import save_card

    folder = tmp_path_factory.mktemp("trained")
    card = Card(name="run", file="run.safetensors", backbone="relook_small", layout="relook",
                mean=(0.5,) * 3, std=(0.5,) * 3, pooling="gem", options={"p": 3.0}, whitening=32,
                notes="500 iterations.")  # fmt: skip
    stages = (relook_small.Stage(width=8, hidden=(8,), stride=2),
              relook_small.Stage(width=8, hidden=(8,), stride=2))  # fmt: skip
    plan = relook_small.Plan(stem=4, stages=stages, channels=48)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(relook_small.RELOOK_NETWORKS, "relook_small", plan)
        torch.manual_seed(1)
        network = RetrievalNetwork(card.spec())
    randomize(network.backbone)
    save_file({key: value.numpy() for key, value in network.state_dict().items()},
              folder / card.file)  # fmt: skip
    save_card(card, folder / "run.card.json")
    return folder, plan


@pytest.fixture
def trained(made, monkeypatch):
    """The same, while the name of the backbone means the small one."""
    from relook.networks.backbones import relook_small

    folder, plan = made
    monkeypatch.setitem(relook_small.RELOOK_NETWORKS, "relook_small", plan)
    return folder


@pytest.fixture(scope="module")
def package(tool, made, photos, tmp_path_factory):
    from relook.networks.backbones import relook_small

    trained, plan = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(relook_small.RELOOK_NETWORKS, "relook_small", plan)
        return _packed(tool, trained, photos, tmp_path_factory)


def _packed(tool, trained, photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    words = [str(trained), str(photos), "--output", str(folder), "--count", "2",
             "--trained-by", "relook train small.toml", "--no-overlap"]  # fmt: skip
    assert tool.main(words) == 0
    return folder


def test_the_tool_writes_weights_a_graph_and_a_card_that_says_how(package):
    card = json.loads((package / "relook-small.card.json").read_text("utf-8"))
    assert card["name"] == "relook-small"
    assert card["overlaps_landmarks"] is False
    assert card["notes"].startswith("500 iterations. Trained by: relook train small.toml. Made by:")
    assert str(package) not in card["notes"]  # places on this computer are nobody's business
    assert "python tools/ship_network.py trained" in card["notes"]
    weights = open_weights(package / card["file"])
    assert weights.sha256 == card["sha256"]
    assert len(list(package.iterdir())) == 3


def test_the_tool_keeps_nothing_of_a_graph_that_differs(tool, trained, photos, tmp_path,
                                                        monkeypatch, capsys):  # fmt: skip
    monkeypatch.setattr(tool, "LEAST_COSINE", 1.1)
    assert tool.main([str(trained), str(photos), "--output", str(tmp_path), "--count", "1"]) == 1
    assert "the graph in openvino differs from the network in torch" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_tool_says_what_a_folder_lacks(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path)]) == 1
    assert "must hold one card of weights (it has none)" in capsys.readouterr().err


def test_photos_are_indexed_and_found_without_torch(package, photos, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SITE, "utf-8")
    words = [photos, tmp_path / "made", photos / "t1v0.png", *RECIPES]
    ran = subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "TEST_PACKAGE": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = [json.loads(text[: text.rindex("}") + 1]) for text in ran.stdout.split(BETWEEN)[1:]]
    info, *found = said
    assert Path(info["path"]).parent == package
    first = [Path(table["results"][0]["path"]).name for table in found]
    assert first == ["t1v0.png"] * len(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_pinned_to_the_checksum_of_the_card(recipe):
    network = load_recipe(recipe).network
    assert network.weights == "relook-small"
    assert network.weights_hash == find_card("relook-small").sha256


SHIPPED = [name for name, card in CARDS.items() if ships(card)]


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_whole_small_and_fits_its_graph(name):
    from relook.networks.runtime.export import read_header

    weights = open_weights(name)
    assert weights.path.parent == FOLDER
    assert weights.sha256 == weights.card.sha256
    graphs = list(FOLDER.glob(f"{name}.*.onnx"))
    headers = {header.precision: header for header in map(read_header, graphs)}
    assert len(headers) == len(graphs)
    assert "f32" in headers
    for header in headers.values():
        assert (header.weights, header.spec) == (weights.sha256, weights.spec().to_json())
    assert sum(file.stat().st_size for file in FOLDER.glob(f"{name}.*")) <= 12_000_000
    assert "python tools/ship_network.py" in weights.card.notes


@pytest.mark.parametrize("name", SHIPPED)
def test_the_graph_that_ships_is_the_network_that_ships(name):
    torch = pytest.importorskip("torch")
    from relook.networks.retrieval import RetrievalNetwork
    from relook.networks.runtime import load_network

    weights = open_weights(name)
    pixels = np.stack([tiny.photo(1, view)[:112, :152] for view in (0, 2)])
    found = load_network(weights, weights.spec(), precision="f32", threads=1).describe(pixels)
    network = RetrievalNetwork.from_state(weights.spec(), weights.state())
    with torch.inference_mode():
        wanted = network(torch.from_numpy(pixels)).numpy()
    assert (found * wanted).sum(axis=1).min() > 0.9999
