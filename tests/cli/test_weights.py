from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracles.file_server import serve_files
from relook.networks.weights import CARDS, Card, ships
from relook.networks.weights import importing as importing_module


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RELOOK_WEIGHTS", raising=False)
    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path / "cache"))
    # Whether weights fit a network is tested where they are imported; here they are tiny.
    monkeypatch.setattr(importing_module, "find_spec", lambda name: None)
    return tmp_path / "cache" / "weights"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.savez(tmp_path / "a.npz", **{"conv1.weight": np.ones((4, 3, 3, 3), np.float32)})
    return tmp_path / "a.npz"


def test_all_weights_are_listed(run: Any) -> None:
    ran = run("weights", "list")
    assert ran.code == 0
    assert all(f"\n{name} " in ran.out for name in CARDS)
    assert run("weights").out == ran.out
    found = run("weights", "list", "--json").json["weights"]
    assert [one["name"] for one in found] == list(CARDS)
    assert {one["name"] for one in found if one["path"]} == {
        name for name, card in CARDS.items() if ships(card)
    }


@pytest.mark.parametrize("name", CARDS)
def test_weights_are_described(run: Any, name: str) -> None:
    card = CARDS[name]
    ran = run("weights", "info", name)
    assert ran.code == 0
    assert all(word in ran.out for word in (card.file, card.license, card.url, card.backbone))
    found = run("weights", "info", name, "--json").json
    assert found["sha256"] == card.sha256
    assert found["mean"] == list(card.mean)


def test_a_file_is_imported_and_listed(run: Any, file: Path, folder: Path) -> None:
    words = ("--name", "mine", "--backbone", "resnet18", "--mean", ".5,.5,.5", "--std", "1,1,1",
             "--pooling", "gem", "--p", "2.5", "--size", "362", "--license", "CC0",
             "--no-overlap")  # fmt: skip
    ran = run("weights", "import", file, *words)
    assert ran.code == 0
    assert ran.out.startswith("mine: resnet18, ")
    found = run("weights", "info", "mine", "--json").json
    assert found["path"] == (folder / "mine.safetensors").as_posix()
    assert (found["mean"], found["options"], found["size"]) == ([0.5] * 3, {"p": 2.5}, 362)
    assert found["overlaps_landmarks"] is False
    assert "\nmine " in run("weights").out
    ran = run("weights", "import", file, *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_weights_are_fetched(run: Any, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve_files() as server:
        server.files["a.npz"] = file.read_bytes()
        card = Card(name="net", file="a.npz", backbone="resnet18", layout="torchvision",
                    url=server.url("a.npz"))  # fmt: skip
        monkeypatch.setitem(CARDS, "net", card)
        ran = run("weights", "fetch", "net")
    assert ran.code == 0
    assert hashlib.sha256(file.read_bytes()).hexdigest() in ran.err  # none is published
    assert run("weights", "fetch", "net", "--json").json["name"] == "net"


def test_what_must_be_brought_is_said_in_a_line(run: Any, folder: Path) -> None:
    ran = run("weights", "fetch", "mobilenet-v2")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert f"bring mobilenet_v2_100.npz to {folder}" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("info",),
        ("fetch",),
        ("import",),
        ("other",),
        ("list", "x"),
        ("info", "nothing"),
        ("fetch", "nothing"),
        ("list", "--name", "x"),
        ("import", "a.npz"),
        ("import", "nowhere.npz", "--name", "x"),
        ("import", "a.npz", "--name", "x", "--mean", "1,2"),
        ("import", "a.npz", "--name", "a b"),
    ],
)
def test_wrong_use_is_said_in_a_line(run: Any, words: tuple[str, ...]) -> None:
    ran = run("weights", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_a_damaged_file_is_said_in_a_line(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"damaged")
    words = ("--name", "mine", "--backbone", "resnet18")
    ran = run("weights", "import", tmp_path / "a.safetensors", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
