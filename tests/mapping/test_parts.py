"""Parts of stored pictures as queries."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import encoding
from relook.encodings import AsmkEncoder
from relook.mapping.parts import restrict, windows
from relook.reranking.framing import outline_of

BOOK = encoding.codebook(60)
FEATURES = encoding.features(300)


def codes(**options):
    return AsmkEncoder(BOOK, **options).encode(FEATURES)


@pytest.mark.parametrize("aggregated", [True, False])
@pytest.mark.parametrize("binary", [True, False])
def test_a_part_has_the_codes_of_its_features_and_what_the_index_takes_of_them(aggregated, binary):
    whole = codes(aggregated=aggregated, binary=binary)
    keep = FEATURES.frames[:, 0] < 200
    part = restrict(whole, keep)
    assert set(part.features.tolist()) == set(np.flatnonzero(keep).tolist())
    assert np.array_equal(np.unique(part.aggregate.words), np.unique(part.words))
    assert (np.diff(part.words) >= 0).all()
    assert part.aggregate.vectors.dtype == whole.aggregate.vectors.dtype
    if aggregated:
        assert len(np.unique(part.aggregate.words)) == len(part.aggregate.words)
    else:
        assert np.array_equal(part.aggregate.words, part.words)


def test_a_word_with_one_feature_has_its_signature():
    part = restrict(codes(), np.arange(300) < 40)
    words, counts = np.unique(part.words, return_counts=True)
    for word in words[counts == 1]:
        own = part.signatures[part.words == word][0]
        assert np.array_equal(part.aggregate.vectors[part.aggregate.words == word][0], own)


def test_windows_are_nine_halves_of_the_region():
    whole = codes()
    found = list(windows(whole, outline_of((640, 480))))
    assert len(found) == 9
    for number, part in enumerate(found):
        across, down = divmod(number, 3)
        points = whole.frames[np.unique(part.features), :2]
        low = np.array([-0.5 + 160 * across, -0.5 + 120 * down])
        assert (points >= low).all()
        assert (points <= low + np.array([320, 240])).all()


def test_windows_with_hardly_anything_in_them_are_not_asked():
    assert list(windows(codes(), outline_of((40, 40)))) == []
