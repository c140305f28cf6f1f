"""Names of uploads: those of the client, as far as every disk takes them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relook.server.uploads.names import clean_name, free_name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("IMG_1.jpg", "IMG_1.jpg"),
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Users\\me\\a.jpg", "a.jpg"),
        ("a\\b.jpg", "b.jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("com1.tar.png", "_com1.tar.png"),
        ("conference.jpg", "conference.jpg"),
        (".hidden.jpg", "hidden.jpg"),
        ("..", "picture.png"),
        ("", "picture.png"),
        ("/", "picture.png"),
        ("\x00\x01.jpg", "picture.jpg"),
        ("a\nb\t c.jpg", "a b c.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe.png"),
        ("no suffix", "no suffix.png"),
        ('a<b>:"|?*.JPG', "a_b______.JPG"),
        ("trailing. .png", "trailing.png"),
        ("u\u0308ber.jpg", "über.jpg"),
        ("写真.jpg", "写真.jpg"),
        ("👩\u200d🎨.jpg", "👩\u200d🎨.jpg"),
        ("\ud800.jpg", "picture.jpg"),
    ],
)
def test_a_name_is_made_plain(given_name: str, kept: str) -> None:
    assert clean_name(given_name, kind="PNG") == kept


def test_a_long_name_is_cut_at_a_whole_letter() -> None:
    name = clean_name("ä" * 300 + ".jpeg", kind="JPEG")
    assert name.endswith("ä.jpeg")
    assert len(name.encode()) <= 155


@given(st.text())
def test_any_name_is_one_part_of_a_path(text: str) -> None:
    name = clean_name(text, kind="JPEG")
    assert name
    assert name == unicodedata.normalize("NFC", name)
    assert not name.startswith(".")
    assert not set(name) & set('/\\<>:"|?*\0\n\u202e')
    assert len(name.encode()) < 170
    assert clean_name(name, kind="JPEG") == name


def test_a_taken_name_gets_a_number() -> None:
    taken = {"a.jpg", "a (2).jpg"}
    assert free_name("a.jpg", taken.__contains__) == "a (3).jpg"
