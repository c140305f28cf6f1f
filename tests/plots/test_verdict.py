"""Verdicts as pictures: the region lies where the geometry says, and every answer is in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relook.collection import Hit, Recognition
from relook.core.errors import ShapeError, StorageError, UsageError
from relook.core.records import Box, Evidence, Image
from relook.images import read
from relook.plots.layout import MARGIN
from relook.plots.lines import place_pair
from relook.plots.palette import BOX, JUNK, PAPER, REGION, RIGHT
from relook.plots.verdict import draw_verdict, save_verdict
from relook.plots.wording import kind_of, percent, sentence
from relook.recognition.records import Alternative, Verdict

GRAY = 90
CORNERS = np.array([[20, 30], [180, 30], [180, 120], [20, 120]], np.float32)
MONA, SCREAM = Alternative("Mona Lisa", 0.983, 7), Alternative("The Scream", 0.006, 9)
KNOWN = Verdict(known=True, confidence=0.983, candidates=(MONA, SCREAM), none=0.011)
UNKNOWN = Verdict(
    known=False, confidence=0.96, candidates=(Alternative("Mona Lisa", 0.03, 7),), none=0.96
)
UNSURE = Verdict(
    known=False, confidence=0.3, candidates=(Alternative("Mona Lisa", 0.61, 7), SCREAM), none=0.3
)
NOTHING = Verdict(known=False, confidence=1.0, candidates=(), none=1.0)


def gray(width: int = 240, height: int = 160) -> Image:
    return Image(np.full((height, width, 3), GRAY, np.uint8), (width, height))


def shifted() -> Evidence:
    points = np.array([[40, 50], [150, 60], [90, 100]], np.float32)
    move = np.array([30, 20], np.float32)
    matrix = np.array([[1.0, 0, 30], [0, 1, 20], [0, 0, 1]])
    return Evidence(3, 3.0, matrix, points, points + move, CORNERS, CORNERS + move)


def hit(proof: Evidence | None = None, path: str = "louvre/mona.jpg") -> Hit:
    if proof is None:
        return Hit(1, 7, path, 0.4)
    return Hit(1, 7, path, 0.4, proof.inliers, proof.region, proof.query_region, proof)


def recognition(verdict: Verdict, found: Hit | None) -> Recognition:
    return Recognition("photo.jpg", verdict, found, "collection", 0.87)


def has(page: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((np.abs(page.astype(int) - color).max(axis=-1) <= 2).any())


@pytest.mark.parametrize("side", [0, 1])
def test_both_regions_are_outlined_where_the_geometry_puts_them(side: int) -> None:
    query, found, proof = gray(), gray(300, 200), shifted()
    page = draw_verdict(query, recognition(KNOWN, hit(proof)), found)
    place = place_pair(query, found, width=1600, height=860)[side]
    region = (proof.query_region, proof.region)[side]
    drawn = place.to_drawn(region) + MARGIN
    for i in range(4):
        x, y = np.rint(0.7 * drawn[i] + 0.3 * drawn[(i + 1) % 4]).astype(int)
        patch = page[y - 1 : y + 2, x - 1 : x + 2].astype(int)
        assert (np.abs(patch - REGION).max(axis=-1) <= 12).any()


@pytest.mark.parametrize(
    ("verdict", "color"), [(KNOWN, RIGHT), (UNKNOWN, JUNK), (UNSURE, BOX), (NOTHING, JUNK)]
)
@pytest.mark.parametrize("shape", [(240, 160), (160, 240), (4000, 12), (12, 4000), (1, 1)])
def test_every_answer_has_its_color_and_the_margins_stay_empty(
    verdict: Verdict, color: tuple[int, int, int], shape: tuple[int, int]
) -> None:
    found = None if verdict is NOTHING else hit(shifted(), path="p" * 400)
    page = draw_verdict(gray(*shape), recognition(verdict, found), found and gray(*shape[::-1]))
    assert page.dtype == np.uint8
    assert page.shape[1] <= 1600 + 2 * MARGIN
    assert has(page, color)
    for edge in (page[:40], page[-40:], page[:, :60], page[:, -60:]):
        assert (edge == PAPER).all()


def test_what_is_not_in_the_collection_has_no_region_and_its_closest_picture_is_faded() -> None:
    page = draw_verdict(gray(), recognition(UNKNOWN, hit(shifted())), gray(300, 200))
    assert not has(page, REGION)
    left, right, *_ = place_pair(gray(), gray(300, 200), width=1600, height=860)
    middle = [
        page[MARGIN + p.top + p.height // 2, MARGIN + p.left + p.width // 2] for p in (left, right)
    ]
    assert (middle[0] == GRAY).all()
    assert (middle[1] > GRAY + 50).all()


def test_without_geometry_both_pictures_are_shown_as_they_are() -> None:
    page = draw_verdict(gray(), recognition(KNOWN, hit()), gray(300, 200))
    assert not has(page, REGION)
    assert has(page, RIGHT)


def test_the_part_that_was_asked_for_is_outlined() -> None:
    boxed = draw_verdict(gray(), recognition(UNKNOWN, hit()), gray(), box=Box(40, 30, 100, 60))
    assert has(boxed, BOX)
    assert not has(draw_verdict(gray(), recognition(UNKNOWN, hit()), gray()), BOX)


def test_the_pictures_that_came_in_are_not_changed_and_the_drawing_is_the_same_again() -> None:
    query, found, said = gray(), gray(300, 200), recognition(KNOWN, hit(shifted()))
    once = draw_verdict(query, said, found, box=Box(10, 10, 50, 50))
    again = draw_verdict(query, said, found, box=Box(10, 10, 50, 50))
    assert np.array_equal(once, again)
    assert (query.pixels == GRAY).all()
    assert (found.pixels == GRAY).all()


@pytest.mark.parametrize("label", ["モナ・リザ", "الموناليزا", "x" * 500, "a\nb\u202e\ud800"])
def test_labels_of_any_script_and_length_are_drawn(label: str) -> None:
    verdict = Verdict(
        known=True, confidence=0.99, candidates=(Alternative(label, 0.99, 7),), none=0
    )
    page = draw_verdict(gray(), recognition(verdict, hit()), gray())
    assert (page[:, -60:] == PAPER).all()


@pytest.mark.parametrize("name", ["why.jpg", "why.jpeg", "why.PNG"])
def test_a_drawing_is_saved_by_its_suffix(tmp_path: Path, name: str) -> None:
    save_verdict(tmp_path / name, gray(), recognition(KNOWN, hit(shifted())), gray())
    assert read(tmp_path / name).size[0] >= 1200


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    said = recognition(KNOWN, None)
    with pytest.raises(UsageError, match=r"name it why\.jpg"):
        save_verdict(tmp_path / "why.gif", gray(), said, None)
    with pytest.raises(StorageError):
        save_verdict(tmp_path / "missing" / "why.png", gray(), said, None)


def test_a_picture_without_pixels_is_refused() -> None:
    empty = Image(np.zeros((0, 5, 3), np.uint8), (5, 0))
    with pytest.raises(ShapeError):
        draw_verdict(empty, recognition(NOTHING, None), None)


@pytest.mark.parametrize(
    ("verdict", "found", "words"),
    [
        (KNOWN, hit(shifted()), "Mona Lisa, 98 % sure: 3 matches on louvre/mona.jpg"),
        (KNOWN, hit(), "Mona Lisa, 98 % sure: most like louvre/mona.jpg"),
        (
            UNKNOWN,
            hit(),
            "not in this collection (96 % sure); closest is Mona Lisa (3 %), louvre/mona.jpg",
        ),
        (
            UNSURE,
            hit(shifted()),
            "not sure: perhaps Mona Lisa (61 %) or The Scream (1 %); 3 matches on louvre/mona.jpg",
        ),
        (NOTHING, None, "not in this collection (100 % sure)"),
    ],
)
def test_the_answer_in_words(verdict: Verdict, found: Hit | None, words: str) -> None:
    assert sentence(recognition(verdict, found)) == words


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0, "0 %"), (0.004, "under 1 %"), (0.5, "50 %"), (0.994, "99 %"), (0.9999, "over 99 %")],
)
def test_what_is_not_certain_is_not_called_certain(probability: float, words: str) -> None:
    assert percent(probability) == words


@pytest.mark.parametrize(("none", "words"), [(0.96, "not in"), (0.55, "probably not in")])
def test_none_of_these_is_said_as_firmly_as_it_is_sure(none: float, words: str) -> None:
    verdict = Verdict(known=False, confidence=none, candidates=(SCREAM,), none=none)
    said = recognition(verdict, hit())
    assert sentence(said).startswith(f"{words} this collection ({percent(none)} sure)")
    assert draw_verdict(gray(), said, gray()).shape


def test_an_answer_without_a_label_is_no_or_not_sure_by_which_is_likelier() -> None:
    assert [kind_of(verdict) for verdict in (KNOWN, UNKNOWN, UNSURE, NOTHING)] == [
        *("known", "unknown", "unsure", "unknown")
    ]
