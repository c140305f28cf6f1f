"""Results of a search, read with labels, become claims."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.confidence import observation
from relook.recognition import claims
from relook.recognition.claims import FEATURES, make_claims


def column(found, name):
    return found.features[:, FEATURES.index(name)]


def rival_pairs(found):
    return {
        (a, b)
        for i, a in enumerate(found.labels)
        for j, b in enumerate(found.labels)
        if found.rivals[i, j]
    }


def test_a_hit_without_a_label_claims_nothing():
    found = make_claims(observation([3, 1, 2]), {1: ("a",), 2: ()})
    assert found.labels == ("a",)
    assert found.images.tolist() == [1]
    assert len(make_claims(observation([3, 1, 2]), {})) == 0


@pytest.mark.parametrize("ids", [[], [5]])
def test_no_claims_are_a_table_without_rows(ids):
    found = make_claims(observation(ids), {})
    assert (found.labels, found.features.shape) == ((), (0, len(FEATURES)))
    assert found.rivals.shape == (0, 0)
    assert (found.images.dtype, found.turns.dtype) == (np.int64, np.int64)


def test_labels_come_in_order_of_their_best_image():
    labels = {1: ("a",), 2: ("b",), 3: ("a", "c"), 4: ("b",)}
    assert make_claims(observation([2, 3, 1, 4]), labels).labels == ("b", "a", "c")


def test_a_label_that_includes_another_waits_for_it_whatever_its_evidence():
    labels = {1: ("painting", "Lisa"), 2: ("painting",), 3: ("painting", "Lisa")}
    found = make_claims(observation([1, 2, 3], strengths=[90, 80, 5]), labels)
    turns = dict(zip(found.labels, found.turns.tolist(), strict=True))
    assert turns["Lisa"] < turns["painting"]


def test_of_two_things_in_one_picture_the_one_that_other_pictures_confirm_has_the_turn():
    labels = {1: ("Hills", "Machine"), 2: ("Hills",), 3: ("Hills",), 4: ("Machine",)}
    found = make_claims(observation([1, 2, 3, 4], strengths=[90, 80, 70, 0]), labels)
    turns = dict(zip(found.labels, found.turns.tolist(), strict=True))
    assert turns["Hills"] < turns["Machine"]


def test_the_image_with_the_strongest_evidence_speaks_for_a_label():
    seen = observation(
        [1, 2, 3],
        strengths=[0, 8, 3],
        surprises=[5, 2, -4],
        query_shares=[0, 0.25, 0.81],
        shares=[0, 0.49, 0.81],
        offsets=[0, 0.4, 0],
    )
    found = make_claims(seen, dict.fromkeys((1, 2, 3), ("a",)))
    assert found.images.tolist() == [2]
    expected = {
        "one": 1, "strength": np.log(9), "surprise": np.log(6), "query share": 0.5, "share": 0.7,
        "middle": 0.6,
    }  # fmt: skip
    for name, value in expected.items():
        assert column(found, name) == pytest.approx([value], rel=1e-6), name
    assert found.features.dtype == np.float64


def test_without_evidence_the_most_similar_image_speaks_and_the_middle_says_nothing():
    seen = observation([1, 2], similarities=[0.2, 0.9], surprises=[-1, -2])
    found = make_claims(seen, dict.fromkeys((1, 2), ("a",)))
    assert found.images.tolist() == [2]
    assert found.features.tolist() == [[1] + [0] * (len(FEATURES) - 1)]


def test_much_evidence_by_accident_speaks_against_a_little_more():
    """What is strong, or of the label itself, is no accident."""
    labels = {1: ("a",), 2: ("b",), 3: ("a",)}
    strengths = [5, 3, 4, 2, 1, 50]
    found = make_claims(observation([1, 2, 3, 4, 5, 6], strengths=strengths), labels)
    quiet = dict(zip(found.labels, column(found, "quiet"), strict=True))
    assert quiet == pytest.approx({"a": -np.log1p(0.6), "b": -np.log1p(1.2)})
    still = make_claims(observation([1, 2], strengths=[5, 0]), labels)
    assert column(still, "quiet").tolist() == pytest.approx([0, -np.log1p(0.5)])


def test_labels_of_different_images_are_rivals():
    found = make_claims(observation([1, 2]), {1: ("a",), 2: ("b",)})
    assert rival_pairs(found) == {("a", "b"), ("b", "a")}


def test_several_labels_of_one_image_are_no_rivals():
    labels = {1: ("Mona Lisa", "painting"), 2: ("painting", "The Night Watch")}
    found = make_claims(observation([1, 2], strengths=[9, 3]), labels)
    one, other = "Mona Lisa", "The Night Watch"
    assert rival_pairs(found) == {(one, other), (other, one)}


def test_a_label_of_the_image_that_speaks_for_another_is_no_rival_of_it():
    """The best picture of “b” does not have “a”, but that of “a” has both."""
    labels = {1: ("a", "b"), 2: ("b",)}
    found = make_claims(observation([1, 2], strengths=[3, 9]), labels)
    assert dict(zip(found.labels, found.images.tolist(), strict=True)) == {"a": 1, "b": 2}
    assert not found.rivals.any()


def test_what_a_picture_shows_beside_its_label_is_no_rival_of_it():
    labels = {1: ("a",), 2: ("b",), 3: ("c",)}
    found = make_claims(observation([1, 2, 3]), labels, shows={2: frozenset("a")})
    assert found.labels == ("a", "b", "c"), "it is no claim of its own"
    assert rival_pairs(found) == {("a", "c"), ("c", "a"), ("b", "c"), ("c", "b")}


def test_rivalry_is_mutual_and_no_label_is_its_own_rival():
    rng = np.random.default_rng(0)
    labels = {
        image: tuple(sorted(set(rng.choice(list("abcdefg"), rng.integers(0, 4)))))
        for image in range(30)
    }
    found = make_claims(observation(rng.permutation(30), strengths=rng.random(30)), labels)
    assert (found.rivals == found.rivals.T).all()
    assert not found.rivals.diagonal().any()


def test_only_so_many_labels_compete_but_an_image_claims_all_of_its_own():
    labels = {row: (f"{row:03}",) for row in range(90)}
    assert len(make_claims(observation(range(90)), labels)) == claims._MOST
    tags = tuple(f"tag {n:02}" for n in range(40))
    found = make_claims(observation([0, 1]), {0: (*tags, "the thing itself"), 1: ("other",)})
    assert "the thing itself" in found.labels
    assert "other" not in found.labels


def test_only_the_best_results_speak():
    found = make_claims(observation(range(200)), {claims.RESULTS: ("late",), 0: ("a",)})
    assert found.labels == ("a",)
