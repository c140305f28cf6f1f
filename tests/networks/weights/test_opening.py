"""Where weights are looked for, and what is verified."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from relook.core.errors import FetchError, FormatError, StorageError, UsageError
from relook.networks.weights import (
    CARDS,
    Card,
    find_card,
    list_cards,
    open_weights,
    weights_folder,
)
from relook.networks.weights import checksum as checksum_module
from relook.networks.weights.card import save_card


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What RELOOK_WEIGHTS names."""
    folder = tmp_path / "named"
    folder.mkdir()
    monkeypatch.setenv("RELOOK_WEIGHTS", str(folder))
    return folder


@pytest.fixture
def shipped(arrays, tmp_path, monkeypatch):
    """A card that ships, and its file somewhere."""
    file = tmp_path / "elsewhere" / "shipped.safetensors"
    file.parent.mkdir()
    save_file(arrays, file)
    url = "https://example.org/shipped.safetensors"
    card = Card(name="shipped", file=file.name, backbone="alexnet", layout="relook",
                pooling="gem", sha256=sha(file), url=url)  # fmt: skip
    monkeypatch.setitem(CARDS, "shipped", card)
    return file


def bring(file: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file.name).write_bytes(file.read_bytes())
    return folder / file.name


def test_the_folder_of_the_environment_comes_before_the_cache(shipped, folder, home, arrays):
    there = bring(shipped, home)
    assert open_weights("shipped").path == there
    there = bring(shipped, folder)
    weights = open_weights("shipped")
    assert weights.path == there
    assert set(weights.state()) == set(arrays)
    assert weights.sha256 == weights.card.sha256
    assert weights.whitenings == {}


def test_a_file_may_be_called_by_its_own_name(shipped, folder):
    there = bring(shipped, folder)
    assert open_weights("shipped.safetensors").path == there
    assert open_weights(there).card.name == "shipped"
    assert open_weights(str(there)).card.name == "shipped"


def test_what_is_not_here_is_said_with_where_to_put_it(shipped, home):
    with pytest.raises(FetchError) as caught:
        open_weights("shipped")
    words = str(caught.value)
    assert "run relook weights fetch shipped" in words
    assert "shipped.safetensors (https://example.org/shipped.safetensors)" in words
    assert str(home) in words
    assert "RELOOK_WEIGHTS" in words
    with pytest.raises(FetchError, match="not here; bring mobilenet_v2_100"):
        open_weights("mobilenet-v2")


def test_an_unknown_name_lists_what_is_known(shipped):
    with pytest.raises(UsageError, match="no weights are called 'other'; choose relook-small, mob"):
        open_weights("other")


@pytest.mark.parametrize("given", ["no/such.npz", "such.npz", Path("such"), "no\\such"])
def test_a_path_that_is_not_there_says_so(given):
    with pytest.raises(UsageError, match="there is no file"):
        open_weights(given)


