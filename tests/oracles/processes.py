"""Worker processes that start in a moment: forked from one that has imported what they need.

A process that is spawned imports for two seconds, and the tests start hundreds. These are as much
processes as the others: all that they get is pickled, and they may crash, hang and be killed.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any
from unittest import mock

from relook.collection import launch

TESTS = Path(__file__).parents[1]


class _Process(ForkServerProcess):
    """Has the environment of its parent at its start, as a spawned one has."""

    def start(self) -> None:
        # Not by os.environ, which other threads may be reading.
        os.putenv("PYTHONPATH", str(TESTS))
        try:
            forkserver.ensure_running()
        finally:
            os.putenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        environment = {**os.environ, **launch.ENVIRONMENT}
        self._args = (environment, self._target, self._args)
        self._target = _in_environment
        super().start()


class _Context(ForkServerContext):
    Process = _Process


class _Quick:
    """Stands for :mod:`multiprocessing` where workers are started."""

    def get_context(self, method: str) -> Any:
        return _Context()


def _in_environment(environment: dict[str, str], target: Callable[..., None], args: Any) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*args)


def start_quickly() -> None:
    """From now on, where that is safe: elsewhere libraries do not bear to be forked."""
    if sys.platform == "linux":
        multiprocessing.set_forkserver_preload(["oracles.warm"])
        launch.multiprocessing = _Quick()


@contextmanager
def spawning() -> Iterator[None]:
    """Meanwhile workers are started as in earnest."""
    with mock.patch.object(launch, "multiprocessing", multiprocessing):
        yield
