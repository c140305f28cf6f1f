"""A projection is P (x - m) and l2, and comes back from disk as it was."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors import safe_open

from oracles import whitening as oracle
from relook.core.errors import FormatError, ShapeError, StorageError, UsageError
from relook.core.storage import save_arrays
from relook.vectors import Projection, load_whitening


def made(dimensions=6, width=10, *, seed=0, **options):
    random = np.random.default_rng(seed)
    return Projection(random.normal(size=width), random.normal(size=(dimensions, width)), **options)


def some(count=40, width=10, *, seed=1):
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def test_a_projection_subtracts_multiplies_and_normalizes():
    model, rows = made(), some()
    exact = (rows.astype(np.float64) - model.mean) @ model.matrix.astype(np.float64).T
    np.testing.assert_allclose(model.transform(rows), oracle.normalized(exact), atol=1e-5)
    plain = made(normalize=False)
    np.testing.assert_allclose(plain.transform(rows), exact, atol=1e-4)


def test_the_convention_of_cirtorch_is_taken_as_it_is():
    random = np.random.default_rng(3)
    m, p = random.normal(size=(10, 1)), random.normal(size=(10, 10))
    columns = some().T.astype(np.float64)
    theirs = p[:4] @ (columns - m)
    theirs /= np.linalg.norm(theirs, axis=0) + 1e-6
    ours = Projection(m, p).truncated(4).transform(some())
    np.testing.assert_allclose(ours, theirs.T, atol=1e-5)


def test_blocks_change_nothing(monkeypatch):
    whole = made().transform(some(100))
    monkeypatch.setattr("relook.vectors.projection.BLOCK", 7)
    np.testing.assert_allclose(made().transform(some(100)), whole, atol=1e-6)


def test_a_saved_projection_comes_back_exactly(tmp_path):
    model = made(method="by hand", fitted="nothing", normalize=False)
    model.save(tmp_path / "w.safetensors")
    back = load_whitening(tmp_path / "w.safetensors")
    assert np.array_equal(back.matrix, model.matrix)
    assert np.array_equal(back.mean, model.mean)
    assert (back.method, back.fitted, back.normalize) == ("by hand", "nothing", False)
    assert back.sha256 == model.sha256


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_half_precision_is_half_as_large_and_close(tmp_path, scale):
    model = Projection(np.zeros(64), some(64, 64) * scale)
    for half in (False, True):
        model.save(tmp_path / f"{half}.safetensors", half=half)
    sizes = [(tmp_path / f"{half}.safetensors").stat().st_size for half in (False, True)]
    assert sizes[1] < 0.6 * sizes[0]
    back = load_whitening(tmp_path / "True.safetensors")
    np.testing.assert_allclose(back.transform(some(9, 64)), model.transform(some(9, 64)), atol=2e-3)
    assert back.sha256 != model.sha256
    back.save(tmp_path / "again.safetensors", half=True)
    assert load_whitening(tmp_path / "again.safetensors").sha256 == back.sha256


def test_the_header_says_what_it_is(tmp_path):
    made(method="by hand", fitted="nothing").save(tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", "numpy") as file:
        metadata = file.metadata()
    assert metadata["kind"] == "relook.whitening"
    header = json.loads(metadata["header"])
    assert header["method"] == "by hand"
    assert header["fitted"] == "nothing"
    assert header["dimensions"] == [6, 10]


def test_the_hash_follows_all_that_decides_the_results():
    hashes = {
        made().sha256,
        made(seed=1).sha256,
        made(5).sha256,
        made(normalize=False).sha256,
        made(method="x", fitted="y").sha256,
    }
    assert len(hashes) == 4


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="matrix"):
        Projection(np.zeros(3), np.zeros((2, 4)))
    with pytest.raises(ShapeError, match="mean"):
        Projection(np.zeros((2, 2)), np.zeros((2, 4)))
    with pytest.raises(ShapeError, match="finite"):
        Projection(np.zeros(4), np.full((2, 4), np.nan))
    with pytest.raises(ShapeError, match="at least one"):
        Projection(np.zeros(4), np.zeros((0, 4)))
    for dimensions in (0, 7):
        with pytest.raises(UsageError, match="from 1 to 6"):
            made().truncated(dimensions)


def test_other_and_damaged_files_are_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    with pytest.raises(StorageError, match="cannot read"):
        load_whitening(path)
    save_arrays(path, {"x": np.zeros(3)}, kind="codebook", version=1)
    with pytest.raises(FormatError, match="codebook"):
        load_whitening(path)
    save_arrays(path, {"x": np.zeros(3)}, kind="relook.whitening", version=1)
    with pytest.raises(FormatError, match="damaged"):
        load_whitening(path)
    made().save(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FormatError, match="damaged"):
        load_whitening(path)
