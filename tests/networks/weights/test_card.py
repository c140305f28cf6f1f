from __future__ import annotations

import json

import pytest

from relook.core.errors import FormatError, StorageError, UsageError
from relook.networks.spec import IMAGENET_MEAN, NetworkSpec
from relook.networks.weights import CARDS, Card
from relook.networks.weights.card import load_card, save_card

MINE = Card(name="mine", file="mine.npz", backbone="alexnet", layout="relook", pooling="gem",
            options={"p": 2.9}, mean=(0.1, 0.2, 0.3), overlaps_landmarks=False)  # fmt: skip


@pytest.mark.parametrize("card", [MINE, *CARDS.values()], ids=lambda card: card.name)
def test_a_card_is_read_as_it_was_written(card, tmp_path):
    file = tmp_path / f"{card.name}.card.json"
    save_card(card, file)
    assert load_card(file) == card
    assert json.loads(file.read_text(encoding="utf-8"))["version"] == 1


def test_a_card_that_an_editor_gave_a_byte_order_mark_is_read(tmp_path):
    file = tmp_path / "mine.card.json"
    save_card(MINE, file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_card(file) == MINE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"name": "mine"}',
        b'{"name": "mine", "file": "a.npz", "backbone": "alexnet", "layout": "relook", "x": "y"}',
        b'{"name": "mine", "file": "a.npz", "backbone": "alexnet", "layout": "other"}',
        b'{"name": "mine", "file": "a.npz", "backbone": 3, "layout": "relook"}',
        b'{"name": "mine", "file": "a.npz", "backbone": "a", "layout": "relook", "mean": [1, 2]}',
        b'{"name": "mine", "file": "a.npz", "backbone": "a", "layout": "relook", "std": [1, NaN]}',
        b'{"name": "mine", "file": "a", "backbone": "a", "layout": "relook", "std": [1, 2, NaN]}',
        b'{"name": "mine", "file": "../a.npz", "backbone": "alexnet", "layout": "relook"}',
        b'{"version": "1", "name": "mine", "file": "a.npz"}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_card_is_an_error_of_ours(content, tmp_path):
    file = tmp_path / "mine.card.json"
    file.write_bytes(content)
    with pytest.raises(FormatError, match="is not a card of weights"):
        load_card(file)


def test_a_card_of_a_newer_relook_says_so(tmp_path):
    file = tmp_path / "mine.card.json"
    file.write_text('{"version": 2}', encoding="utf-8")
    with pytest.raises(FormatError, match="newer relook"):
        load_card(file)


def test_a_card_under_another_name_is_refused(tmp_path):
    save_card(MINE, tmp_path / "other.card.json")
    with pytest.raises(FormatError, match=r"is the card of mine; name it mine\.card\.json"):
        load_card(tmp_path / "other.card.json")


def test_a_card_that_is_not_there_is_an_error_of_ours(tmp_path):
    with pytest.raises(StorageError, match="cannot read"):
        load_card(tmp_path / "mine.card.json")


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "ä", "a b", "-a", "a.", "x" * 101])
def test_odd_names_are_refused(name):
    with pytest.raises(UsageError, match="cannot name weights"):
        Card(name=name, file="a.npz", backbone="alexnet", layout="relook")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("file", "a/b.npz"),
        ("file", ""),
        ("file", "a\\b.npz"),
        ("layout", "keras"),
        ("sha256", "abc"),
        ("sha256", "Z" * 64),
        ("sha256_prefix", "xyz"),
        ("padding", "full"),
        ("std", (1.0, 0.0, 1.0)),
        ("whitening", -1),
    ],
)
def test_what_cannot_be_is_refused(field, value):
    fields = {"name": "a", "file": "a.npz", "backbone": "alexnet", "layout": "relook", field: value}
    with pytest.raises(UsageError):
        Card(**fields)


def test_the_spec_of_a_classifier_pools_as_the_default_does():
    spec = CARDS["mobilenet-v2"].spec()
    assert spec == NetworkSpec(
        backbone="mobilenet_v2", padding="same", mean=(0.5,) * 3, std=(0.5,) * 3
    )
    assert CARDS["mobilenet-v2"].spec(pooling="mac").pooling == "mac"


def test_the_spec_of_a_retrieval_network_is_what_it_was_trained_with():
    spec = CARDS["rSfM120k-tl-resnet50-gem-w"].spec()
    assert (spec.backbone, spec.pooling, spec.whitening) == ("resnet50", "gem", 2048)
    assert spec.mean == IMAGENET_MEAN
    assert MINE.spec().options == {"p": 2.9}
    assert MINE.spec(pooling="mac").options is None
    assert MINE.spec(whitening=8).options == {"p": 2.9}


def test_a_change_that_no_network_has_is_refused():
    with pytest.raises(UsageError, match="a network has no poling; choose backbone"):
        MINE.spec(poling="mac")


def test_checksums_of_shipped_cards_are_those_that_the_files_are_named_after():
    for card in CARDS.values():
        if card.layout == "torchvision":
            assert card.file.endswith(f"-{card.sha256_prefix}.pth")
            assert len(card.sha256_prefix) == 8
        assert not (card.sha256 and card.sha256_prefix)
        assert not card.url or card.url.endswith(f"/{card.file}")


def test_every_shipped_network_can_be_built():
    pytest.importorskip("torch")
    from relook.networks.backbones import BACKBONES
    from relook.networks.pooling import POOLINGS

    for card in CARDS.values():
        if card.layout != "local-features":
            assert card.backbone in BACKBONES
            assert card.spec().pooling in POOLINGS
