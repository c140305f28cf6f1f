"""Every extractor's features make words and signatures that find the picture again."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.pictures import texture
from relook.core.errors import UsageError
from relook.core.records import Image
from relook.encodings import AsmkEncoder, Codebook
from relook.features import EXTRACTORS, PcaSift, make_features
from relook.index import InvertedIndex, Kernel


def whole(pixels):
    return Image(pixels, (pixels.shape[1], pixels.shape[0]))


def projected(dimensions):
    rows = make_features("sift").extract(whole(texture((240, 240), seed=9))).descriptors
    return PcaSift.fit([rows], dimensions=dimensions, fitted="a texture")


MAKERS = {name: lambda name=name: make_features(name, features=200) for name in EXTRACTORS}
MAKERS["pca-sift"] = lambda: projected(64)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_a_part_of_a_picture_that_was_turned_finds_the_picture(maker):
    extractor = maker()
    pictures = [texture((260, 260), seed=seed) for seed in range(5)]
    found = [extractor.extract(whole(one)) for one in pictures]
    book = Codebook.fit([one.descriptors for one in found], words=200, iterations=5)
    encoder = AsmkEncoder(book, assignments=3)
    bits = book.centers.shape[1]
    index = InvertedIndex(Kernel(words=len(book), bits=bits, threshold=0.1))
    index.add(np.arange(5), [encoder.encode(one).aggregate for one in found])
    query = extractor.extract(whole(np.rot90(pictures[3][30:230, 20:220]).copy()))
    ranking = index.search(encoder.encode_query(query).aggregate, top=5)
    assert ranking.ids[0] == 3
    assert ranking.scores[0] > 2 * ranking.scores[1]


def test_signatures_of_an_odd_number_of_dimensions_are_refused_in_one_line():
    found = projected(80).extract(whole(texture((240, 240))))
    book = Codebook.fit([found.descriptors], words=16, iterations=3)
    with pytest.raises(UsageError, match="multiple of 64"):
        AsmkEncoder(book)
