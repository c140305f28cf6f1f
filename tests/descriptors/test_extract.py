from __future__ import annotations

import itertools
import threading

import cv2
import numpy as np
import pytest

from oracles.pictures import texture
from oracles.quarters import Broken, Quarters
from relook.core.errors import ImageError, ShapeError, UsageError
from relook.core.records import Box, Image
from relook.descriptors.extract import extract
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.sizing import Sizing
from relook.descriptors.vector import VectorDescriber
from relook.images import crop, read

SHAPES = [(64, 96), (96, 64), (64, 64), (200, 300), (33, 500)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of five shapes in turn, the seventh broken."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(24):
        pixels = texture(SHAPES[number % 5], seed=number)
        cv2.imwrite(str(folder / f"{number:02}.jpg"), pixels)
    (folder / "07.jpg").write_bytes(b"\xff\xd8\xff not a picture")
    return folder


@pytest.fixture
def files(folder):
    return sorted(folder.iterdir())


def small_batches(**options):
    return VectorDescriber(Quarters(), Sizing(longest=256), MultiScale(**options))


def quiet(level):
    """A picture that costs little."""
    return Image(np.full((32, 32, 3), level, np.uint8), (32, 32))


@pytest.mark.parametrize("batch", [1, 2, 5, 64])
@pytest.mark.parametrize("workers", [1, 3])
def test_results_are_those_of_single_pictures_in_order(files, batch, workers):
    describer = small_batches()
    results = list(extract(files, describer, batch=batch, workers=workers))
    assert [source for source, _ in results] == files
    for source, found in results:
        if source.name == "07.jpg":
            assert isinstance(found, ImageError)
        else:
            expected = describer.describe(read(source, longest=256))
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_batches_are_full_and_of_one_shape(files):
    describer = small_batches(scales=(1.0,))
    good = [file for file in files if file.name != "07.jpg"]
    many = list(itertools.islice(itertools.cycle(good), 230))
    assert len(list(extract(many, describer, batch=4))) == 230
    sizes = [len(pixels) for pixels in describer.runtime.shown]
    assert max(sizes) == 4
    assert sizes.count(4) > 0.8 * len(sizes)


def test_every_kind_of_source(files):
    path, box = files[0], Box(10, 8, 60, 40)
    image = read(path, longest=256)
    describer = small_batches()
    sources = [path, path.read_bytes(), image, (path, box)]
    found = [vector for _, vector in extract(sources, describer)]
    for vector in found[:3]:
        np.testing.assert_allclose(vector, describer.describe(image), atol=1e-6)
    np.testing.assert_allclose(found[3], describer.describe(crop(image, box)), atol=1e-6)


def test_what_is_wrong_with_a_picture_stays_with_it(files, tmp_path):
    red = quiet(9)
    red.pixels[0, 0] = (255, 0, 0)
    sources = [quiet(1), tmp_path / "none.jpg", red, (files[0], Box(900, 0, 5, 5)), b"", quiet(2)]
    results = [found for _, found in extract(sources, VectorDescriber(Broken()))]
    assert [isinstance(found, ImageError) for found in results] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]
    assert "not finite" in str(results[2])
    assert "outside" in str(results[3])


def test_a_picture_that_the_network_refuses_stays_alone():
    class Picky(Quarters):
        def describe(self, pixels):
            if (pixels[:, 0, 0] == 100).any():
                raise ShapeError("not finite")
            return super().describe(pixels)

    sources = [quiet(level) for level in (1, 100, 2, 3, 100, 4, 5, 6, 7)]
    results = [found for _, found in extract(sources, VectorDescriber(Picky()), batch=3)]
    bad = [number for number, found in enumerate(results) if isinstance(found, ImageError)]
    assert bad == [1, 4]


@pytest.mark.parametrize("batch", [1, 3])
def test_nothing_but_broken_pictures_comes_to_an_end(batch):
    results = list(extract([b"broken"] * 200, small_batches(), batch=batch))
    assert len(results) == 200
    assert all(isinstance(found, ImageError) for _, found in results)


def test_no_pictures_are_harmless():
    assert list(extract([], small_batches())) == []


def test_sources_are_read_only_so_far_ahead():
    begun = 0

    def sources():
        nonlocal begun
        for number in range(500):
            begun += 1
            yield quiet(number % 255 + 1)

    for done, _ in enumerate(extract(sources(), small_batches(), batch=2)):
        assert begun - done <= 2 * 16 + 1


def test_closing_ends_the_threads(files):
    before = threading.active_count()
    run = extract(itertools.cycle(files), small_batches(), batch=2)
    next(run)
    assert threading.active_count() > before
    run.close()
    assert threading.active_count() == before


def test_a_network_that_fails_ends_the_run_with_its_error(files):
    class Failing(Quarters):
        def describe(self, pixels):
            raise RuntimeError("no device")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="no device"):
        list(extract(files, VectorDescriber(Failing()), batch=3))
    assert threading.active_count() == before


def test_what_cannot_be_pooled_is_the_fault_of_the_settings(files):
    describer = VectorDescriber(Quarters(centered=True), multiscale=MultiScale(pool="gem"))
    with pytest.raises(UsageError, match="set pool to mean"):
        list(extract(files, describer))


def test_pictures_are_begun_while_the_network_works():
    begun = threading.Event()
    in_time = []

    class Waiting(Quarters):
        def describe(self, pixels):
            in_time.append(begun.wait(10))
            return super().describe(pixels)

    def sources():
        for number in range(12):
            if number == 9:  # more than are begun before the first batch starts
                begun.set()
            yield quiet(number + 1)

    describer = VectorDescriber(Waiting(), multiscale=MultiScale(scales=(1.0,)))
    assert len(list(extract(sources(), describer, batch=2))) == 12
    assert all(in_time)


def test_progress_counts_up(files):
    counts = []
    list(extract(files, small_batches(), progress=counts.append))
    assert counts == list(range(1, len(files) + 1))


@pytest.mark.parametrize("options", [{"workers": 0}, {"batch": 0}])
def test_impossible_settings_are_refused_at_once(options):
    with pytest.raises(UsageError):
        extract([], small_batches(), **options)
