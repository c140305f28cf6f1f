"""Pages with made maps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from server.page.atlas.maps import counted, picture, png, settled


@pytest.fixture
def mapped(visit: Any, server: str) -> Callable[..., Any]:
    """A page with the map of ``page.columns``; pictures and thumbnails are made up."""
    thumbnail = png()

    def answer(route: Any) -> None:
        path = route.request.url.split("/api/v1/")[1].split("?")[0]
        if path.endswith("/thumbnail"):
            route.fulfill(body=thumbnail, content_type="image/png")
        else:
            route.fulfill(json=picture(int(path.split("/")[1])))

    def go(
        columns: dict[str, Any],
        *,
        info: dict[str, Any] | None = None,
        also: Callable[[Any], None] = lambda page: None,
        **how: Any,
    ) -> Any:
        def prepare(page: Any) -> None:
            page.columns = columns
            page.route(
                "**/api/v1/atlas", lambda route: route.fulfill(body=json.dumps(page.columns))
            )
            page.route("**/api/v1/labels", lambda route: route.fulfill(json=counted(page.columns)))
            page.route("**/api/v1/images/**", answer)
            if info is not None:
                known = page.request.get(f"{server}/api/v1/info").json()
                page.route("**/api/v1/info", lambda route: route.fulfill(json={**known, **info}))
            also(page)

        page = visit(server, "#/atlas", before=prepare, **how)
        if columns["ids"]:
            settled(page)
        return page

    return go
