"""Errors do not say where on the disk things lie."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relook.core.errors import FormatError
from relook.server.scrubbing import without_paths


class Catalog:
    def roots(self) -> tuple[str, ...]:
        return ("/mnt/my disk/photos", "D:/My Photos")


class Broken:
    def roots(self) -> tuple[str, ...]:
        raise FormatError("damaged")


COLLECTION: Any = SimpleNamespace(directory=Path("/srv/my pictures"), catalog=Catalog())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/srv/my pictures/catalog.sqlite is damaged", "catalog.sqlite is damaged"),
        ("/srv/my pictures holds no collection", "the collection holds no collection"),
        ("--into /srv/my pictures`", "--into the collection`"),
        ("/mnt/my disk/photos/a b/c.jpg: gone", "a b/c.jpg: gone"),
        ("D:\\My Photos\\x\\c.jpg: gone", "x\\c.jpg: gone"),
        ("cannot write /var/lib/thing/a.bin: no space", "cannot write a.bin: no space"),
        ("see '/opt/a/b.toml', please", "see 'b.toml', please"),
        ("(/opt/a/b.toml)", "(b.toml)"),
        ("C:\\Users\\anna\\x.png is bad", "x.png is bad"),
        ("C:/Users/anna/x.png is bad", "x.png is bad"),
        ("\\\\server\\share\\x.png is bad", "x.png is bad"),
        ("file:///home/anna/x.png", "x.png"),
        ("/home/anna/my photos/x.png is bad", "x.png is bad"),
        ("read /etc/passwd, and /etc/shadow.", "read passwd, and shadow."),
        ("path=/a/b", "path=b"),
        ("a picture of 3/4 and/or image/jpeg", "a picture of 3/4 and/or image/jpeg"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("see /api/v1/openapi.json", "see /api/v1/openapi.json"),
        ("the page is at /", "the page is at /"),
        ("holiday/IMG_1.jpg has no label", "holiday/IMG_1.jpg has no label"),
        ("", ""),
    ],
)
def test_paths_become_names(text: str, clean: str) -> None:
    assert without_paths(text, COLLECTION) == clean


def test_temporary_folders_and_homes_are_known() -> None:
    place = Path(tempfile.gettempdir()) / "upload x" / "a.jpg"
    assert tempfile.gettempdir() not in without_paths(f"cannot read {place}")
    assert str(Path.home()) not in without_paths(f"cannot read {Path.home()}", COLLECTION)


def test_a_collection_that_is_damaged_hides_what_it_can() -> None:
    broken: Any = SimpleNamespace(directory=Path("/srv/my pictures"), catalog=Broken())
    assert without_paths("/srv/my pictures/a and /mnt/b/c", broken) == "a and c"


names = st.text("abcXYZ019._-é", min_size=1, max_size=8).filter(lambda name: set(name) != {"."})


@given(st.lists(names, min_size=2, max_size=6), st.sampled_from(["{} is bad", "'{}'", "x: {}, y"]))
def test_no_folder_of_any_path_is_left(parts: list[str], sentence: str) -> None:
    folders = ["top-secret", *parts[:-1]]
    clean = without_paths(sentence.format("/" + "/".join([*folders, parts[-1]])))
    assert "top-secret" not in clean
    assert "/" not in clean
