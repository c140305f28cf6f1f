"""Deep local features: what is kept, where it lies, and that it finds a part of a picture."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from oracles import local_networks, museum
from relook.core.errors import CollectionError, FormatError, UsageError
from relook.core.records import Image
from relook.encodings import AsmkEncoder, Codebook
from relook.features.deep import DeepSettings, load_aliked, load_deep, load_extractor
from relook.features.deep.levels import levels
from relook.reranking import SpatialReRanker
from relook.vectors import PcaWhitening

SCALES = (1.0, 0.5)


@pytest.fixture(scope="module")
def deep(resnet_file):
    return load_deep(DeepSettings(weights=str(resnet_file), scales=SCALES, precision="f32"))


@pytest.fixture(scope="module")
def aliked(aliked_file):
    return load_aliked(DeepSettings(weights=str(aliked_file), scales=SCALES, features=300))


@pytest.fixture(scope="module", params=["deep", "aliked"])
def extractor(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def whole():
    return museum.photograph(3, "front")[0]


def test_features_are_unit_rows_inside_the_picture_the_strongest_first(extractor, whole):
    found = extractor.extract(whole)
    assert 50 < len(found) <= extractor.settings.features
    np.testing.assert_allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-4)
    assert np.all(np.diff(found.responses) <= 0)
    assert np.all(found.frames[:, :2] > -1)
    assert np.all(found.frames[:, :2] < np.array(whole.size) + 40)
    assert np.all(found.frames[:, 3] == 0)
    assert found.size == whole.size


def test_scales_are_those_of_the_levels(extractor, whole):
    scales = extractor.extract(whole).frames[:, 2]
    unit = {"DeepLocal": 32 / 3, "Aliked": 4.0}[type(extractor).__name__]
    ratios = np.sort(np.unique(np.round(scales / unit, 1)))
    np.testing.assert_allclose(ratios, [1, 2], atol=0.11)


def test_fewer_features_are_the_first_of_many(extractor, whole):
    many, few = extractor.extract(whole), extractor.with_features(20).extract(whole)
    np.testing.assert_array_equal(few.frames, many.frames[:20])
    np.testing.assert_allclose(few.descriptors, many.descriptors[:20], atol=1e-5)


def test_frames_are_in_pixels_of_the_original(extractor, whole):
    small = Image(whole.pixels, (2 * whole.size[0], 2 * whole.size[1]), (0.5, 0.5), (10.0, 20.0))
    plain, moved = extractor.extract(whole), extractor.extract(small)
    want = (plain.frames[:, :2] + 0.5) * 2 - 0.5 + (10, 20)
    np.testing.assert_allclose(moved.frames[:, :2], want, atol=1e-2)
    np.testing.assert_allclose(moved.frames[:, 2], 2 * plain.frames[:, 2], rtol=1e-5)


@pytest.mark.parametrize("side", [0, 1, 9, 33])
def test_pictures_of_any_size_are_described(extractor, side):
    pixels = np.full((side, 40, 3), 90, np.uint8)
    found = extractor.extract(Image(pixels, (40, max(side, 1))))
    assert np.isfinite(found.descriptors).all()
    assert found.descriptors.shape[0] == len(found.frames)
    if side == 0:
        assert len(found) == 0


def test_levels_of_one_size_are_described_once():
    tiny = Image(np.zeros((40, 40, 3), np.uint8), (40, 40))
    assert len(list(levels(tiny, (1.0, 0.9, 0.1)))) == 1
    assert [level.pixels.shape[:2] for level in levels(tiny, (1.0, 2.0))] == [(64, 64), (32, 32)]


def test_a_whitening_takes_the_place_of_the_channels(deep, whole, tmp_path):
    plain = deep.extract(whole)
    whitening = PcaWhitening(64).fit(plain.descriptors)
    path = tmp_path / "white.safetensors"
    whitening.save(path)
    settings = replace(deep.settings, whitening=str(path))
    found = load_deep(settings).extract(whole)
    np.testing.assert_array_equal(found.frames, plain.frames)
    np.testing.assert_allclose(found.descriptors, whitening.transform(plain.descriptors), atol=1e-3)
    with pytest.raises(CollectionError, match=r"whitening .* has changed"):
        load_deep(replace(settings, whitening_hash="0" * 64))


def test_an_inner_layer_sees_finer(deep, whole):
    settings = replace(deep.settings, layer="layer3", scales=(1.0,), features=5000)
    inner, last = load_deep(settings).extract(whole), replace(deep, settings=settings)
    assert len(inner) == 4 * len(last.extract(whole))
    assert inner.frames[0, 2] == pytest.approx(last.extract(whole).frames[0, 2] / 2)


def test_a_part_of_a_picture_is_matched_by_words_and_geometry(extractor, whole):
    """Words, signatures, verification: all that SIFT goes through, on descriptors with signs."""
    part = local_networks.cropped(whole, x=64, y=96, width=512, height=384)
    others = [museum.photograph(number, "left")[0] for number in (0, 7)]
    described = [extractor.extract(image) for image in (whole, *others)]
    rows = [one.descriptors for one in described]
    whitening = PcaWhitening(64).fit(np.concatenate(rows))
    described = [
        replace(one, descriptors=whitening.transform(one.descriptors)) for one in described
    ]
    book = Codebook.fit([one.descriptors for one in described], words=60, iterations=5)
    assert book.centers.min() < 0
    query = extractor.extract(part)
    query = replace(query, descriptors=whitening.transform(query.descriptors))
    encoder = AsmkEncoder(book, assignments=3)
    codes, asked = [encoder.encode(one) for one in described], encoder.encode_query(query)
    judge = SpatialReRanker(max_distance=24, min_strength=0.0)
    evidence = [judge.verify(asked, encoder.unpack(encoder.pack(other))) for other in codes]
    assert evidence[0] is not None
    moved = evidence[0].transform @ [256, 192, 1]
    assert np.abs(moved[:2] / moved[2] - [64 + 256, 96 + 192]).max() < 8
    assert evidence[0].strength > 2 * max(item.strength if item else 0.0 for item in evidence[1:])


def test_weights_that_are_missing_or_of_another_kind_are_refused(resnet_file, aliked_file):
    with pytest.raises(UsageError, match="need weights"):
        load_extractor("deep", DeepSettings())
    with pytest.raises(UsageError, match="no deep extractor 'surf'; there are deep, aliked"):
        load_extractor("surf", DeepSettings())
    with pytest.raises(FormatError, match=r"not the weights of ALIKED-N\(16\)"):
        load_extractor("aliked", DeepSettings(weights=str(resnet_file)))
    with pytest.raises(UsageError, match="not a network that gives one vector"):
        load_extractor("deep", DeepSettings(weights=str(aliked_file)))
    with pytest.raises(CollectionError, match=r"weights .* has changed"):
        load_extractor("deep", DeepSettings(weights=str(resnet_file), weights_hash="0" * 64))


@pytest.mark.parametrize(
    ("change", "says"),
    [({"features": 0}, "features must be"), ({"scales": ()}, "scales must be"),
     ({"scales": (0.0,)}, "scales must be")],
)  # fmt: skip
def test_values_out_of_range_are_refused(change, says):
    with pytest.raises(UsageError, match=says):
        DeepSettings(**change)


def test_without_torch_aliked_says_what_to_install(aliked_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match=r"relook\[networks\]"):
        load_aliked(DeepSettings(weights=str(aliked_file)))
