"""What a label is, and what happens to the labels of pictures."""

from __future__ import annotations

import sqlite3
import unicodedata
from pathlib import Path

import pytest

from collection.stock import stock
from relook.collection import Collection
from relook.collection.labels import make_label
from relook.core.errors import CollectionError, UsageError

SCRIPTS = ("Рембрандт", "Ῥεμβράντ", "伦勃朗", "رامبرانت", "रेम्ब्रां", "می‌خواهم", "👩‍🎨", "Ǆ 100 %")


@pytest.mark.parametrize("label", SCRIPTS)
def test_labels_may_be_in_any_script(filled: Collection, label: str) -> None:
    filled.set_labels(1, [label])
    assert filled.labels([1]) == {1: (label,)}
    assert filled.label_counts() == {label: 1}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  a  ", "a"),
        ("The\nNight \t\r\n Watch", "The Night Watch"),
        ("a\u00a0\u3000b\u2028c", "a b c"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("Å".encode().decode(), unicodedata.normalize("NFC", "Å")),
        ("x" * 200, "x" * 200),
        ("e\u0301" * 200, "é" * 200),
        ("0", "0"),
    ],
)
def test_spelling_that_nobody_sees_makes_no_other_label(given: str, kept: str) -> None:
    assert make_label(given) == kept
    assert make_label(kept) == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must not be empty"),
        (" \n\t", "must not be empty"),
        ("\u200b\u200f", "must not be empty"),
        ("a\0b", "control character U[+]0000"),
        ("a\u202eb", "control character U[+]202E"),
        ("a\x1bb", "control character U[+]001B"),
        ("a\x1fb", "control character U[+]001F"),
        ("a\udce4", "control character U[+]DCE4"),
        ("x" * 201, "201 characters; write at most 200"),
        (7, "text, not int"),
    ],
)
def test_what_is_no_label_is_refused_and_changes_nothing(
    filled: Collection, text: str, why: str
) -> None:
    filled.set_labels(1, ["a"])
    for mode in ("add", "replace", "remove"):
        with pytest.raises(UsageError, match=why) as caught:
            filled.apply_labels({2: ["b"], 1: ["c", text]}, mode=mode)
        assert "\n" not in str(caught.value)
    assert filled.labelled() == {1: ("a",)}


def test_case_makes_another_label(filled: Collection) -> None:
    filled.set_labels(1, ["Cat", "cat"])
    assert filled.label_counts() == {"Cat": 1, "cat": 1}


def test_a_bare_word_is_one_label(filled: Collection) -> None:
    filled.set_labels(1, "cat")
    assert filled.labels([1]) == {1: ("cat",)}


def test_labels_are_added_replaced_and_removed(filled: Collection) -> None:
    assert filled.apply_labels({1: ["b", "a", "a "], 2: ["a"], 3: []}) == 2
    assert filled.labelled() == {1: ("a", "b"), 2: ("a",)}
    assert filled.apply_labels({1: ["a"], 2: ["c"]}) == 1
    assert filled.apply_labels({1: ["c"], 2: ["a", "c"], 3: ["c"]}, mode="replace") == 2
    assert filled.labelled() == {1: ("c",), 2: ("a", "c"), 3: ("c",)}
    assert filled.apply_labels({1: ["a"], 2: ["c"], 3: ["c"]}, mode="remove") == 2
    assert filled.labelled() == {1: ("c",), 2: ("a",)}
    assert filled.apply_labels({1: []}, mode="replace") == 1
    assert filled.label_counts() == {"a": 1}
    assert filled.apply_labels({}) == 0


def test_an_unknown_picture_or_mode_changes_nothing(filled: Collection) -> None:
    before = filled._catalog.generation()
    with pytest.raises(CollectionError, match="no picture has id 77"):
        filled.apply_labels({1: ["a"], 77: ["a"]})
    with pytest.raises(UsageError, match="one of add, replace, remove, not merge"):
        filled.apply_labels({1: ["a"]}, mode="merge")
    assert filled.labelled() == {}
    assert filled._catalog.generation() == before


