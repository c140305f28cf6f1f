"""Pseudo-queries on the disk."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from oracles.confidence import observation
from relook.core.errors import FormatError, StorageError
from relook.core.storage import load_arrays, save_arrays
from relook.recognition.keeping import load_queries, save_queries
from relook.recognition.observation import COLUMNS
from relook.recognition.pseudo import DISTRACTOR, PHOTO, VIEW, PseudoQuery


def some():
    rng = np.random.default_rng(0)
    boxes = rng.random((3, 4))
    boxes[1] = np.nan
    return [
        PseudoQuery(7, PHOTO, 0, observation([3, 1, 2], strengths=rng.random(3), boxes=boxes)),
        PseudoQuery(8, VIEW, 1, observation([])),
        PseudoQuery(-1, DISTRACTOR, 2**55 + 1, observation([2**62], surprises=[-3.5])),
        PseudoQuery(9, VIEW, 0, observation([])),
    ]


@pytest.mark.parametrize("queries", [some(), some()[:1], some()[1:2], []])
def test_what_was_kept_is_read_back(tmp_path: Path, queries) -> None:
    save_queries(tmp_path / "q", queries)
    found = load_queries(tmp_path / "q")
    assert [query.key for query in found] == [query.key for query in queries]
    for query, other in zip(found, queries, strict=True):
        for name in ("ids", *COLUMNS):
            mine = getattr(query.observation, name)
            np.testing.assert_array_equal(mine, getattr(other.observation, name))


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 100, 500, 1000])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, cut: int) -> None:
    save_queries(tmp_path / "q", some())
    data = (tmp_path / "q").read_bytes()
    (tmp_path / "q").write_bytes(data[:cut])
    with pytest.raises(FormatError, match=r"q is damaged"):
        load_queries(tmp_path / "q")


@pytest.mark.parametrize("name", ["ids", "ends", "kinds", "sources", "boxes", "strengths"])
@pytest.mark.parametrize("damage", ["lost", "short", "other type", "nonsense"])
def test_arrays_that_do_not_fit_are_damage(tmp_path: Path, name: str, damage: str) -> None:
    save_queries(tmp_path / "q", some())
    arrays = dict(load_arrays(tmp_path / "q", kind="relook.pseudo-queries", version=1).arrays)
    match damage:
        case "lost":
            del arrays[name]
        case "short":
            arrays[name] = arrays[name][:-1]
        case "other type":
            arrays[name] = arrays[name].astype(np.float64)
        case "nonsense":
            arrays[name] = np.full_like(arrays[name], 99)
    save_arrays(tmp_path / "r", arrays, kind="relook.pseudo-queries", version=1)
    if damage == "nonsense" and name in {"ids", "sources", "boxes", "strengths"}:
        assert len(load_queries(tmp_path / "r")) == 4
    else:
        with pytest.raises(FormatError, match="is damaged"):
            load_queries(tmp_path / "r")


def test_a_file_of_a_newer_version_says_so(tmp_path: Path) -> None:
    save_arrays(tmp_path / "q", {}, kind="relook.pseudo-queries", version=2)
    with pytest.raises(FormatError, match="newer relook"):
        load_queries(tmp_path / "q")
    save_arrays(tmp_path / "q", {}, kind="relook.codebook", version=1)
    with pytest.raises(FormatError, match=r"holds relook\.codebook"):
        load_queries(tmp_path / "q")


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        save_queries(tmp_path / "q", some())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError, match="cannot read"):
        load_queries(tmp_path / "q")
