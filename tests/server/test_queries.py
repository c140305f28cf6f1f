"""Queries are kept for a while, not forever, and not without bound."""

from __future__ import annotations

from relook.core.records import Box
from relook.server.asking.queries import Asked, Queries
from relook.server.describing.tasks import Original


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(key: str, *, data: bytes = b"x", boxes: tuple[Box, ...] = ()) -> Asked:
    return Asked(key, None, (4, 3), boxes, (), Original(data), key.encode(), "recipe")


def test_a_query_is_found_by_its_key_and_by_what_it_is() -> None:
    queries = Queries()
    one = asked("one")
    queries.keep(one)
    assert queries.get("one") is one
    assert queries.find(one.mark) is one
    assert queries.get("two") is None
    assert queries.find(asked("one", boxes=(Box(0, 0, 1, 1),)).mark) is None


def test_keys_cannot_be_guessed() -> None:
    keys = {Queries.new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert min(map(len, keys)) >= 24


def test_a_query_lives_as_long_as_it_is_used() -> None:
    clock = Clock()
    queries = Queries(seconds=900, clock=clock)
    one = asked("one")
    queries.keep(one)
    clock.now = 800
    assert queries.get("one") is one
    clock.now = 1600
    assert queries.get("one") is one
    clock.now = 2501
    assert queries.get("one") is None
    assert queries.find(one.mark) is None
    assert len(queries) == 0


def test_the_one_used_longest_ago_goes_first() -> None:
    queries = Queries(most=2)
    for key in ("one", "two"):
        queries.keep(asked(key))
    queries.get("one")
    queries.keep(asked("three"))
    assert queries.get("two") is None
    assert queries.get("one") is not None


def test_uploads_take_bounded_memory_and_each_counts_once() -> None:
    queries = Queries(most_bytes=250)
    same = asked("one", data=bytes(100))
    queries.keep(same)
    queries.keep(Asked("box", None, (4, 3), (), (), same.original, same.sha256, "other"))
    queries.keep(asked("two", data=bytes(100)))
    assert len(queries) == 3
    queries.keep(asked("three", data=bytes(100)))
    assert queries.get("one") is None
    assert queries.get("three") is not None


def test_a_large_upload_is_kept_alone() -> None:
    queries = Queries(most_bytes=250)
    queries.keep(asked("small"))
    queries.keep(asked("large", data=bytes(1000)))
    assert queries.get("large") is not None
    assert queries.get("small") is None
