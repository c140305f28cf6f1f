from __future__ import annotations

import contextlib
import io
import os
import pickle
import sys
import tarfile

import numpy as np
import pytest

from relook.core.errors import FormatError, StorageError, UsageError
from relook.networks.weights.files import read_tensors

torch = pytest.importorskip("torch")

STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.tensor([1.0, -1.0])}


def check(found):
    assert set(found) == set(STATE)
    for name, tensor in STATE.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], tensor.numpy())


@pytest.mark.parametrize("suffix", ["pth", "pt", "pth.tar", "bin"])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_checkpoints_of_every_form_are_read(suffix, zipped, wrapper, tmp_path):
    file = tmp_path / f"a.{suffix}"
    content = STATE if wrapper is None else {"epoch": 3, wrapper: STATE, "optimizer": {"lr": 0.1}}
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    tensors = read_tensors(file)
    check(tensors.arrays)
    assert tensors.meta == {}


def test_other_types_become_float32_and_counters_are_left_out(tmp_path):
    state = {name: tensor.bfloat16() for name, tensor in STATE.items()}
    torch.save(state | {"bn.num_batches_tracked": torch.tensor(3)}, tmp_path / "a.pth")
    check(read_tensors(tmp_path / "a.pth").arrays)


def test_parameters_and_views_are_read(tmp_path):
    big = torch.arange(12.0).reshape(6, 2).T
    state = {"weight": torch.nn.Parameter(big), "part": big[:, 2:4]}
    torch.save(state, tmp_path / "a.pth")
    found = read_tensors(tmp_path / "a.pth").arrays
    np.testing.assert_array_equal(found["weight"], big.numpy())
    np.testing.assert_array_equal(found["part"], big[:, 2:4].numpy())


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_arrays_in_the_meta_are_read_by_their_old_name_and_the_new_one(zipped, module, tmp_path):
    file = tmp_path / "a.pth"
    lw = {"set": {"ss": {"m": np.ones((2, 1)), "P": np.eye(2, dtype=np.float32)}}}
    content = {"meta": {"architecture": "alexnet", "Lw": lw}, "state_dict": STATE}
    allowed = set(torch.serialization.get_safe_globals())
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    if not zipped:
        renamed = np.empty(0).__reduce__()[0].__module__.encode()
        file.write_bytes(file.read_bytes().replace(renamed, module))
    meta = read_tensors(file).meta
    np.testing.assert_array_equal(meta["Lw"]["set"]["ss"]["P"], np.eye(2))
    assert set(torch.serialization.get_safe_globals()) == allowed