def test_what_is_so_already_moves_no_generation(filled: Collection) -> None:
    filled.set_labels(1, ["a", "b"])
    before = filled._catalog.generation()
    filled.set_labels(1, ["b", "a"])
    filled.apply_labels({2: ["x"]}, mode="remove")
    assert filled.rename_label("a", " a") == 1
    assert filled._catalog.generation() == before


def test_counts_are_in_order_and_of_what_a_search_can_show(
    filled: Collection,
) -> None:
    filled.apply_labels({1: ["b", "é"], 2: ["b"], 3: ["Z", "b"], 4: ["b", "bad"], 5: ["b", "lost"]})
    with sqlite3.connect(filled.directory / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE contents SET state = 'quarantined', reason = 'x' WHERE id = 4")
        catalog.execute("UPDATE contents SET state = 'pending' WHERE id = 5")
        catalog.execute("UPDATE paths SET content = 1 WHERE content = 7")
    catalog.close()
    assert list(filled.label_counts().items()) == [("Z", 1), ("b", 3), ("é", 1)]
    assert list(filled.labelled().items()) == [(1, ("b", "é")), (2, ("b",)), (3, ("Z", "b"))]
    assert (filled.info().labels, filled.info().labelled) == (3, 3)


def test_a_picture_that_no_file_shows_does_not_count(filled: Collection) -> None:
    filled.apply_labels({1: ["a"], 2: ["a"]})
    with sqlite3.connect(filled.directory / "catalog.sqlite") as catalog:
        catalog.execute("DELETE FROM paths WHERE content = 1")
    catalog.close()
    assert filled.label_counts() == {"a": 1}
    assert filled.labelled() == {2: ("a",)}


def test_a_label_is_renamed_and_merged(filled: Collection) -> None:
    filled.apply_labels({1: ["old", "both"], 2: ["old", "new"], 3: ["new"]})
    assert filled.rename_label("old", "new") == 2
    assert filled.labelled() == {1: ("both", "new"), 2: ("new",), 3: ("new",)}
    assert filled.rename_label("new", "newer\n still") == 3
    assert filled.label_counts() == {"both": 1, "newer still": 3}


def test_a_dropped_label_leaves_no_empty_class(filled: Collection) -> None:
    filled.apply_labels({1: ["a"], 2: ["a", "b"]})
    assert filled.drop_label("a") == 2
    assert filled.label_counts() == {"b": 1}
    filled.remove([2])
    assert filled.label_counts() == {}
    assert filled.labelled() == {}


def test_a_label_that_no_picture_has_names_those_spelled_alike(filled: Collection) -> None:
    with pytest.raises(UsageError, match="“Rembrandt”; no picture has any label yet"):
        filled.drop_label("Rembrandt")
    filled.apply_labels({1: ["Rembrandt", "Vermeer"]})
    for task in (filled.drop_label, lambda label: filled.rename_label(label, "x")):
        with pytest.raises(UsageError, match=r"did you mean “Rembrandt”\?"):
            task("rembrant")
    with pytest.raises(UsageError, match="“cat”; list the labels"):
        filled.drop_label("cat")
    with pytest.raises(UsageError, match="must not be empty"):
        filled.rename_label("Vermeer", " ")
    assert filled.label_counts() == {"Rembrandt": 1, "Vermeer": 1}


def test_copies_share_labels(empty: Collection, photos: Path) -> None:
    stock(empty, photos, {"a/1.png": "same", "b/1.png": "same"})
    empty.apply_labels({key: ["x"] for key in empty.ids_of(["a/1.png"])})
    assert empty.label_counts() == {"x": 1}
    empty.remove(["a/1.png"])
    assert empty.labels(empty.ids_of(["b/1.png"])) == {1: ("x",)}
