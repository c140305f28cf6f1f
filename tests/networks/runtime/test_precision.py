"""What is chosen where nothing is asked for, and what half and eighth precision cost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from relook.core.errors import UsageError
from relook.networks.runtime import Processor, choose, load_network, precision

DATA = os.environ.get("RELOOK_TEST_DATA", "")
WEIGHTS = Path(DATA) / "weights" / "mobilenet_v2_100.npz"
needs_data = pytest.mark.skipif(
    not DATA or not WEIGHTS.is_file(), reason="RELOOK_TEST_DATA names no folder with real weights"
)


def computer(monkeypatch: pytest.MonkeyPatch, *native: str, cuda: bool = False) -> None:
    monkeypatch.setattr(precision, "processor", lambda: Processor("a chip", native, ("AVX2",)))
    monkeypatch.setattr(precision, "have_cuda", lambda: cuda)
    monkeypatch.setattr(precision, "cores", lambda: 6)


def test_bf16_is_chosen_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    computer(monkeypatch, "f32", "bf16", "int8")
    assert choose().precision == "bf16"
    computer(monkeypatch, "f32", "int8")
    found = choose()
    assert (found.backend, found.device, found.precision, found.threads) == (
        "openvino", "cpu", "f32", 6,
    )  # fmt: skip
    assert "AVX2" in found.reason


def test_a_card_is_taken_where_torch_sees_one(monkeypatch: pytest.MonkeyPatch) -> None:
    computer(monkeypatch, "f32", cuda=True)
    monkeypatch.setattr(precision, "find_spec", lambda _: object())
    found = choose()
    assert (found.backend, found.device, found.precision) == ("torch", "cuda", "f16")
    assert choose(backend="openvino").device == "cpu"
    assert choose(device="cpu").backend == "openvino"


@pytest.mark.parametrize(
    ("wish", "answer"),
    [
        ({"backend": "tensorrt"}, "auto, openvino, onnx or torch"),
        ({"device": "tpu"}, "auto, cpu, cuda or mps"),
        ({"backend": "onnx", "precision": "bf16"}, "choose f32 or int8"),
        ({"precision": "f64"}, "choose f32, bf16, f16 or int8"),
        ({"device": "cuda"}, "use device cpu"),
        ({"threads": 0}, "1 or more"),
    ],
)
def test_what_cannot_be_names_what_can(
    monkeypatch: pytest.MonkeyPatch, wish: dict[str, Any], answer: str
) -> None:
    computer(monkeypatch, "f32")
    with pytest.raises(UsageError, match=answer):
        choose(**wish)


def test_a_backend_that_is_not_installed_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    computer(monkeypatch, "f32")
    monkeypatch.setattr(precision, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r'pip install "relook\[networks\]"'):
        choose(backend="onnx")


def photos(folder: Path, count: int, side: int) -> list[Any]:
    files = sorted(folder.rglob("*.jpg"))
    pictures = [cv2.imread(str(file)) for file in files[:: len(files) // count][:count]]
    scales = [side / max(picture.shape[:2]) for picture in pictures]
    return [
        np.ascontiguousarray(cv2.resize(picture, None, fx=scale, fy=scale)[None, :, :, ::-1])
        for picture, scale in zip(pictures, scales, strict=True)
    ]


@needs_data
def test_real_weights_keep_their_vectors_on_real_photos(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from relook.networks.weights import open_weights

    weights = open_weights(WEIGHTS)
    pictures = photos(Path(DATA) / "photos", 24, 256)
    common: dict[str, Any] = {"folder": tmp_path, "threads": 1, "device": "cpu"}
    spec = weights.spec()
    full = load_network(weights, spec, precision="f32", **common)
    wanted = np.concatenate([full.describe(picture) for picture in pictures])
    np.testing.assert_allclose(np.linalg.norm(wanted, axis=1), 1, atol=1e-5)
    for backend in ("onnx", "torch"):
        runtime = load_network(weights, spec, backend=backend, precision="f32", **common)
        found = np.concatenate([runtime.describe(picture) for picture in pictures[:4]])
        np.testing.assert_allclose(found, wanted[:4], atol=1e-4)
    calibration = photos(Path(DATA) / "train224" / "pacs_photo", 8, 224)
    for kind, least in (("bf16", 0.9995), ("int8", 0.98)):
        runtime = load_network(weights, spec, precision=kind, calibration=calibration, **common)
        found = np.concatenate([runtime.describe(picture) for picture in pictures])
        cosine = np.sum(found * wanted, axis=1) / np.linalg.norm(found, axis=1)
        assert cosine.min() >= least, kind
