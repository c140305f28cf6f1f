"""A headless Chromium, and how to wait for what its pages show.

Tests that use it skip without chromium or playwright; RELOOK_CHROMIUM names a browser.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

__all__ = ["PATIENCE", "chromium", "expect", "frames", "holds", "listen", "until"]

PATIENCE = 60.0
"""Seconds to wait for what must come; crowded computers are slow."""

CHROMIUM = os.environ.get("RELOOK_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Playwright, which allows one at a time in a thread."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium; RELOOK_CHROMIUM may name one")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def listen(page: Any) -> None:
    """Note what a page says on its console, ``page.said``, and asks for, ``page.asked``."""
    page.said, page.asked = [], []
    page.set_default_timeout(1000 * PATIENCE)
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))


def holds(page: Any, condition: Callable[[], object], what: str = "") -> None:
    """Wait until a condition of the test itself holds, while the page goes on."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        page.wait_for_timeout(20)


def until(page: Any, expression: str) -> None:
    """Wait until an expression of JavaScript is true in a page.

    Playwright's own way evaluates text in the page, which a strict policy forbids.
    """
    holds(page, lambda: page.evaluate(expression), expression)


def frames(page: Any) -> None:
    """Let a page draw what it was told, and tell its observers."""
    page.evaluate(
        "() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(() => go())))"
    )


def expect(locator: Any) -> Any:
    """Playwright's assertions of an element, which wait until they hold."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    api.expect.set_options(timeout=1000 * PATIENCE)
    return api.expect(locator)
