"""Weights that are brought: imported from a file, or fetched from a server on this machine."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from oracles.file_server import serve_files
from relook.core.errors import FetchError, FormatError, StorageError, UsageError
from relook.networks.weights import (
    CARDS,
    Card,
    fetch_weights,
    import_weights,
    open_weights,
    weights_folder,
)
from relook.networks.weights import importing as importing_module

MEAN = (0.1, 0.2, 0.3)


@pytest.fixture(scope="module")
def alexnet():
    """Random weights of the smallest network."""
    torch = pytest.importorskip("torch")
    from relook.networks.backbones import make_backbone

    torch.manual_seed(0)
    return {key: tensor.numpy() for key, tensor in make_backbone("alexnet").state_dict().items()}


@pytest.fixture
def file(alexnet, tmp_path):
    path = tmp_path / "Gewichte äöü.npz"
    np.savez(path, **alexnet)
    return path


@pytest.fixture
def unchecked(monkeypatch):
    """As where torch is not installed."""
    monkeypatch.setattr(importing_module, "find_spec", lambda name: None)


def names():
    """Files that are there, without those of a download that is under way."""
    return sorted(path.name for path in weights_folder().glob("[!.]*"))


def test_weights_are_kept_under_our_names_with_a_card(file, alexnet):
    weights = import_weights(file, name="mine", backbone="alexnet", mean=MEAN, license="CC0")
    assert names() == ["mine.card.json", "mine.safetensors"]
    assert weights == open_weights("mine")
    assert (weights.card.license, weights.spec().mean) == ("CC0", MEAN)
    assert weights.card.sha256 == hashlib.sha256(weights.path.read_bytes()).hexdigest()
    state = weights.state()
    assert set(state) == {f"backbone.{key}" for key in alexnet}
    for key, array in alexnet.items():
        np.testing.assert_array_equal(state[f"backbone.{key}"], array)
    with safe_open(weights.path, framework="np") as stored:  # any reader can open it
        assert set(stored.keys()) == set(state)


def test_a_classifier_keeps_its_head_for_neural_codes(alexnet, tmp_path):
    head = {"classifier.1.weight": np.ones((3, 4), np.float32)}
    np.savez(tmp_path / "a.npz", **alexnet, **head)
    weights = import_weights(tmp_path / "a.npz", name="mine", backbone="alexnet")
    assert "backbone.classifier.1.weight" in weights.state()


def test_the_p_of_gem_can_be_given(file):
    weights = import_weights(file, name="mine", backbone="alexnet", pooling="gem",
                             options={"p": 2.5})  # fmt: skip
    np.testing.assert_array_equal(weights.state()["pool.p"], [2.5])
    from relook.networks.retrieval import RetrievalNetwork

    RetrievalNetwork.from_state(weights.spec(), weights.state())


def test_an_imported_checkpoint_keeps_its_whitenings_and_its_layer(alexnet, tmp_path):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    m, projection = rng.standard_normal((256, 1)), rng.standard_normal((256, 256))
    meta = {"architecture": "alexnet", "pooling": "gem", "outputdim": 256, "whitening": True,
            "Lw": {"sfm": {"ms": {"m": m, "P": projection}}}}  # fmt: skip
    state = {key: torch.from_numpy(array) for key, array in alexnet.items()}
    state |= {"pool.p": torch.tensor([2.9]), "whiten.weight": torch.eye(256),
              "whiten.bias": torch.zeros(256)}  # fmt: skip
    torch.save({"meta": meta, "state_dict": state}, tmp_path / "a.pth")
    weights = import_weights(tmp_path / "a.pth", name="mine")
    assert weights.card.layout == "relook"
    assert (weights.spec().backbone, weights.spec().whitening) == ("alexnet", 256)
    kept = open_weights("mine")
    assert set(kept.state()) == {
        *(f"backbone.{key}" for key in alexnet), "pool.p", "whiten.weight", "whiten.bias",
    }  # fmt: skip
    mean, matrix = kept.whitenings["sfm/ms"]
    np.testing.assert_allclose(mean, m[:, 0], rtol=1e-6)
    np.testing.assert_allclose(matrix, projection, rtol=1e-6)


def test_a_checkpoint_of_another_network_than_is_said_is_refused(tmp_path, unchecked):
    torch = pytest.importorskip("torch")
    meta = {"architecture": "alexnet", "pooling": "gem", "outputdim": 256}
    torch.save({"meta": meta, "state_dict": {"features.0.bias": torch.ones(1)}}, tmp_path / "a.pth")
    with pytest.raises(FormatError, match="holds alexnet, not vgg16; name that backbone"):
        import_weights(tmp_path / "a.pth", name="mine", backbone="vgg16")


def test_weights_of_another_network_name_what_does_not_fit(file, alexnet, tmp_path):
    with pytest.raises(FormatError, match=r"missing: .*unexpected: .*look like alexnet"):
        import_weights(file, name="mine", backbone="resnet18")
    first = next(iter(alexnet))
    np.savez(tmp_path / "b.npz", **{key: a for key, a in alexnet.items() if key != first})
    with pytest.raises(FormatError, match=f"missing: {first}"):
        import_weights(tmp_path / "b.npz", name="mine", backbone="alexnet")
    with pytest.raises(UsageError, match="no backbone 'alxnet'"):
        import_weights(file, name="mine", backbone="alxnet")
    assert names() == []


def test_a_layer_after_the_pooling_that_does_not_fit_is_named(alexnet, tmp_path):
    arrays = {f"backbone.{key}": array for key, array in alexnet.items()}
    whiten = {"whiten.weight": np.ones((8, 100), np.float32), "whiten.bias": np.ones(8, np.float32)}
    np.savez(tmp_path / "a.npz", **arrays, **whiten)
    with pytest.raises(FormatError, match=r"whiten\.weight has shape \(8, 100\), not \(8, 256\)"):
        import_weights(tmp_path / "a.npz", name="mine", backbone="alexnet")
    whiten["whiten.weight"] = np.ones((8, 256), np.float32)
    np.savez(tmp_path / "b.npz", **arrays, **whiten)
    weights = import_weights(tmp_path / "b.npz", name="mine", backbone="alexnet", pooling="mac")
    assert weights.spec().whitening == 8
    assert names() == ["mine.card.json", "mine.safetensors"]


def test_without_torch_weights_are_imported_unchecked(file, unchecked):
    import_weights(file, name="mine", backbone="resnet18")
    assert len(open_weights("mine").state()) == 10


def test_names_that_are_taken_are_refused(file, unchecked):
    with pytest.raises(UsageError, match="resnet50 is the name of published weights"):
        import_weights(file, name="resnet50", backbone="alexnet")
    import_weights(file, name="mine", backbone="alexnet")
    with pytest.raises(UsageError, match="is there already; choose another name"):
        import_weights(file, name="mine", backbone="alexnet")
    with pytest.raises(UsageError, match="looks like a file; name the weights mine"):
        import_weights(file, name="mine.npz", backbone="alexnet")
    with pytest.raises(UsageError, match="cannot name weights"):
        import_weights(file, name="../mine", backbone="alexnet")


def test_what_is_missing_or_unknown_is_said(file, tmp_path, unchecked):
    with pytest.raises(UsageError, match="there is no file"):
        import_weights(tmp_path / "no.npz", name="mine", backbone="alexnet")
    with pytest.raises(UsageError, match="name its backbone"):
        import_weights(file, name="mine")
    with pytest.raises(UsageError, match="a card of weights has no poling"):
        import_weights(file, name="mine", backbone="alexnet", poling="gem")


def test_nan_is_refused_before_anything_is_written(tmp_path, unchecked):
    np.savez(tmp_path / "a.npz", weight=np.array([np.nan], np.float32))
    with pytest.raises(FormatError, match="NaN or infinity in weight"):
        import_weights(tmp_path / "a.npz", name="mine", backbone="alexnet")
    assert names() == []


@pytest.mark.parametrize("which", ["save_card", "write_whole"])
def test_nothing_is_left_where_writing_fails(which, file, unchecked, monkeypatch):
    def fail(*_):
        raise StorageError("no space left")

    monkeypatch.setattr(importing_module, which, fail)
    with pytest.raises(StorageError, match="no space"):
        import_weights(file, name="mine", backbone="alexnet")
    assert names() == []


def test_a_cache_that_cannot_be_made_is_an_error_of_ours(file, unchecked, tmp_path):
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot make the folder"):
        import_weights(file, name="mine", backbone="alexnet")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve_files() as server:
        yield server


@pytest.fixture
def card(server, monkeypatch):
    """A card that ships, of a file that the server has."""
    content = io.BytesIO()
    np.savez(content, **{"backbone.weight": np.ones((40, 1000), np.float32)})
    server.files["net.npz"] = content.getvalue()
    card = Card(name="net", file="net.npz", backbone="alexnet", layout="relook",
                url=server.url("net.npz"),
                sha256=hashlib.sha256(content.getvalue()).hexdigest())  # fmt: skip
    monkeypatch.setitem(CARDS, "net", card)
    return card


def test_weights_are_fetched_once_and_opened(card, server, home):
    told = []
    weights = fetch_weights("net", progress=lambda *now: told.append(now))
    assert weights.path == home / "net.npz"
    assert told[-1] == (len(server.files["net.npz"]),) * 2
    assert set(weights.state()) == {"backbone.weight"}
    assert fetch_weights("net") == weights == open_weights("net")
    assert len(server.asked) == 1
    assert names() == ["net.npz"]


def test_a_download_goes_on_where_it_stopped(card, server):
    server.stop_after = 1000
    with pytest.raises(FetchError, match="broke off after 1,000 of"):
        fetch_weights("net")
    server.stop_after = None
    with pytest.raises(FetchError, match="run relook weights fetch net"):
        open_weights("net")  # a part is not a file
    fetch_weights("net")
    assert server.asked == [None, "bytes=1000-"]


@pytest.mark.parametrize("digits", ["sha256", "sha256_prefix"])
def test_what_has_another_checksum_is_not_kept(digits, card, server, monkeypatch):
    wrong = {"sha256": "", "sha256_prefix": ""} | {digits: "0" * (64 if digits == "sha256" else 8)}
    monkeypatch.setitem(CARDS, "net", replace(card, **wrong))
    with pytest.raises(FetchError, match="0000"):
        fetch_weights("net")
    assert names() == []


def test_a_checksum_of_which_the_start_is_known_is_verified(card, server, monkeypatch):
    card = replace(card, sha256="", sha256_prefix=card.sha256[:8])
    monkeypatch.setitem(CARDS, "net", card)
    assert fetch_weights("net").card == card


def test_a_file_that_is_here_and_damaged_is_said(card, home):
    home.mkdir(parents=True)
    (home / "net.npz").write_bytes(b"damaged")
    with pytest.raises(FormatError, match="delete it and bring it again"):
        fetch_weights("net")


def test_what_is_not_offered_must_be_brought(monkeypatch):
    with pytest.raises(FetchError, match=r"bring mobilenet_v2_100\.npz to"):
        fetch_weights("mobilenet-v2")


def test_without_a_network_the_line_says_what_to_bring_and_where_to_put_it(card, server, home):
    server.server_close()  # nobody listens there any more
    with pytest.raises(FetchError, match=r"no connection to 127\.0\.0\.1.*bring") as caught:
        fetch_weights("net")
    assert str(Path(home / "net.npz")) in str(caught.value)
