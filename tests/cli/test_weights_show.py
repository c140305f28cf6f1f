"""What a classifier sees, by command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from safetensors.numpy import save_file

from relook.core.errors import FormatError
from relook.networks.class_names import find_class_names, load_class_names, save_class_names
from relook.networks.weights import Card
from relook.networks.weights.card import SUFFIX, save_card

torch = pytest.importorskip("torch")

from relook.networks.retrieval import RetrievalNetwork  # noqa: E402 - after torch is known

CLASSES = ("dog", "cat", "a bird of prey")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that was trained with the pooling top_k, with its card."""
    folder = tmp_path_factory.mktemp("weights")
    card = Card(
        name="mine", file="mine.safetensors", backbone="mobilenet_v1_075", layout="relook",
        pooling="top_k", options={"classes": 3, "k": 2},
    )  # fmt: skip
    torch.manual_seed(0)
    network = RetrievalNetwork(card.spec())
    state = {k: v.numpy() for k, v in network.state_dict().items() if v.is_floating_point()}
    state["pool.classify.bias"] = np.array([0, 5, 0], np.float32)  # everything is a cat
    save_file(state, folder / card.file)
    save_card(card, folder / ("mine" + SUFFIX))
    return folder / card.file


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    Pillow.fromarray(values).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_the_likeliest_classes_are_named_and_drawn(
    run: Any, weights: Path, photo: Path, tmp_path: Path
) -> None:
    save_class_names(CLASSES, weights)
    sheet = tmp_path / "seen.png"
    ran = run("weights", "show", weights, photo, "--sheet", sheet)
    assert ran.code == 0
    assert "seen.png shows where" in ran.err.replace("\n", "")
    assert ran.out.splitlines()[0].endswith("%  cat")
    with Pillow.open(sheet) as page:
        assert page.width == 2380
    found = run("weights", "show", weights, photo, "--json").json["classes"]
    assert found[0]["name"] == "cat"
    assert sum(one["probability"] for one in found) == pytest.approx(1)


def test_options_of_show_are_for_show(run: Any, weights: Path, photo: Path, tmp_path: Path) -> None:
    ran = run("weights", "list", "--sheet", tmp_path / "seen.png")
    assert ran.code == 2
    assert "relook weights show NAME PHOTO" in ran.err
    ran = run("weights", "show", weights, photo, "--sheet", tmp_path / "seen.jpg")
    assert "name it seen.png" in ran.err
    ran = run("weights", "show", weights, tmp_path / "none.png")
    assert ran.code != 0
    assert "none.png" in ran.err


def test_names_are_as_many_as_classes(tmp_path: Path) -> None:
    file = save_class_names(["dog", "two\nlines", "größer"], tmp_path / "mine.safetensors")
    assert find_class_names(tmp_path / "mine.safetensors") == file
    assert find_class_names(tmp_path / "other.safetensors") is None
    assert load_class_names(file, classes=3) == ("dog", "two lines", "größer")
    assert load_class_names(file, classes=4)[:2] == ("background", "dog")
    with pytest.raises(FormatError, match="3 names, and the network 7 classes"):
        load_class_names(file, classes=7)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="UTF-8"):
        load_class_names(file, classes=3)