def test_a_folder_that_is_named_and_missing_says_so(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("RELOOK_WEIGHTS", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="which is no folder; make it or unset it"):
        open_weights("shipped")


def test_a_folder_that_cannot_be_read_is_an_error_of_ours(shipped, folder, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        open_weights("shipped")
    monkeypatch.undo()
    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setenv("RELOOK_WEIGHTS", str(folder))
    with pytest.raises(StorageError, match="cannot list"):
        list_cards()


def test_another_checksum_is_refused(shipped, home):
    there = bring(shipped, home)
    there.write_bytes(there.read_bytes()[:-1])
    with pytest.raises(FormatError, match="delete it and bring it again"):
        open_weights("shipped")


def test_the_first_digits_of_a_checksum_are_verified(shipped, home, monkeypatch):
    there = bring(shipped, home)
    for digits, fits in ((sha(there)[:8], True), ("0" * 8, False)):
        card = replace(CARDS["shipped"], sha256="", sha256_prefix=digits)
        monkeypatch.setitem(CARDS, "shipped", card)
        if fits:
            open_weights("shipped")
        else:
            with pytest.raises(FormatError, match=f"{sha(there)[:8]}, not 00000000 as shipped"):
                open_weights("shipped")


def test_a_checksum_is_computed_once_and_a_changed_file_is_noticed(shipped, home, monkeypatch):
    monkeypatch.setattr(checksum_module, "_FRESH", -1)
    computed = []
    digest = hashlib.file_digest

    def count(file, name):
        computed.append(file.name)
        return digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", count)
    there = bring(shipped, home)
    for _ in range(3):
        open_weights("shipped")
    assert len(computed) == 1
    content = bytearray(there.read_bytes())
    content[-1] ^= 1
    there.write_bytes(content)
    os.utime(there, ns=(0, 0))
    with pytest.raises(FormatError, match="delete it and bring it again"):
        open_weights("shipped")


def test_a_file_that_may_still_change_unnoticed_is_computed_again(shipped, home):
    bring(shipped, home)
    open_weights("shipped")
    assert not (home / checksum_module.KEPT).exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"x": 3}'])
def test_a_damaged_list_of_checksums_costs_time_and_nothing_else(
    content, shipped, home, monkeypatch
):
    monkeypatch.setattr(checksum_module, "_FRESH", -1)
    bring(shipped, home)
    (home / checksum_module.KEPT).write_bytes(content)
    open_weights("shipped")
    assert "shipped" in (home / checksum_module.KEPT).read_text(encoding="utf-8")


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    shipped, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(checksum_module, "_FRESH", -1)
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    bring(shipped, folder)
    open_weights("shipped")


def test_a_card_beside_a_file_is_found_by_name_and_by_path(shipped, folder):
    there = shipped.rename(folder / "mine.safetensors")
    card = replace(CARDS["shipped"], name="mine", file=there.name)
    save_card(card, folder / "mine.card.json")
    assert open_weights("mine").card == card
    assert open_weights(there).card == card
    assert "mine" in list_cards()
    assert open_weights(there, card=CARDS["shipped"]).card.name == "shipped"


def test_two_cards_of_one_name_are_refused_unless_they_are_equal(shipped, folder, home):
    home.mkdir(parents=True)
    card = replace(CARDS["shipped"], name="mine")
    for place in (folder, home):
        save_card(card, place / "mine.card.json")
    assert find_card("mine") == card
    save_card(replace(card, padding="same"), home / "mine.card.json")
    with pytest.raises(UsageError, match=r"is another card of mine than that of .*; rename one"):
        open_weights("mine")
    save_card(replace(card, name="shipped", license="mine now"), folder / "shipped.card.json")
    with pytest.raises(UsageError, match="another card of shipped than that of relook itself"):
        open_weights("shipped")


def test_a_damaged_card_of_another_name_is_in_nobodys_way(shipped, folder):
    (folder / "broken.card.json").write_bytes(b"{")
    bring(shipped, folder)
    open_weights("shipped")
    with pytest.raises(FormatError, match="broken"):
        list_cards()


def test_a_file_that_nothing_is_known_of_says_how_to_import_it(arrays, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UsageError, match=r"relook weights import .*a\.npz --name NAME --backbone"):
        open_weights(tmp_path / "a.npz")


def test_local_features_are_no_retrieval_network(folder, tmp_path, monkeypatch):
    card = Card(name="points", file="points.npz", backbone="points", layout="local-features")
    np.savez(tmp_path / "points.npz", a=np.ones(2, np.float32))
    weights = open_weights(tmp_path / "points.npz", card=card)
    assert set(weights.tensors().arrays) == {"a"}
    with pytest.raises(UsageError, match="not a network that gives one vector"):
        weights.state()


@pytest.mark.parametrize("variable", ["RELOOK_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"])
def test_the_cache_of_the_user_can_be_moved(variable, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv(variable, str(tmp_path))
    assert weights_folder().is_relative_to(tmp_path)
    assert weights_folder().name == "weights"


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_without_variables_the_cache_lies_in_the_home_folder(system, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", system)
    assert weights_folder().is_relative_to(Path.home())


REAL = Path(os.environ.get("RELOOK_TEST_DATA", "")) / "weights"


@pytest.mark.skipif(
    not (os.environ.get("RELOOK_TEST_DATA") and REAL.is_dir()),
    reason="RELOOK_TEST_DATA names no folder with weights/",
)
@pytest.mark.parametrize("name", ["mobilenet-v2", "mobilenet-v1-075", "aliked-n16"])
def test_real_weights_are_those_of_their_cards(name, monkeypatch):
    monkeypatch.setenv("RELOOK_WEIGHTS", str(REAL))
    if name == "aliked-n16":
        pytest.importorskip("torch")
        assert "block1.conv1.weight" in open_weights(name).tensors().arrays
        return
    weights = open_weights(name)
    state = weights.state()
    assert all(key.startswith("backbone.") for key in state)
    pytest.importorskip("torch")
    from relook.networks.backbones import load_state, make_backbone

    backbone = make_backbone(weights.card.backbone, padding=weights.card.padding)
    load_state(backbone, {key.removeprefix("backbone."): a for key, a in state.items()})
