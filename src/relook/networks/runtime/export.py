"""One portable file per network: ONNX, with a stamp at its end that tells what it is.

The stamp is one more entry of ONNX's ``metadata_props``, appended as bytes: every reader of ONNX
sees it, and we read it without a library for ONNX. Its text is JSON followed by its own length, so
that it is found from the end of the file, where a file that was cut off has something else.
"""

from __future__ import annotations

import copy
import json
import warnings
import zlib
from dataclasses import asdict, dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from relook.core.errors import FormatError, StorageError, UsageError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["VERSION", "Header", "export_module", "read_header", "stamp"]

KIND = "relook.network"
VERSION = 1
OPSET = 17

_DIGITS = 8
_EXAMPLE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an exported network is.

    Attributes:
        weights: sha256 of the weights in it.
        spec: :meth:`NetworkSpec.to_json`.
        least: pixels that both sides of a picture must have at least.
        precision: ``f32`` or ``int8``.
        crc32: of all that stands before the stamp.
    """

    weights: str = ""
    spec: str = ""
    least: int = 1
    precision: str = "f32"
    crc32: int = 0


def export_module(module: nn.Module) -> bytes:
    """A network in evaluation mode as ONNX: pictures ``(B, H, W, 3)`` uint8 → vectors.

    Args:
        module: takes and gives tensors as :class:`NetworkSpec` says.

    Raises:
        UsageError: the network cannot be exported, or the packages for it are missing.
    """
    import torch  # noqa: PLC0415 - describing with what was exported needs no torch

    # The exporter that traces: twenty to fifty times faster than the one on torch.export, which for
    # sizes that vary falls back to tracing when a guard depends on the size, or takes a minute.
    least = _EXAMPLE + int(getattr(getattr(module, "backbone", None), "smallest", 1))
    pixels = torch.zeros((2, least, least + _EXAMPLE, 3), dtype=torch.uint8)
    free = {0: "batch", 1: "height", 2: "width"}
    try:
        with TemporaryDirectory() as folder, torch.no_grad(), warnings.catch_warnings():
            file = Path(folder) / "network.onnx"
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _upright(module).eval(), (pixels,), file, dynamo=False, opset_version=OPSET,
                input_names=["pixels"], output_names=["vectors"],
                dynamic_axes={"pixels": free, "vectors": {0: "batch"}},
            )  # fmt: skip
            return file.read_bytes()
    except ImportError as error:
        raise UsageError(
            f'a network is exported with onnx ({error}); pip install "relook[networks]"'
        ) from error
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(
            f"this network cannot be exported ({reason}); use backend torch"
        ) from error


def _upright(module: nn.Module) -> nn.Module:
    """The network with kernels turned for good where it turns them at each call.

    Left as it is, a graph would turn them, too, and no batch normalization be folded into them.
    """
    from torch import nn  # noqa: PLC0415

    from relook.networks.backbones.same_padding import TurnedConv2d  # noqa: PLC0415 - needs torch

    if not any(isinstance(part, TurnedConv2d) for part in module.modules()):
        return module
    module = copy.deepcopy(module)
    for parent in list(module.modules()):
        for name, part in list(parent.named_children()):
            if isinstance(part, TurnedConv2d):
                plain = nn.Conv2d(
                    part.in_channels, part.out_channels, 3, padding=1,
                    groups=part.groups, bias=part.bias is not None,
                )  # fmt: skip
                plain.stride = part.stride
                plain.load_state_dict(part.state_dict() | {"weight": part.weight.flip(2, 3)})
                parent.add_module(name, plain)
    return module


def stamp(content: bytes, header: Header) -> bytes:
    """The bytes of an ONNX file with the header at their end."""
    about = {"kind": KIND, "version": VERSION, "bytes": len(content), "crc32": zlib.crc32(content)}
    text = json.dumps(asdict(header) | about).encode()
    value = text + f"{len(text):0{_DIGITS}d}".encode()
    entry = _field(1, KIND.encode()) + _field(2, value)
    return content + _field(14, entry)  # the number of metadata_props in ONNX's ModelProto


def read_header(path: Path) -> Header:
    """What the stamp of an exported file says, after a check of the whole file.

    Raises:
        FormatError: no such stamp, other content than was written, or a newer version.
        StorageError: the file cannot be read.
    """
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            end = len(content) - _DIGITS
            entries = json.loads(content[end - int(content[end:]) : end])
            size, checksum = entries.pop("bytes"), entries["crc32"]
            with memoryview(content) as view, view[:size] as body:
                intact = zlib.crc32(body) == checksum
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{path} has no stamp of relook at its end; delete it") from error
    return _header(path, entries, intact=intact)


def _header(path: Path, entries: dict[str, Any], *, intact: bool) -> Header:
    kind, version = entries.pop("kind", None), entries.pop("version", None)
    if kind != KIND or not isinstance(version, int) or not intact:
        raise FormatError(f"{path} is damaged; delete it, and it is exported again")
    if version > VERSION:
        raise FormatError(f"{path} was written by a newer relook; upgrade relook")
    try:
        return Header(**entries)
    except TypeError as error:
        raise FormatError(f"{path} is damaged; delete it, and it is exported again") from error


def _field(number: int, content: bytes) -> bytes:
    """One field of bytes, as protocol buffers write it."""
    length, sizes = len(content), bytearray()
    while length > 127:
        sizes.append(length & 127 | 128)
        length >>= 7
    return bytes((number << 3 | 2, *sizes, length)) + content