class Trap:
    """Unpickling it would leave a file behind."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


def hostile_files(mark, folder):
    trap = Trap(mark)
    for name, zipped in (("zip", True), ("legacy", False)):
        torch.save({"state_dict": STATE, "meta": trap}, folder / f"{name}.pth",
                   _use_new_zipfile_serialization=zipped)  # fmt: skip
    for protocol in (0, 2, 5):
        (folder / f"plain{protocol}.pth").write_bytes(pickle.dumps(trap, protocol))


def test_code_in_a_file_does_not_run(tmp_path):
    mark = tmp_path / "it ran"
    hostile_files(mark, tmp_path)
    for file in sorted(tmp_path.glob("*.pth")):
        with pytest.raises(FormatError) as caught:
            read_tensors(file)
        assert "\n" not in str(caught.value)
        assert not mark.exists(), file
    with pytest.raises(FormatError, match=r"needs code to be run \(\w+\.mkdir\), which relook"):
        read_tensors(tmp_path / "zip.pth")
    torch.load(tmp_path / "zip.pth", weights_only=False)
    assert mark.exists()  # it would have


def test_a_whole_module_needs_code(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "a.pth")
    with pytest.raises(FormatError, match=r"needs code to be run \(torch\.nn\.modules\.linear"):
        read_tensors(tmp_path / "a.pth")


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_program_is_not_run(tmp_path):
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)), tmp_path / "a.pt")
    with pytest.raises(FormatError, match="TorchScript program, which relook does not run"):
        read_tensors(tmp_path / "a.pt")


def test_a_tar_archive_is_not_unpacked(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("pickle"), io.BytesIO())
    with pytest.raises(FormatError, match="tar archive of an early torch"):
        read_tensors(tmp_path / "a.tar")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_file_that_was_cut_off_is_noticed_wherever(zipped, tmp_path):
    file = tmp_path / "a.pth"
    torch.save(STATE, file, _use_new_zipfile_serialization=zipped)
    content = file.read_bytes()
    for length in (0, 1, 10, 100, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises(FormatError, match="damaged, cut off, or no torch file"):
            read_tensors(file)


def test_noise_is_noticed(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(60):
        file = tmp_path / f"{number}.pth"
        file.write_bytes(rng.bytes(int(rng.integers(1, 300))))
        with pytest.raises(FormatError):
            read_tensors(file)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_damage_anywhere_is_an_error_of_ours_or_harmless(zipped, tmp_path):
    file = tmp_path / "a.pth"
    torch.save({"state_dict": STATE}, file, _use_new_zipfile_serialization=zipped)
    content, rng = file.read_bytes(), np.random.default_rng(1)
    for _ in range(150):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        file.write_bytes(damaged)
        with contextlib.suppress(FormatError, StorageError):
            read_tensors(file)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(1).expand(10**7),
        torch.ones(3, 3).to_sparse(),
        torch.empty(10**6, 10**6, device="meta"),
    ],
    ids=["repeated", "sparse", "without numbers"],
)
def test_tensors_that_are_no_plain_numbers_are_refused(tensor, tmp_path):
    torch.save({"weight": tensor}, tmp_path / "a.pth")
    with pytest.raises(FormatError, match="weight"):
        read_tensors(tmp_path / "a.pth")


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(FormatError, match="holds list, no tensors"):
        read_tensors(tmp_path / "a.pth")


def test_a_number_that_is_not_finite_is_named(tmp_path):
    torch.save({"fc.bias": torch.tensor([1.0, float("nan")])}, tmp_path / "a.pth")
    with pytest.raises(FormatError, match=r"NaN or infinity in fc\.bias"):
        read_tensors(tmp_path / "a.pth")


def test_a_torch_that_can_be_tricked_is_not_used(tmp_path, monkeypatch):
    torch.save(STATE, tmp_path / "a.pth")
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    with pytest.raises(UsageError, match=r"upgrade it to 2\.10 or newer, or bring"):
        read_tensors(tmp_path / "a.pth")


def test_without_torch_the_line_says_what_to_install(tmp_path, monkeypatch):
    torch.save(STATE, tmp_path / "a.pth")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match=r'pip install "relook\[networks\]", or bring it as'):
        read_tensors(tmp_path / "a.pth")


def test_a_file_that_is_not_there_is_an_error_of_ours(tmp_path):
    with pytest.raises(StorageError, match="cannot read"):
        read_tensors(tmp_path / "a.pth")


class Lie:
    """Is pickled as an array with this state."""

    def __init__(self, *state):
        self.state = state

    def __reduce__(self):
        make, start, _ = np.empty(0).__reduce__()
        return make, start, self.state


@pytest.mark.parametrize(
    "state",
    [
        (1, (1 << 40,), np.dtype("f8"), False, b"\0" * 8),
        (1, (-1,), np.dtype("f8"), False, b"\0" * 8),
        (1, (2,), np.dtype("O"), False, b"\1" * 16),  # pointers
        (1, (2,), np.dtype("O"), False, [1, 2]),
        (1, (1,), np.dtype([("a", "O")]), False, b"\1" * 8),
        (1, (2,), np.dtype("V8"), False, b"\1" * 16),
        (1, (2,), np.dtype("M8[s]"), False, b"\1" * 16),
        (1, (2,), "f8", False, b"\1" * 16),
        (1, (2,), np.dtype("f8"), False, "text"),
        (1, 2, np.dtype("f8"), False, b"\1" * 16),
        (1, (2,)),
        (),
    ],
)
def test_an_array_that_lies_about_itself_is_refused(state, tmp_path):
    content = {"meta": {"m": Lie(*state)}, "state_dict": STATE}
    torch.save(content, tmp_path / "a.pth", pickle_protocol=2)
    with pytest.raises(FormatError):
        read_tensors(tmp_path / "a.pth")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i8", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_numbers_come_as_they_were(dtype, order, tmp_path):
    array = np.asarray(np.arange(6).reshape(2, 3), dtype, order=order)
    torch.save({"meta": {"m": [array, array[0]]}, "state_dict": STATE}, tmp_path / "a.pth")
    whole, first = read_tensors(tmp_path / "a.pth").meta["m"]
    assert whole.dtype == first.dtype == array.dtype
    np.testing.assert_array_equal(whole, array)
    np.testing.assert_array_equal(first, array[0])


def test_a_table_that_holds_itself_is_refused(tmp_path):
    meta = {}
    meta["meta"] = meta
    torch.save({"meta": meta, "state_dict": STATE}, tmp_path / "a.pth")
    with pytest.raises(FormatError):
        read_tensors(tmp_path / "a.pth")
