"""Long files begin the workers' shares, so that none of them is all that is left in the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LONG = (
    "collection/test_crash.py",
    "collection/test_recognizer_kinds.py",
    "server/test_flood_of_uploads.py",
    "training/test_loop_processes.py",
    "server/test_serve_command.py",
    "cli/test_clean.py",
    "server/test_fuzzed_interface.py",
    "reproduce/test_global_descriptors.py",
    "reproduce/test_joint_reduction.py",
    "training/test_loop_learns.py",
    "reproduce/test_pacs.py",
    "collection/test_pool.py",
)
"""Each takes more than ten seconds; the longest first."""


def long_first(items: Sequence[pytest.Item], *, workers: int) -> list[pytest.Item]:
    """The same in another order: pytest-xdist gives each worker a slice, all of one length."""
    files = [TESTS / name for name in LONG]
    by_file = {file: [item for item in items if item.path == file] for file in files}
    rest = [item for item in items if item.path not in by_file]
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        room = (len(items) - len(ordered)) // (workers - worker)
        share = [item for file in files[worker::workers] for item in by_file[file]]
        taken = max(0, room - len(share))
        ordered += share + rest[:taken]
        rest = rest[taken:]
    return ordered + rest
