"""Pictures of the collection as queries whose answer is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from oracles.confidence import observation
from relook.recognition.pseudo import (
    DISTRACTOR,
    PART,
    PHOTO,
    STRONG,
    VIEW,
    PseudoQuery,
    also_shown,
    find_beside,
    make_cases,
    particular,
)

LEFT, RIGHT = (0.0, 0.0, 0.4, 1.0), (0.6, 0.0, 1.0, 1.0)


def query(source, ids, *, kind=PHOTO, number=0, **columns):
    return PseudoQuery(source, kind, number, observation(ids, **columns))


def told(cases):
    """Of each case its labels, the truth, and the group."""
    return [(case.claims.labels, set(case.truth), case.group) for case in cases]


PAIRS = {1: ("a",), 2: ("a",), 3: ("b",), 4: ("b",)}


def test_a_photo_is_a_known_query_without_itself_and_an_unknown_one_without_its_label():
    cases = make_cases([query(1, [1, 3, 2, 4])], PAIRS)
    assert told(cases) == [(("b", "a"), {"a"}, "a"), (("b",), set(), "a")]
    assert cases[0].claims.images.tolist() == [3, 2]
    assert [case.known for case in cases] == [True, False]


def test_a_class_with_one_image_teaches_by_its_views():
    labels = {1: ("a",), 2: ("b",)}
    photo, view = query(1, [1, 2]), query(1, [1, 2], kind=VIEW)
    assert told(make_cases([view], labels)) == [(("a", "b"), {"a"}, "a"), (("b",), set(), "a")]
    # A photo whose siblings went: itself it must not find, so it is only an unknown query.
    assert told(make_cases([photo], labels)) == [(("b",), set(), "a")]


def test_a_view_of_a_picture_that_got_company_is_no_longer_found_by_itself():
    assert told(make_cases([query(1, [1, 3], kind=VIEW)], PAIRS))[0] == (("b",), {"a"}, "a")


def test_a_distractor_has_no_answer_and_a_group_of_its_own():
    labels = {1: ("distractor 7",), 2: ("distractor 7",)}
    queries = [query(-1, [1], kind=DISTRACTOR, number=n) for n in (7, 8)]
    cases = make_cases([*queries, query(1, [2])], labels)
    assert [case.truth for case in cases[:2]] == [frozenset()] * 2
    assert len({case.group for case in cases}) == 3


@pytest.mark.parametrize("labels", [{}, {2: ("a",)}, {1: (), 2: ("a",)}])
def test_a_picture_that_is_gone_or_without_a_label_teaches_nothing(labels):
    assert make_cases([query(1, [1, 2])], labels) == []


def test_the_order_of_the_queries_does_not_matter():
    queries = [
        query(1, [1, 3, 2, 4]),
        query(3, [1, 3, 2, 4]),
        query(-1, [1], kind=DISTRACTOR, number=5),
        query(-1, [3], kind=DISTRACTOR, number=4),
        query(4, [4], kind=VIEW, number=1),
        query(4, [4, 1], kind=VIEW, number=0),
    ]
    wanted = told(make_cases(queries, PAIRS))
    for some in itertools.islice(itertools.permutations(queries), 0, 720, 37):
        assert told(make_cases(some, PAIRS)) == wanted


GALLERY = {
    1: ("Mona Lisa", "painting"),
    2: ("Mona Lisa", "painting"),
    3: ("The Night Watch", "painting"),
    4: ("The Milkmaid", "painting"),
}


def test_a_label_that_all_have_leaves_the_particular_one_unknown():
    """Without the pictures of the Mona Lisa, that it is a painting is neither right nor wrong."""
    known, unknown = make_cases([query(1, [1, 2, 3, 4])], GALLERY)
    assert (set(known.truth), known.group) == ({"Mona Lisa", "painting"}, "Mona Lisa")
    assert unknown.truth == frozenset()
    assert unknown.claims.labels == ("The Night Watch", "The Milkmaid")
    assert unknown.claims.images.tolist() == [3, 4]


def test_the_label_of_the_fewest_pictures_says_most():
    members = {"painting": [1, 2, 3], "Mona Lisa": [1], "a": [2]}
    assert particular(("painting", "Mona Lisa"), members) == "Mona Lisa"
    assert particular(("Mona Lisa", "a"), members) == "Mona Lisa"  # by name where sizes are equal


def wall(boxes, *, strengths=None, ids=(1, 2, 3), offsets=None, shares=None):
    """A photo of two paintings: 2 is another photo of its own, 3 of the one beside."""
    return query(
        1,
        ids,
        strengths=[0, 50, 50] if strengths is None else strengths,
        shares=[0, 0.5, 0.5] if shares is None else shares,
        offsets=[0, 0, 0.5] if offsets is None else offsets,
        boxes=boxes,
    )


NOTHING = (np.nan,) * 4
WALL = {1: ("a",), 2: ("a",), 3: ("b",), 4: ("b",)}


def test_two_things_in_one_picture_are_both_right():
    seen = wall([NOTHING, LEFT, RIGHT])
    assert also_shown(seen, WALL, own="a") == [3]
    known, without = make_cases([seen], WALL)
    assert set(known.truth) == {"a", "b"}
    assert (set(without.truth), without.claims.labels) == ({"b"}, ("b",))


def test_what_lies_in_the_same_place_is_the_same_thing_and_wrong():
    seen = wall([NOTHING, LEFT, (0.1, 0.1, 0.5, 0.9)])
    assert also_shown(seen, WALL, own="a") == []
    assert set(make_cases([seen], WALL)[0].truth) == {"a"}


@pytest.mark.parametrize(
    "changes",
    [
        {"strengths": [0, 50, STRONG - 1]},
        {"shares": [0, 0.5, PART / 2]},
        {"ids": (1, 2, 9)},  # without a label
    ],
)
def test_weak_small_and_unlabelled_matches_are_nothing_shown_beside(changes):
    assert also_shown(wall([NOTHING, LEFT, RIGHT], **changes), WALL, own="a") == []


@pytest.mark.parametrize(("offset", "found"), [(0.0, []), (0.3, [3])])
def test_where_no_picture_of_the_same_label_says_where_it_is_it_is_in_the_middle(offset, found):
    seen = wall([NOTHING, NOTHING, RIGHT], strengths=[0, 0, 50], offsets=[0, 0, offset])
    assert also_shown(seen, WALL, own="a") == found


def test_a_picture_is_not_shown_beside_itself():
    seen = wall([RIGHT, LEFT, NOTHING], strengths=[90, 50, 0], offsets=[0.9, 0, 0])
    assert also_shown(seen, {1: ("a",), 2: ("b",)}, own="a") == []


def test_a_label_in_common_does_not_hide_what_is_shown_beside():
    labels = {image: (*names, "painting") for image, names in WALL.items()}
    seen = wall([NOTHING, LEFT, RIGHT])
    assert also_shown(seen, labels, own="a") == [3]
    known, without = make_cases([seen], labels)
    assert set(known.truth) == {"a", "b", "painting"}
    assert set(without.truth) == {"b", "painting"}


def test_what_is_shown_beside_is_unknown_where_only_the_removed_pictures_have_it():
    labels = {1: ("a",), 2: ("a",), 3: ("b",), 5: ("b", "c"), 6: ("c",)}
    _, without = make_cases([wall([NOTHING, LEFT, RIGHT])], labels)
    assert set(without.truth) == {"b"}


def test_most_pictures_of_its_own_decide_where_its_own_thing_is():
    """One of three shows the neighbor as well, and its inliers lie on that."""
    labels = {1: ("a",), 2: ("a",), 5: ("a",), 6: ("a",), 3: ("b",)}
    columns = {"strengths": [0, 50, 50, 50, 50], "shares": [0.5] * 5, "offsets": [0.0] * 5}
    ids = [1, 2, 5, 6, 3]
    for boxes, found in (
        ([NOTHING, LEFT, LEFT, RIGHT, RIGHT], [3]),
        ([NOTHING, LEFT, RIGHT, RIGHT, RIGHT], []),
    ):
        seen = query(1, ids, boxes=boxes, **columns)
        assert also_shown(seen, labels, own="a") == found


def test_what_each_picture_shows_beside_is_gathered_from_all_its_queries():
    one, other = wall([NOTHING, LEFT, RIGHT]), wall([NOTHING, LEFT, RIGHT], ids=(1, 2, 4))
    view = PseudoQuery(1, VIEW, 0, other.observation)
    assert find_beside([one, view], WALL) == {1: (3, 4)}
    assert find_beside([one], {2: ("a",), 3: ("b",)}) == {}
    distractor = PseudoQuery(1, DISTRACTOR, 0, one.observation)
    assert find_beside([distractor], WALL) == {}


def test_pictures_that_show_a_thing_beside_their_own_leave_with_it():
    """Picture 3 shows “a” too: without the pictures of “a” it must not be there either."""
    beside = query(
        3, [3, 4, 1], strengths=[0, 50, 50], shares=[0.5] * 3, boxes=[NOTHING, LEFT, RIGHT]
    )
    _, without = make_cases([query(1, [1, 2, 3, 4]), beside], WALL)[:2]
    assert without.claims.images.tolist() == [4]
    assert without.truth == frozenset()
