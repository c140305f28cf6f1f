"""What a page shows of a collection, and a server that takes uploads as a test wishes."""

from __future__ import annotations

import json
from typing import Any

PICK = "input[type=file][accept]"
INDEXING = ".card.busy .in:not([hidden])"


def wall(page: Any) -> None:
    page.wait_for_selector(".pick img")


def count(page: Any) -> int:
    return int(page.locator(".numbers dd").first.inner_text())


class Uploads:
    """Answers in place of the server: uploads, and what becomes of their job."""

    def __init__(self, page: Any, *, status: int = 202) -> None:
        self.status, self.ended, self.uploads, self.cancelled = status, False, 0, 0
        page.route("**/api/v1/images", self.upload)
        page.route("**/api/v1/jobs/made", self.one)
        page.route("**/api/v1/jobs/made/events", self.events)
        page.route("**/api/v1/jobs", lambda route: route.fulfill(json={"jobs": [self.job()]}))

    def job(self) -> dict[str, object]:
        report = {"added": 1, "known": 0, "images": [1], "quarantined": [], "refused": []}
        state = {"state": "done", "report": report} if self.ended else {"state": "running"}
        return {"id": "made", "kind": "add", "done": 0, "total": 1, "message": "", "error": None,
                "report": None, **state}  # fmt: skip

    def upload(self, route: Any) -> None:
        if route.request.method != "POST":
            route.fallback()
        elif self.status == 202:
            self.uploads += 1
            route.fulfill(status=202, json=self.job())
        else:
            full = {"title": "", "status": self.status, "detail": "the disk is full; make room"}
            route.fulfill(status=self.status, json=full)

    def one(self, route: Any) -> None:
        if route.request.method == "DELETE":
            self.cancelled += 1
            self.ended = True
        route.fulfill(json=self.job())

    def events(self, route: Any) -> None:
        name = "end" if self.ended else "progress"
        body = f"retry: 200\nevent: {name}\ndata: {json.dumps(self.job())}\n\n"
        route.fulfill(body=body, content_type="text/event-stream")
