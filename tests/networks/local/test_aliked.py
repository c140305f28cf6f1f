"""ALIKED: its parts against what they are defined by, and the whole on a warped picture."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracles import local_networks, museum  # noqa: E402 - after torch is known to be there
from relook.core.errors import FormatError, ShapeError  # noqa: E402
from relook.networks.local import AlikedNetwork, AlikedRunner  # noqa: E402
from relook.networks.local.deformable import DeformableConv2d, sample  # noqa: E402
from relook.networks.local.peaks import find_peaks  # noqa: E402
from relook.networks.weights import open_weights  # noqa: E402

REAL = Path(os.environ.get("RELOOK_TEST_DATA", "")) / "weights" / "aliked-n16.pth"


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def network():
    made = AlikedNetwork().eval()
    made.load_state_dict(local_networks.aliked_state())
    return made


def test_without_offsets_a_deformable_convolution_is_an_ordinary_one():
    conv = DeformableConv2d(4, 6)
    conv.load_state_dict({**conv.state_dict(), **zeros(conv.offset_conv, "offset_conv.")})
    x = noise(2, 4, 9, 7)
    torch.testing.assert_close(conv(x), conv.regular_conv(x), atol=1e-5, rtol=1e-5)


def test_offsets_move_each_tap_by_y_and_x():
    conv = DeformableConv2d(1, 1)
    state = zeros(conv.offset_conv, "offset_conv.")
    state["offset_conv.bias"][2 * 4] = 1.0  # the tap in the middle reads one row below
    state["offset_conv.bias"][2 * 4 + 1] = -2.0  # and two columns to the left
    kernel = torch.zeros(1, 1, 3, 3)
    kernel[0, 0, 1, 1] = 1.0
    conv.load_state_dict({**state, "regular_conv.weight": kernel})
    x = noise(1, 1, 9, 12)
    want = torch.zeros_like(x)
    want[..., :-1, 2:] = x[..., 1:, :-2]
    torch.testing.assert_close(conv(x), want, atol=1e-5, rtol=1e-5)


def zeros(module, prefix):
    return {prefix + name: torch.zeros_like(part) for name, part in module.state_dict().items()}


def test_samples_lie_between_pixels_and_are_zero_outside():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    points = torch.tensor([[[[1.5, 1.0], [3.0, 2.0], [9.0, 9.0], [0.25, 0.5]]]])
    torch.testing.assert_close(sample(x, points)[0, 0, 0], torch.tensor([5.5, 11.0, 0.0, 2.25]))


def test_peaks_are_found_between_pixels():
    truth = np.array([[20.3, 12.8], [40.0, 30.0], [7.6, 33.4]])
    y, x = np.mgrid[:48, :64]
    scores = sum(
        height * np.exp(-((x - u) ** 2 + (y - v) ** 2) / 4)
        for (u, v), height in zip(truth, (0.9, 0.7, 0.5), strict=True)
    )
    points, values = find_peaks(torch.tensor(scores, dtype=torch.float32), count=10, least=0.2)
    np.testing.assert_allclose(points.numpy(), truth, atol=0.25)
    assert np.all(np.diff(values.numpy()) < 0)


def test_a_peak_has_no_other_near_and_none_lies_at_the_border():
    scores = torch.rand(60, 50, generator=torch.Generator().manual_seed(0))
    points = find_peaks(scores, count=1000, least=0.0)[0].numpy()
    assert len(points) > 30
    assert points.min() > 1
    away = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
    assert away.min() > 0.2  # of pixels that lie three apart, each drawn to the middle


def test_scores_are_those_of_the_enlarged_levels_taken_together(network):
    levels, together = enlarged(network)
    with torch.inference_mode():
        want = torch.sigmoid(network.score_head(together))
        torch.testing.assert_close(network.scores(levels), want, atol=1e-4, rtol=1e-4)


def test_descriptors_are_those_of_the_enlarged_levels(network):
    """The definition, on the whole map: only the order of normalizing and sampling differs."""
    levels, together = enlarged(network)
    head = network.desc_head
    points = torch.tensor([[20.3, 30.7], [50.0, 12.0], [70.9, 55.2]])
    with torch.inference_mode():
        unit = torch.nn.functional.normalize(together, dim=1)
        for point, found in zip(points, head(levels, points), strict=True):
            x, y = (int(value) for value in point)
            moved = head.offset_conv(unit[:, :, y - 1 : y + 2, x - 1 : x + 2]).view(2, 16).T
            values = sample(unit, (point + moved)[None, None])[0, :, 0]
            values = torch.selu(head.sf_conv.weight[:, :, 0, 0] @ values)
            want = sum(values[:, place] @ head.agg_weights[place] for place in range(16))
            assert float(torch.cosine_similarity(want, found, dim=0)) > 0.995


def enlarged(network):
    with torch.inference_mode():
        levels = network.features(torch.rand(1, 3, 64, 96, generator=torch.Generator()))
        grown = [
            torch.nn.functional.interpolate(
                level, size=(64, 96), mode="bilinear", align_corners=True
            )
            for level in levels
        ]
    assert [level.shape[-1] for level in levels] == [96, 48, 12, 3]
    return levels, torch.cat(grown, dim=1)


def test_a_picture_gives_points_scores_and_unit_rows(network):
    pixels = museum.photograph(0, "front")[0].pixels[:320, :256]
    points, scores, rows = AlikedRunner(network).detect(pixels, count=50)
    assert points.shape == (50, 2)
    assert np.all(points >= 0)
    assert np.all(points < (256, 320))
    assert np.all((scores > 0) & (scores <= 1))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert AlikedRunner(network).detect(pixels, count=50, least=1.0)[2].shape == (0, 128)


def test_what_it_cannot_take_is_refused(network):
    runner = AlikedRunner(network)
    with pytest.raises(ShapeError, match="multiples of 32"):
        runner.detect(np.zeros((64, 65, 3), np.uint8), count=5)
    with pytest.raises(ShapeError):
        runner.detect(np.zeros((64, 64), np.uint8), count=5)
    arrays = {name: value.numpy() for name, value in local_networks.aliked_state().items()}
    with pytest.raises(FormatError, match="not finite"):
        AlikedRunner.from_arrays({**arrays, "conv1.weight": arrays["conv1.weight"] * np.nan})
    del arrays["conv1.weight"]
    with pytest.raises(FormatError, match=r"not the weights of ALIKED-N\(16\)"):
        AlikedRunner.from_arrays(arrays)


@pytest.mark.skipif(not REAL.is_file(), reason="RELOOK_TEST_DATA names no folder with weights")
def test_the_published_weights_match_a_warped_picture_within_three_pixels():
    runner = AlikedRunner.from_arrays(open_weights(REAL).tensors().arrays)
    pixels = museum.photograph(3, "front")[0].pixels[:640, :480]
    height, width = pixels.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moved = corners + np.float32([[30, 20], [-20, 35], [-35, -25], [25, -30]])
    homography = cv2.getPerspectiveTransform(corners, moved)
    warped = cv2.warpPerspective(pixels, homography, (width, height))
    first, second = (runner.detect(image, count=500) for image in (pixels, warped))
    truth = cv2.perspectiveTransform(first[0][None].astype(np.float64), homography)[0]
    repeated = np.linalg.norm(truth[:, None] - second[0][None], axis=2).min(1) < 3
    assert repeated.mean() > 0.7
    similar = first[2] @ second[2].T
    best = similar.argmax(1)
    mutual = np.flatnonzero(similar.argmax(0)[best] == np.arange(len(best)))
    right = np.linalg.norm(truth[mutual] - second[0][best[mutual]], axis=1) < 3
    assert len(mutual) > 200
    assert right.mean() > 0.85
