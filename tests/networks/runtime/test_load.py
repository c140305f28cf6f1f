"""A network is exported once, found again, and described without torch from then on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relook.core.errors import FormatError, UsageError
from relook.networks.runtime import load_network
from relook.networks.runtime.export import read_header
from relook.networks.spec import NetworkSpec

torch = pytest.importorskip("torch")
Pictures = Callable[..., Any]
SPEC = NetworkSpec(backbone="mobilenet_v1", padding="same", whitening=8)


@dataclass
class Numbers:
    """Weights that lie in no format: what load_network needs of them and no more."""

    path: Path
    sha256: str
    numbers: Mapping[str, Any]
    own: NetworkSpec = SPEC
    reads: int = 0

    def spec(self) -> NetworkSpec:
        return self.own

    def state(self) -> Mapping[str, Any]:
        self.reads += 1
        return self.numbers


def weights(folder: Path, spec: NetworkSpec = SPEC) -> Numbers:
    from relook.networks.retrieval import RetrievalNetwork

    torch.manual_seed(5)
    state = RetrievalNetwork(spec).state_dict()
    return Numbers(
        folder / "random.npz",
        "0f" * 32,
        {name: value.numpy() for name, value in state.items()},
        spec,
    )


def exported(folder: Path) -> Path:
    (file,) = folder.glob("*.onnx")
    return file


def test_it_is_exported_once_beside_the_weights(tmp_path: Path, pictures: Pictures) -> None:
    random = weights(tmp_path)
    first = load_network(random, SPEC, threads=1).describe(pictures(1, 64, 80))
    header = read_header(exported(tmp_path))
    assert (header.weights, header.spec, header.least) == (random.sha256, SPEC.to_json(), 32)
    for backend in ("openvino", "onnx"):
        again = load_network(random, SPEC, backend=backend, precision="f32", threads=1)
        np.testing.assert_allclose(again.describe(pictures(1, 64, 80)), first, atol=1e-4)
    assert random.reads == 1


def test_another_spec_has_another_file(tmp_path: Path) -> None:
    spec = NetworkSpec(backbone="mobilenet_v1", padding="same", pooling="mac")
    load_network(weights(tmp_path, spec), spec, threads=1)
    load_network(weights(tmp_path), SPEC, threads=1)
    assert len(list(tmp_path.glob("*.onnx"))) == 2


def test_describing_what_was_exported_needs_no_torch(tmp_path: Path, pictures: Pictures) -> None:
    random = weights(tmp_path)
    wanted = load_network(random, SPEC, precision="f32", threads=1).describe(pictures(1, 64, 64))
    np.save(tmp_path / "pixels.npy", pictures(1, 64, 64))
    script = f"""
import sys
for name in ("torch", "onnx", "onnxscript", "onnxruntime"):
    sys.modules[name] = None
from types import SimpleNamespace
from pathlib import Path
import numpy as np
from relook.core.errors import UsageError
from relook.networks.runtime import load_network
from relook.networks.spec import NetworkSpec
spec = NetworkSpec(backbone="mobilenet_v1", padding="same", whitening=8)
folder = Path({str(tmp_path)!r})
weights = SimpleNamespace(path=folder / "random.npz", sha256="0f" * 32, state=None)
runtime = load_network(weights, spec, precision="f32", threads=1)
np.save(folder / "vectors.npy", runtime.describe(np.load(folder / "pixels.npy")))
try:
    load_network(weights, NetworkSpec(backbone="mobilenet_v1"))
except UsageError as error:
    assert 'pip install "relook[networks]"' in str(error)
else:
    raise SystemExit("it should have failed")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    np.testing.assert_allclose(np.load(tmp_path / "vectors.npy"), wanted, atol=1e-6)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def test_damage_is_noticed_and_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: Pictures
) -> None:
    random = weights(tmp_path)
    wanted = load_network(random, SPEC, threads=1).describe(pictures(1, 64, 64))
    file = exported(tmp_path)
    whole = file.read_bytes()
    for damage in (flip_a_byte, empty, cut_off):
        file.write_bytes(whole)
        damage(file)
        with pytest.raises(FormatError, match="delete it"):
            read_header(file)
    with monkeypatch.context() as without:
        without.setattr("relook.networks.runtime.load.find_spec", lambda _: None)
        with pytest.raises(FormatError, match="delete it"):
            load_network(random, SPEC, threads=1)
    again = load_network(random, SPEC, threads=1).describe(pictures(1, 64, 64))
    np.testing.assert_allclose(again, wanted, atol=1e-6)
    read_header(exported(tmp_path))


