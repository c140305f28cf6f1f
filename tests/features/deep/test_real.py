"""Real weights: a warped part of a picture is matched where it is."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from oracles import museum
from relook.core.records import Image
from relook.features.deep import DeepSettings, load_extractor
from relook.vectors import PcaWhitening

WEIGHTS = Path(os.environ.get("RELOOK_TEST_DATA", "")) / "weights"
WEIGHT = {"deep": "mobilenet_v2_100.npz", "aliked": "aliked-n16.pth"}
LAYER = {"deep": "features.14.conv.0", "aliked": ""}


@pytest.mark.parametrize(("name", "within", "share"), [("deep", 16, 0.6), ("aliked", 3, 0.8)])
def test_most_mutual_matches_of_a_warped_picture_are_right(
    name, within, share, tmp_path, monkeypatch
):
    file = WEIGHTS / WEIGHT[name]
    if not file.is_file():
        pytest.skip("RELOOK_TEST_DATA names no folder with weights")
    pytest.importorskip("torch")
    monkeypatch.setenv("RELOOK_WEIGHTS", str(WEIGHTS))
    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path))
    settings = DeepSettings(weights=str(file), layer=LAYER[name], scales=(1.0, 0.707), features=500)
    extractor = load_extractor(name, settings)
    pixels = museum.photograph(3, "front")[0].pixels
    height, width = pixels.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners * 0.85 + np.array([[30, 40], [50, 20], [20, 60], [40, 30]], np.float32)
    homography = cv2.getPerspectiveTransform(corners, moved)
    warped = cv2.warpPerspective(pixels, homography, (width, height), flags=cv2.INTER_AREA)
    first, second = (extractor.extract(Image(one, (width, height))) for one in (pixels, warped))
    rows = [first.descriptors, second.descriptors]
    if name == "deep":
        whitening = PcaWhitening(64).fit(np.concatenate(rows))
        rows = [whitening.transform(one) for one in rows]
    similar = rows[0] @ rows[1].T
    best = similar.argmax(1)
    mutual = np.flatnonzero(similar.argmax(0)[best] == np.arange(len(best)))
    points = first.frames[mutual, :2].astype(np.float64)
    truth = cv2.perspectiveTransform(points[None], homography)[0]
    right = np.linalg.norm(truth - second.frames[best[mutual], :2], axis=1) < within
    assert len(mutual) > 100
    assert right.mean() > share
