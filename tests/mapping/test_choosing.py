"""Which verified pictures are shown, and by which way they are placed."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.records import Evidence
from relook.mapping.choosing import choose, is_beside, is_wanted, should_be_seen
from relook.mapping.exploration import View
from relook.mapping.settling import settle, unsureness
from relook.reranking.framing import frame, outline_of

SIZE = (400, 300)
WHOLE = outline_of(SIZE)
MIDDLE = np.array([199.5, 149.5])


def proof(share):
    """Evidence whose inliers lie all over this share of both pictures."""
    corners = (outline_of(SIZE) * np.sqrt(share)).astype(np.float32)
    return Evidence(4, 9.0, np.eye(3), corners, corners, corners, corners, share=share)


def way(left, top, factor=1.0):
    return np.array([[factor, 0, -factor * left], [0, factor, -factor * top], [0, 0, 1.0]])


def view(id_, left, top, factor=1.0, *, chain=()):
    """A picture that shows the query from (left, top) on, larger by a factor."""
    transform = way(left, top, factor)
    framing = frame(transform, region=WHOLE, sizes=(SIZE, SIZE), at=MIDDLE)
    return View(id_, f"{id_}.jpg", SIZE, transform, chain, proof(0.5), framing)


def ids(views):
    return [one.id for one in views]


def test_details_come_largest_first_and_larger_ones_replace_smaller_ones_of_the_same_part():
    views = [view(1, 0, 0, 2.0), view(2, 10, 5, 2.2), view(3, 200, 150, 2.0), view(4, 20, 20, 8.0)]
    assert ids(choose(views, "in", WHOLE, top=9)) == [4, 2, 3]
    assert ids(choose(views, "in", WHOLE, top=1)) == [4]


def test_surroundings_come_smallest_first_and_each_view_once():
    views = [view(1, -200, -150, 0.5), view(2, -210, -150, 0.49), view(3, -600, -450, 0.25)]
    assert ids(choose(views, "out", WHOLE, top=9)) == [3, 2]


def test_what_lies_beside_comes_by_direction_from_near_to_far():
    views = [
        view(1, 700, 0, chain=(2,)), view(2, 350, 0), view(3, -300, 0), view(4, 0, -250),
        view(5, 40, 0), view(6, 360, 0),
    ]  # fmt: skip
    assert ids(choose(views, "crawl", WHOLE, top=9)) == [3, 2, 1, 4]
    assert [one.direction for one in choose(views, "crawl", WHOLE, top=9)] == [
        "left", "right", "right", "up",
    ]  # fmt: skip
    assert ids(choose(views, "crawl", WHOLE, top=9, known=[views[1].outline])) == [3, 1, 4]


@pytest.mark.parametrize(
    ("placed", "zooms", "seen"),
    [
        (view(1, 100, 75, 2.0), {"in", "crawl"}, True),
        (view(1, 390, 290, 4.0), set(), False),
        (view(1, -200, -150, 0.5), {"out", "crawl"}, True),
        (view(1, 300, 0), {"crawl"}, False),
        (view(1, 50, 0), {"crawl"}, True),
        (view(1, -1000, -700, 0.2), {"out"}, False),
    ],
)
def test_a_picture_is_wanted_for_what_it_shows(placed, zooms, seen):
    framing = placed.framing
    assert {zoom for zoom in ("in", "out", "crawl") if is_wanted(framing, zoom)} == zooms
    assert should_be_seen(framing) is seen


def test_what_shows_all_of_the_query_does_not_lie_beside_it():
    assert is_beside(view(1, 300, 0).framing)
    assert not is_beside(view(1, -200, -150, 0.5).framing)


def test_a_link_is_as_unsure_as_its_inliers_are_crowded():
    assert unsureness(proof(1.0), SIZE) == pytest.approx(1)
    assert unsureness(proof(0.1), SIZE) == pytest.approx(10, rel=1e-4)


def test_pictures_are_placed_by_their_surest_ways():
    """The query sees 3 in a narrow strip; by way of 2 two broad overlaps lead there."""
    shares = {("q", 2): 0.5, ("q", 3): 0.1, (2, 3): 0.5, (3, 2): 0.5}
    found = [view(3, 340, 0), view(2, 170, 0), view(9, 5000, 0)]

    def verify(codes, others):
        return {
            id_: proof(shares[codes.name, id_]) for id_ in others if (codes.name, id_) in shares
        }

    def place(before, chain, id_, other, evidence):
        return view(id_, 170 * (id_ - 1), 0, chain=chain)

    codes = {id_: Codes(id_) for id_ in (2, 3, 9)}
    settled = settle(Codes("q"), found, codes, WHOLE, verify=verify, place=place)
    assert ids(settled) == [3, 2, 9]
    assert [one.chain for one in settled] == [(2,), (), ()]
    assert settled[2] is found[2]


class Codes:
    size = SIZE

    def __init__(self, name):
        self.name = name
