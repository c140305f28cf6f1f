from __future__ import annotations

import contextlib
import os

import numpy as np
import pytest
from safetensors.numpy import save_file

from relook.core.errors import FormatError, StorageError, UsageError
from relook.networks.weights.files import read_tensors


def same(found, wanted):
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], array)


def write(path, arrays):
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        save_file(arrays, path)
    return path


@pytest.mark.parametrize("name", ["a.npz", "a.safetensors", "A.SAFETENSORS", "ä b\u2028.npz"])
def test_arrays_come_as_they_were_written(name, arrays, tmp_path):
    same(read_tensors(write(tmp_path / name, arrays)).arrays, arrays)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_precisions_become_float32(suffix, dtype, tmp_path):
    array = np.array([[0.5, -3.0, 2.0**-10]], dtype)
    file = write(tmp_path / f"a.{suffix}", {"a": array, "steps": np.array([3])})
    same(read_tensors(file).arrays, {"a": array})


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save_torch

    tensor = torch.tensor([[1.0, -2.5, 3.1415926, 1e-30, 1e30]]).bfloat16()
    save_torch({"a": tensor}, tmp_path / "a.safetensors")
    same(read_tensors(tmp_path / "a.safetensors").arrays, {"a": tensor.float().numpy()})


def test_names_that_data_parallel_training_made_are_mended(tmp_path):
    one = np.ones(1, np.float32)
    file = write(tmp_path / "a.npz", {"module.fc.bias": one, "module.fc.weight": one})
    assert set(read_tensors(file).arrays) == {"fc.bias", "fc.weight"}
    file = write(tmp_path / "b.npz", {"module.bias": one, "other": one})
    assert set(read_tensors(file).arrays) == {"module.bias", "other"}


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_file_that_was_cut_off_is_noticed_wherever(suffix, arrays, tmp_path):
    file = write(tmp_path / f"a.{suffix}", arrays)
    content = file.read_bytes()
    for length in (0, 1, 7, 40, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises(FormatError, match="bring it again"):
            read_tensors(file)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_damage_anywhere_is_an_error_of_ours_or_harmless(suffix, arrays, tmp_path):
    file = write(tmp_path / f"a.{suffix}", arrays)
    content, rng = file.read_bytes(), np.random.default_rng(1)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        file.write_bytes(damaged)
        with contextlib.suppress(FormatError, StorageError):
            read_tensors(file)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_noise_is_noticed(suffix, tmp_path):
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 4)
    with pytest.raises(FormatError, match="bring it again"):
        read_tensors(file)


def test_a_single_array_is_no_npz(tmp_path):
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(FormatError, match="no npz file"):
        read_tensors(tmp_path / "a.npz")


class Trap:
    """Unpickling it would leave a file behind."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


def test_a_pickle_in_an_npz_does_not_run(tmp_path):
    mark = tmp_path / "it ran"
    np.savez(tmp_path / "a.npz", a=np.array([Trap(mark)], object))
    with pytest.raises(FormatError, match="needs code to be run"):
        read_tensors(tmp_path / "a.npz")
    assert not mark.exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named(bad, tmp_path):
    arrays = {"fine": np.ones(3, np.float32), "fc.bias": np.array([0, bad], np.float32)}
    with pytest.raises(FormatError, match=r"NaN or infinity in fc\.bias"):
        read_tensors(write(tmp_path / "a.npz", arrays))


def test_a_file_without_weights_says_so(tmp_path):
    with pytest.raises(FormatError, match="holds no tensor"):
        read_tensors(write(tmp_path / "a.npz", {"steps": np.array([3])}))


def test_other_files_are_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match=r"known are \.safetensors, \.npz"):
        read_tensors(tmp_path / "a.h5")


def test_a_file_that_cannot_be_opened_is_an_error_of_ours(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    for name in ("none.npz", "none.safetensors", "folder.npz"):
        with pytest.raises(StorageError, match="cannot read"):
            read_tensors(tmp_path / name)
