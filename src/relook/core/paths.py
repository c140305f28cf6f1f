"""How users name files."""

from __future__ import annotations

import os

__all__ = ["AnyPath"]

AnyPath = str | os.PathLike[str]