def test_a_damaged_compiled_model_is_compiled_again(tmp_path: Path, pictures: Pictures) -> None:
    random = weights(tmp_path)
    wanted = load_network(random, SPEC, threads=1).describe(pictures(1, 64, 64))
    blobs = list((tmp_path / "cache" / "compiled").iterdir())
    assert blobs
    for damage in (cut_off, flip_a_byte, empty):
        for blob in blobs:
            damage(blob)
        again = load_network(random, SPEC, threads=1).describe(pictures(1, 64, 64))
        np.testing.assert_allclose(again, wanted, atol=1e-6)


def test_a_folder_that_cannot_be_written_to_is_passed_over(
    tmp_path: Path, pictures: Pictures
) -> None:
    (tmp_path / "file").write_text("no folder can be made below a file")
    random = weights(tmp_path)
    random.path = tmp_path / "file" / "random.npz"
    load_network(random, SPEC, threads=1)
    assert exported(tmp_path / "cache" / "exports").stem.startswith("random.")


@pytest.mark.parametrize("backend", ["auto", "openvino", "onnx"])
def test_a_pooling_cut_by_the_size_follows_a_map_of_any_size(
    tmp_path: Path, pictures: Pictures, backend: str
) -> None:
    spec = NetworkSpec(backbone="mobilenet_v1", padding="same", pooling="rmac", whitening=8)
    random = weights(tmp_path, spec)
    runtime = load_network(random, spec, backend=backend, threads=1)
    assert runtime.backend == ("openvino" if backend == "auto" else backend)
    exact = load_network(random, spec, backend="torch", threads=1)
    for size in ((96, 160), (200, 64)):
        pixels = pictures(2, *size)
        np.testing.assert_allclose(runtime.describe(pixels), exact.describe(pixels), atol=1e-4)
        (found,) = runtime.describe_all([pixels])
        np.testing.assert_allclose(found, exact.describe(pixels), atol=1e-4)


def test_int8_is_calibrated_once(tmp_path: Path, pictures: Pictures) -> None:
    random = weights(tmp_path)
    pixels = pictures(2, 64, 64)
    with pytest.raises(UsageError, match="give calibration"):
        load_network(random, SPEC, precision="int8")
    with pytest.raises(UsageError, match="no picture"):
        load_network(random, SPEC, precision="int8", calibration=[])
    wanted = load_network(random, SPEC, precision="f32", threads=1).describe(pixels)
    batches = [pictures(2, 64, 96, seed=seed) for seed in range(8)]
    first = load_network(random, SPEC, precision="int8", calibration=batches, threads=1)
    again = load_network(random, SPEC, precision="int8", threads=1)
    portable = load_network(random, SPEC, precision="int8", backend="onnx", threads=1)
    for runtime in (first, again, portable):
        assert runtime.precision == "int8"
        assert np.sum(runtime.describe(pixels) * wanted, axis=1).min() > 0.98


def test_another_pooling_takes_the_place_of_that_in_the_file(tmp_path: Path, pictures: Pictures):
    """A retrieval network's GeM and whitening are left out where MAC is asked for."""
    plain = NetworkSpec(backbone="mobilenet_v1", padding="same", pooling="mac")
    random = weights(tmp_path)
    found = load_network(random, plain, threads=1).describe(pictures(1, 64, 64))
    assert found.shape == (1, 1024)


def test_a_graph_that_is_wrong_at_other_sizes_is_noticed(monkeypatch, tmp_path, pictures):
    """Tracing bakes what a branch on the size decided; torch itself is used instead."""
    from relook.networks.backbones import BACKBONES
    from relook.networks.backbones.alexnet import AlexNet

    class Branching(AlexNet):
        def feature_map(self, pictures):
            cells = super().feature_map(pictures)
            return cells if pictures.shape[2] % 2 else cells.flip(1)

    monkeypatch.setitem(BACKBONES, "branching", lambda name, padding: Branching("alexnet"))
    spec = NetworkSpec(backbone="branching", pooling="mac")
    random = weights(tmp_path, spec)
    runtime = load_network(random, spec, threads=1)
    assert runtime.backend == "torch"
    assert not list(tmp_path.glob("*.onnx"))
    with pytest.raises(UsageError, match="use backend torch"):
        load_network(random, spec, backend="openvino", threads=1)
