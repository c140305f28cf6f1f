"""Which index is made, and that it can be loaded without knowing which it is."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import FormatError, UsageError
from relook.index.vectors import (
    FlatIndex,
    HnswIndex,
    IvfIndex,
    choose,
    load_vector_index,
    make_vector_index,
)


def rows(count):
    return np.random.default_rng(0).standard_normal((count, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "made"), [("flat", FlatIndex), ("ivf", IvfIndex), ("hnsw", HnswIndex)]
)
def test_a_name_makes_its_index(kind, made):
    assert type(make_vector_index(8, kind=kind)) is made


def test_auto_is_exact_while_that_is_cheap():
    index = make_vector_index(2048)
    assert not index.trained
    assert index.train_at == choose.EXACT_BYTES // 2048


def test_auto_becomes_an_inverted_file_at_the_compaction_after_it_has_grown(tmp_path):
    index = make_vector_index(8, train_at=600)
    index.add(np.arange(500), rows(500))
    index.compact()
    assert not index.trained
    index = load_vector_index(tmp_path, index.save(tmp_path))
    index.add(np.arange(500, 1000), rows(500))
    index.compact()
    assert index.trained
    assert len(index) == 1000
    assert load_vector_index(tmp_path, index.save(tmp_path)).trained


def test_unknown_names_and_options_are_refused():
    with pytest.raises(UsageError, match="auto, flat, ivf, hnsw"):
        make_vector_index(8, kind="tree")
    with pytest.raises(UsageError, match="option"):
        make_vector_index(8, kind="flat", cells=4)
    with pytest.raises(UsageError, match="dimensions"):
        make_vector_index(0)
    with pytest.raises(FormatError, match="no index"):
        load_vector_index(None, {"kind": "tree"})
