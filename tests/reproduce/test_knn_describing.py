from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from reproduce.knn.describing import SCALES, Looks, Network, describe
from reproduce.knn.pictures import VIEWS, Shot, photos_of

from oracles import local_networks
from relook.core.errors import UsageError
from relook.core.records import Image
from relook.descriptors import Sizing
from relook.networks.weights import open_weights


def _photo(path: Path, *, seed: int) -> Path:
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    path.parent.mkdir(exist_ok=True)
    Pillow.fromarray(noise).resize((96, 64), Pillow.Resampling.BICUBIC).save(path)
    return path


def test_a_picture_is_looked_at_at_every_scale_and_as_every_variant():
    pixels = np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)
    looks = Looks("all", SCALES, ("flip",))
    found = looks.of(Image(pixels, (256, 192)), Sizing(longest=256))
    assert [scale for scale, _ in found] == [*SCALES, 1.0]
    assert [seen.shape[1] for _, seen in found] == [64, 128, 192, 256, 352, 256]
    np.testing.assert_array_equal(found[3][1], pixels)
    np.testing.assert_array_equal(found[5][1], pixels[:, ::-1])


def test_photos_to_fit_on_and_to_choose_by_are_apart(tmp_path):
    for number in range(20):
        _photo(tmp_path / f"{number:02}.png", seed=number)
    photos = photos_of([tmp_path], every=2)
    assert len(photos.fitting) == 10
    assert len(photos.choosing) == 5 * (1 + VIEWS)
    assert not {shot.path for shot in photos.fitting} & {shot.path for shot in photos.choosing}
    assert [shot.view is None for shot in photos.choosing[:3]] == [True, False, False]
    seen = photos.choosing[1]
    np.testing.assert_array_equal(seen.load(96).pixels, seen.load(96).pixels)
    with pytest.raises(UsageError, match="at least 2"):
        photos_of([tmp_path], every=1)
    with pytest.raises(UsageError, match="too few"):
        photos_of([tmp_path], every=4)


def test_what_was_described_is_not_described_again(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    weights = open_weights(local_networks.write_resnet(tmp_path))
    network = Network(weights, "layer2", 2.0, 96, "torch", tmp_path)
    shots = [Shot(_photo(tmp_path / "photos" / f"{n}.png", seed=n)) for n in range(3)]
    shots.append(Shot(shots[0].path, None, (0, 1)))
    looks = Looks("two", (1.0, 0.5))
    done: list[int] = []
    first = describe(shots, looks, network, threads=2, progress=done.append)
    assert first.shape == (4, 2, 128)
    np.testing.assert_allclose(np.linalg.norm(first, axis=-1), 1, rtol=1e-5)
    monkeypatch.delattr(Network, "vectors")
    again = describe(shots, looks, network, threads=1, progress=done.append)
    np.testing.assert_array_equal(again, first)
    assert done == [1, 2, 3, 4] * 2
