"""Makes the oracles importable (tests themselves are imported by path), and property tests calm."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Before NumPy is imported: threads of BLAS and pytest's workers fight for the same cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Workers and the hundreds of processes that tests start would compile every source anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# OpenVINO's converter would tell the internet that it was called, twice, from forked processes.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

# A shell that starts the tests in the background makes them deaf to Ctrl-C; some of them press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

sys.path.insert(0, str(Path(__file__).parent))

# The first call of a compiled loop takes seconds, and a test that passes today passes tomorrow.
settings.register_profile("relook", deadline=None, derandomize=True)
settings.load_profile("relook")

from oracles import compiling, ordering, processes  # noqa: E402 - importable only now

processes.start_quickly()
compiling.take_turns()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = ordering.long_first(items, workers=workers)


@pytest.fixture
def spawned_workers() -> Iterator[None]:
    """Describing processes start as in earnest, which takes seconds; for tests of just that."""
    with processes.spawning():
        yield
