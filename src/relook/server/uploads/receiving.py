"""Pictures of a request, written to the disk while they arrive; never whole in memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from relook.server.problems import ProblemError

__all__ = ["Limits", "Received", "Receiver"]

_HEADERS = 8 << 10
_FIELD = 4 << 10
_HEAD = 512
_IMAGES, _LABELS = b"images", b"labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may hold."""

    file_bytes: int
    files: int
    labels: int


@dataclass(slots=True)
class Received:
    """A file that arrived.

    Attributes:
        name: that the client gave it.
        path: where it lies.
        head: its first bytes.
        length: its bytes.
        sha256: of these.
    """

    name: str
    path: Path
    head: bytes = b""
    length: int = 0
    sha256: bytes = b""


@dataclass(slots=True)
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    size: int = 0
    name: bytes = b""
    value: bytearray = field(default_factory=bytearray)
    file: BinaryIO | None = None


class Receiver:
    """Takes a body of multipart/form-data piece by piece.

    Args:
        content_type: the header of the request.
        limits: of the request.
        new_file: a path for the next file.

    Raises:
        ProblemError: 415, the body is of another type.
    """

    def __init__(self, content_type: str, *, limits: Limits, new_file: Callable[[], Path]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise ProblemError(415, "send pictures as multipart/form-data, each as `images`")
        self.files: list[Received] = []
        self.labels: list[str] = []
        self._limits = limits
        self._new_file = new_file
        self._part = _Part()
        self._key = bytearray()
        self._value = bytearray()
        self._hash = hashlib.sha256()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_data,
                    "on_part_end": self._end,
                },
            )
        except FormParserError as error:
            raise ProblemError(400, f"the form cannot be read ({error})") from error

    def feed(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            ProblemError: 400 where it is no form, 413 where a limit is passed, 422 where it has
                something else than pictures and labels.
            OSError: the disk does not take it.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise ProblemError(400, "the form is damaged; send it again") from error

    def finish(self) -> None:
        """Say that there is no more.

        Raises:
            ProblemError: 400, the form is cut off.
        """
        try:
            self._parser.finalize()
        except FormParserError as error:
            raise ProblemError(400, "the form is cut off; send it again") from error
        if self._part.file is not None:
            raise ProblemError(400, "the form is cut off; send it again")

    def close(self) -> None:
        """Let go of a file that did not arrive whole."""
        file, self._part.file = self._part.file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what is left of it does not fit on the disk
                file.close()

    def _begin(self) -> None:
        self._part = _Part()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._key += self._counted(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += self._counted(data[start:end])

    def _on_header_end(self) -> None:
        self._part.headers[bytes(self._key).lower()] = bytes(self._value)
        self._key.clear()
        self._value.clear()

    def _counted(self, data: bytes) -> bytes:
        self._part.size += len(data)
        if self._part.size > _HEADERS:
            raise ProblemError(400, "the header of a part of the form is too long")
        return data

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition"))
        self._part.name = options.get(b"name", b"")
        if self._part.name == _IMAGES:
            self._open(_text(options.get(b"filename", b"")))
        elif self._part.name != _LABELS or b"filename" in options:
            raise ProblemError(422, "the form takes files as `images` and texts as `labels` only")
        elif len(self.labels) >= self._limits.labels:
            raise ProblemError(
                422, f"give at most {self._limits.labels} labels; more can be added afterwards"
            )

    def _open(self, name: str) -> None:
        if len(self.files) >= self._limits.files:
            raise ProblemError(
                413, f"send at most {self._limits.files} pictures in one request, and others after"
            )
        path = self._new_file()
        self._part.file = path.open("xb")
        self._hash = hashlib.sha256()
        self.files.append(Received(name, path))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        piece, part = data[start:end], self._part
        if part.file is None:
            part.value += piece
            if len(part.value) > _FIELD:
                raise ProblemError(422, "a label is too long; write at most 200 characters")
            return
        file = self.files[-1]
        file.length += len(piece)
        if file.length > self._limits.file_bytes:
            size = f"{self._limits.file_bytes / 2**20:.3g} MiB"
            raise ProblemError(413, f"a picture is larger than {size}; send a smaller version")
        if len(file.head) < _HEAD:
            file.head += piece[: _HEAD - len(file.head)]
        self._hash.update(piece)
        part.file.write(piece)

    def _end(self) -> None:
        part = self._part
        if part.file is None:
            self.labels.append(_text(bytes(part.value)))
            return
        part.file.flush()
        os.fsync(part.file.fileno())
        part.file.close()
        part.file = None
        self.files[-1].sha256 = self._hash.digest()


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
