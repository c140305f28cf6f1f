"""A page that has searched."""

from __future__ import annotations

from typing import Any

import pytest

from server.page.search.bringing import searched


@pytest.fixture
def asked(visit: Any, server: str) -> Any:
    """The page after a search with a picture of the collection."""
    page = visit(server, "#/search?id=3")
    searched(page)
    page.locator(".boxes").wait_for()
    return page
