"""The name that a client gave to a file → one that every disk takes, and that misleads nobody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath

from relook.images import SUFFIXES

__all__ = ["clean_name", "free_name"]

_LONGEST = 150
"""Bytes of a name in UTF-8; disks take 255, and a number or a suffix may follow."""
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
# Joiners (U+200C, U+200D) belong to scripts and emoji. Marks of direction would let a name look
# like another one.
_JOINERS = "\u200c\u200d"
_SUFFIX_OF = {
    "JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "TIFF": ".tif", "BMP": ".bmp", "WEBP": ".webp",
    "AVIF": ".avif", "HEIF": ".heic",
}  # fmt: skip


def clean_name(given: str, *, kind: str | None = None) -> str:
    """The last part of what a client calls a file, in Unicode NFC, without what disks refuse.

    Args:
        given: any text, perhaps a whole path of either kind.
        kind: format of the picture; a name without the suffix of a picture gets one.
    """
    base = unicodedata.normalize("NFC", given).replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join(letter for letter in base if _is_fit(letter))
    name = _FORBIDDEN.sub("_", " ".join(kept.split())).rstrip(". ")
    name = f"picture{name}" if name.lower() in SUFFIXES else name.lstrip(". ")
    suffix = PurePosixPath(name).suffix
    if suffix.lower() not in SUFFIXES:
        suffix = "" if kind is None else _SUFFIX_OF[kind]
        stem = name
    else:
        stem = name[: -len(suffix)]
    stem = _cut(stem, _LONGEST - len(suffix)).rstrip(". ") or "picture"
    if _DEVICES.fullmatch(stem.partition(".")[0].strip()):
        stem = f"_{stem}"
    return unicodedata.normalize("NFC", stem) + suffix


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """``name``, with a number where it is taken."""
    path = PurePosixPath(name)
    number = 1
    found = name
    while is_taken(found):
        number += 1
        found = f"{path.stem} ({number}){path.suffix}"
    return found


def _is_fit(letter: str) -> bool:
    kind = unicodedata.category(letter)
    return kind not in {"Cc", "Cs", "Cf", "Co", "Cn"} or letter in _JOINERS or letter in "\t\n"


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")
