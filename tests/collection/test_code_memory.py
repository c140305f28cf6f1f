"""Codes that are remembered are those of the catalog as it is."""

from __future__ import annotations

import numpy as np

from relook.collection.code_memory import CodeMemory
from relook.collection.records import Generation

FIRST, SECOND = Generation("a", 1), Generation("a", 2)


def codes(size: int = 100) -> np.ndarray:
    return np.zeros(size, np.uint8)


def test_what_was_read_in_one_state_is_found_in_the_same() -> None:
    memory = CodeMemory()
    assert memory.get(FIRST, [1, 2]) == {}
    one = codes()
    memory.put(FIRST, {1: one})
    assert memory.get(FIRST, [1, 2]) == {1: one}


def test_nothing_outlives_a_state() -> None:
    memory = CodeMemory()
    memory.get(FIRST, [])
    memory.put(FIRST, {1: codes()})
    assert memory.get(SECOND, [1]) == {}
    assert memory.get(FIRST, [1]) == {}


def test_what_was_read_in_an_older_state_is_not_remembered() -> None:
    memory = CodeMemory()
    memory.get(FIRST, [1])
    memory.get(SECOND, [1])
    memory.put(FIRST, {1: codes()})
    assert memory.get(SECOND, [1]) == {}


def test_what_was_not_asked_for_longest_goes_first() -> None:
    memory = CodeMemory(most_bytes=250)
    memory.get(FIRST, [])
    memory.put(FIRST, {1: codes(), 2: codes()})
    memory.get(FIRST, [1])
    memory.put(FIRST, {3: codes()})
    assert sorted(memory.get(FIRST, [1, 2, 3])) == [1, 3]


def test_a_removed_picture_has_no_codes_any_more(filled) -> None:
    ids = [picture.id for picture in filled.browse()]
    assert set(filled.codes(ids)) == set(ids)
    filled.remove([ids[0]])
    assert set(filled.codes(ids)) == set(ids[1:])
    assert set(filled.codes(ids)) == set(ids[1:])
