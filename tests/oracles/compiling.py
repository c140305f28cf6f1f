"""Machine code of one function is made by one process at a time: the others wait and read it.

In a fresh clone pytest's workers want the same functions at the same moment, and without turns
each would spend the same half minute on them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from numba.core.dispatcher import Dispatcher

_MINE = threading.RLock()
"""Taken first: no thread may wait for a file while it holds numba's own lock."""


def take_turns() -> None:
    """From now on, where files can be locked; functions call one another in no circle."""
    original = Dispatcher.compile
    if sys.platform == "win32" or hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def compile_in_turn(self: Any, sig: Any) -> Any:
        with _MINE, _turn(self):
            return original(self, sig)

    Dispatcher.compile = compile_in_turn


@contextmanager
def _turn(dispatcher: Any) -> Iterator[None]:
    import fcntl

    folder = dispatcher._cache.cache_path
    if folder is None:  # is not kept
        yield
        return
    code = dispatcher.py_func.__code__
    file = Path(folder) / f"{Path(code.co_filename).stem}.{code.co_name}-{code.co_firstlineno}.turn"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
