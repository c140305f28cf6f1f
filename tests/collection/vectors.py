"""Adds photos to a collection, as another process: ``vectors.py DIRECTORY PHOTOS``."""

from __future__ import annotations

import sys
from pathlib import Path

import relook


def main() -> None:
    directory, photos = sys.argv[1:]
    with relook.open(Path(directory)) as collection:
        collection.add([photos], jobs=1)


if __name__ == "__main__":
    main()
