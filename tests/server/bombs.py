"""Small files that ask for much: memory, time, or a way out of the decoder."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image as Pillow


@cache
def sound(kind: str) -> bytes:
    """A small picture of this kind."""
    blocks = np.random.default_rng(5).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = Pillow.fromarray(blocks).resize((96, 72), Pillow.Resampling.BICUBIC)
    file = io.BytesIO()
    if kind == "HEIF":
        try:
            import pillow_heif
        except ImportError:
            return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300)
        pillow_heif.register_heif_opener()
    exif = Pillow.Exif()
    exif[0x0112], exif[0x0132] = 6, "2011:05:03 10:12:00"
    options = {} if kind in {"BMP", "GIF"} else {"exif": exif.tobytes()}
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def png(width: int, height: int, *, data: bytes, depth: int = 8, extra: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@cache
def zeros(count: int) -> bytes:
    """So many zeros, packed."""
    return zlib.compress(bytes(count), 9)


def tiff(entries: dict[int, tuple[int, int]], *, following: int = 0, tail: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory; entries are tag: (count, value)."""
    rows = b"".join(struct.pack("<HHII", tag, 4, *entry) for tag, entry in entries.items())
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    return head + rows + struct.pack("<I", following) + tail


def packed_tiff() -> bytes:
    """A strip that unpacks to 81 million zeros."""
    side, begin = 9000, 8 + 2 + 8 * 12 + 4
    strip = zeros(side * side)
    tags = {256: side, 257: side, 258: 8, 259: 8, 262: 1, 273: begin, 278: side, 279: len(strip)}
    return tiff({tag: (1, value) for tag, value in tags.items()}, tail=strip)


def bmp(width: int, height: int, *, depth: int) -> bytes:
    numbers = (54, 0, 54, 40, width, height, 1, depth, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IIIIiiHHIIIIII", *numbers) + bytes(99)


@cache
def many_frames() -> bytes:
    """A GIF of 10,000 frames."""
    frame = b"\x21\xf9\x04\0\0\0\0\0" + b",\0\0\0\0\x08\0\x08\0\0\x02\x02\x84\x51\0"
    return b"GIF89a\x08\0\x08\0\x80\0\0" + b"\0\0\0\xff\xff\xff" + frame * 10_000 + b";"


def huge_exif() -> bytes:
    plain, block = sound("JPEG"), b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 65_000
    return plain[:2] + (b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block) * 30 + plain[2:]


def with_chunk(kind: bytes, data: bytes, *, times: int = 1) -> bytes:
    return png(9, 9, data=zeros(300), extra=chunk(kind, data) * times)


def huge_gif() -> bytes:
    head = b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6)
    return head + b",\0\0\0\0\xff\xff\xff\xff\0\x02\0;"


BOMBS: dict[str, Callable[[], bytes]] = {
    "png 100000 x 100000": lambda: png(100_000, 100_000, data=zeros(1 << 20)),
    "png 2^31-1 x 1": lambda: png(2**31 - 1, 1, data=zeros(1 << 20)),
    "png 9000 x 9000 of 16 bits": lambda: png(9000, 9000, data=zeros(8 << 20), depth=16),
    "png 3000 x 3000": lambda: png(3000, 3000, data=zeros(9001 * 3000)),
    "png with too much": lambda: png(9, 9, data=zeros(64 << 20)),
    "png text": lambda: with_chunk(b"zTXt", b"a\0\0" + zeros(64 << 20)),
    "png profile": lambda: with_chunk(b"iCCP", b"a\0\0" + zeros(64 << 20)),
    "png texts": lambda: with_chunk(b"tEXt", b"a\0" + b"b" * 90, times=5000),
    "gif frames": many_frames,
    "gif 65535 x 65535": huge_gif,
    "bmp 2^31": lambda: bmp(2**31 - 1, -(2**31), depth=24),
    "bmp 9000 x 9000": lambda: bmp(9000, 9000, depth=1),
    "jpeg 65500 x 65500": lambda: sound("JPEG").replace(
        b"\0\x48\0\x60\x03", b"\xff\xdc\xff\xdc\x03"
    ),
    "jpeg scans": lambda: sound("JPEG")[:-2] * 200,
    "tiff strips": lambda: tiff(
        {256: (1, 60_000), 257: (1, 60_000), 258: (1, 8), 273: (2**30, 8), 279: (2**30, 8)}
    ),
    "tiff circle": lambda: tiff({256: (1, 9), 257: (1, 9)}, following=8),
    "tiff packed": packed_tiff,
    "tiff of floats": lambda: tiff(
        {256: (1, 9000), 257: (1, 9000), 258: (1, 64), 273: (1, 8), 279: (1, 99), 339: (1, 3)}
    ),
    "webp 16384 x 16384": lambda: (
        b"RIFF\x40\0\0\0WEBPVP8L\x20\0\0\0\x2f\xff\xff\xff\x0f" + bytes(40)
    ),
    "exif": huge_exif,
    "exif circle": lambda: sound("JPEG").replace(b"\0\0\0\x08\0\x02", b"\0\0\0\x08\xff\xff"),
}
"""Made when they are needed."""
