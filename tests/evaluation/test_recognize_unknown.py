from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from relook.core.errors import UsageError
from relook.datasets.truth import DatasetImage, DatasetQuery, GroundTruth
from relook.evaluation.instances import instances_of, linked
from relook.evaluation.unknown import choose_unknown, known_database


def truth(queries: Sequence[DatasetQuery], labels: dict[str, str | None]) -> GroundTruth:
    asked = {query.id for query in queries}
    images = [
        DatasetImage(name, f"{name}.jpg", "query" if name in asked else "db", label)
        for name, label in labels.items()
    ]
    return GroundTruth("made", tuple(images), tuple(queries))


def many(count: int, *, subset: str = "one", junk: dict[int, int] | None = None) -> GroundTruth:
    labels: dict[str, str | None] = {}
    queries = []
    for number in range(count):
        name = f"{subset}{number}"
        labels |= {f"{name}/ref": name, f"{name}/query": name}
        other = (junk or {}).get(number)
        ignored = () if other is None else (f"{subset}{other}/ref",)
        queries.append(DatasetQuery(f"{name}/query", subset, (f"{name}/ref",), ignored))
    return truth(queries, labels)


def joined(*parts: GroundTruth) -> GroundTruth:
    return GroundTruth(
        "joined",
        tuple(image for part in parts for image in part.images),
        tuple(query for part in parts for query in part.queries),
    )


def chosen(made: GroundTruth, share: float, seed: int = 0) -> frozenset[str]:
    return choose_unknown(made, instances_of(made), share=share, seed=seed)


def test_linked_names_are_in_one_group():
    assert linked([["a", "b"], ["c"], ["d", "b"], []]) == [["a", "b", "d"], ["c"]]


def test_the_first_by_hash_are_taken_out():
    order = sorted(
        (f"one{number}" for number in range(10)),
        key=lambda name: hashlib.sha256(f"unknown/3/{name}".encode()).digest(),
    )
    assert chosen(many(10), 0.4, seed=3) == set(order[:4])


@pytest.mark.parametrize(
    ("count", "share", "taken"), [(10, 0.5, 5), (11, 0.5, 6), (2, 0.01, 1), (3, 0.99, 2), (9, 0, 0)]
)
def test_every_subset_keeps_known_and_unknown_instances(count, share, taken):
    assert len(chosen(many(count), share)) == taken
    both = chosen(joined(many(count), many(4, subset="two")), share)
    assert sum(name.startswith("one") for name in both) == taken


def test_subsets_with_one_instance_are_drawn_from_together():
    made = joined(*(many(1, subset=f"s{number}-") for number in range(6)), many(1, subset="t"))
    assert len(chosen(made, 0.5)) == 4
    assert chosen(joined(many(4), many(1, subset="alone")), 0.5) <= {f"one{n}" for n in range(4)}


def test_another_seed_takes_out_others_and_the_same_seed_the_same():
    made = many(40)
    assert chosen(made, 0.5) == chosen(made, 0.5)
    assert chosen(made, 0.5) != chosen(made, 0.5, seed=1)


def test_what_junk_links_goes_or_stays_together():
    made = many(12, junk={0: 1, 1: 0, 2: 3, 4: 3})
    for seed in range(20):
        taken = chosen(made, 0.5, seed)
        assert len(taken & {"one0", "one1"}) in (0, 2)
        assert len(taken & {"one2", "one3", "one4"}) in (0, 3)
        assert 4 <= len(taken) <= 6


def test_where_everything_is_linked_that_is_said():
    with pytest.raises(UsageError, match="--unknown 0"):
        chosen(many(3, junk={0: 1, 1: 2}), 0.5)


def test_a_large_group_does_not_keep_a_subset_without_unknown_instances():
    made = many(8, junk={0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6})
    assert all(chosen(made, 0.2, seed) for seed in range(10))


@pytest.mark.parametrize("share", [-0.1, 1, 1.5])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(UsageError, match="from 0 to below 1"):
        chosen(many(4), share)


def test_the_database_loses_instances_and_what_is_junk_of_their_queries():
    labels = {"a": "A", "b": "B", "near": None, "qa": "A", "qb": "B"}
    queries = (DatasetQuery("qa", "all", ("a",), junk=("near",)), DatasetQuery("qb", "all", ("b",)))
    made = truth(queries, labels)
    found = instances_of(made)
    left = {image.id for image in known_database(made, found, frozenset("A"))}
    assert left == {"b"}
    assert {image.id for image in known_database(made, found, frozenset())} == {"a", "b", "near"}


def test_instances_without_queries_stay():
    made = joined(many(4), truth((), {"alone": "alone"}))
    assert all("alone" not in chosen(made, 0.75, seed) for seed in range(8))


def test_labels_of_the_dataset_come_first_then_that_of_the_query_then_those_of_positives():
    labels = {"a": "A", "b": "B", "both": "A", "q1": "B", "q2": "A", "q3": "other", "q4": None}
    queries = (
        DatasetQuery("q1", "all", ("a", "b"), labels=("A", "B")),
        DatasetQuery("q2", "all", ("a", "b")),
        DatasetQuery("q3", "all", ("b",)),
        DatasetQuery("q4", "all", ()),
    )
    right = instances_of(truth(queries, labels)).right
    assert right == {
        "q1": {"A", "B"}, "q2": {"A"}, "q3": {"B"}, "q4": frozenset(),
    }  # fmt: skip


def test_without_labels_images_of_one_query_are_an_instance_named_after_the_first():
    labels = dict.fromkeys(["z", "b", "c", "d", "e", "q1", "q2", "q3"])
    queries = (
        DatasetQuery("q1", "all", ("c", "z")),
        DatasetQuery("q2", "all", ("b", "c")),
        DatasetQuery("q3", "all", ("e",)),
    )
    found = instances_of(truth(queries, labels))
    assert found.labels == {"z": "z", "b": "z", "c": "z", "e": "e"}
    assert found.right == {"q1": {"z"}, "q2": {"z"}, "q3": {"e"}}


def test_labels_that_unicode_writes_in_two_ways_are_one():
    labels = {"a": "Caf\u00e9", "b": "Cafe\u0301", "q": "Cafe\u0301"}
    found = instances_of(truth((DatasetQuery("q", "all", ("a",)),), labels))
    assert set(found.labels.values()) == {"Caf\u00e9"} == found.right["q"]


def test_a_dataset_that_names_nothing_is_refused():
    made = truth((DatasetQuery("q", "all", ()),), {"a": None, "q": None})
    with pytest.raises(UsageError, match="made says of no database image what it shows"):
        instances_of(made)
