"""Made maps of thousands of pictures, and what a test asks a map that is shown."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from oracles.browser import until

MAP = "document.querySelector('.atlas-map canvas').atlas"


def made(count: int, *, labels: int = 5, **other: Any) -> dict[str, Any]:
    """Columns as of GET /atlas: clusters, the second half of them without a label."""
    random = np.random.default_rng(count)
    cluster = random.integers(0, 2 * labels, count)
    places = random.uniform(0.1, 0.9, (2 * labels, 2))[cluster]
    places = np.clip(places + random.normal(0, 0.03, (count, 2)), 0, 1).round(4)
    return {
        "state": "ready",
        "count": count,
        "waiting": 0,
        "ids": list(range(1, count + 1)),
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "label": np.where(cluster < labels, cluster, -1).tolist(),
        "names": [f"thing {number}" for number in range(labels)],
        **other,
    }


def counted(columns: dict[str, Any]) -> dict[str, Any]:
    """The same as of GET /labels."""
    having = [name for name in columns["label"] if name >= 0]
    counts = [
        {"label": name, "images": having.count(place)}
        for place, name in enumerate(columns["names"])
    ]
    return {"labels": counts, "unlabelled": columns["label"].count(-1)}


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(file, "PNG")
    return file.getvalue()


def picture(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"IMG_{number}.jpg",
        "path": f"IMG_{number}.jpg",
        "width": 32,
        "height": 24,
        "taken": None,
        "latitude": None,
        "longitude": None,
        "labels": [],
        "bytes": 100,
        "files": 1,
    }


def settled(page: Any) -> None:
    """Wait until the map rests and all thumbnails that it wants are there."""
    until(
        page,
        "(() => { const m = document.querySelector('.atlas-map canvas')?.atlas;"
        " if (!m?.points?.room) return false; const t = m.thumbnails; return !m.request"
        " && !m.asking && !m.wanted && !t.running.size && !t.queue.length; })()",
    )


def camera(page: Any) -> dict[str, float]:
    return page.evaluate(f"(({{x, y, scale, zoom}}) => ({{x, y, scale, zoom}}))({MAP}.camera)")


def news(columns: dict[str, Any]) -> dict[str, Any]:
    """The same with one picture more, in the middle."""
    more = {"ids": 900, "x": 0.5, "y": 0.5, "label": -1}
    added = {name: [*columns[name], value] for name, value in more.items()}
    return {**columns, **added, "count": columns["count"] + 1, "waiting": 0}


def places(page: Any) -> np.ndarray:
    """Of the thumbnails on the screen, (N, 4): left, top, right, bottom."""
    found = np.array(page.evaluate(f"[...{MAP}.places.values()]"), float).reshape(-1, 4)
    return np.column_stack([found[:, :2], found[:, :2] + found[:, 2:]])


def draw(page: Any, corners: list[tuple[float, float]]) -> None:
    """A line of the lasso, in shares of the map."""
    box = page.locator(".atlas-map").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for corner in at[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()


AROUND = [(0.5, 0.005), (0.995, 0.005), (0.995, 0.995), (0.005, 0.995), (0.005, 0.005)]
LEFT = [(0.5, 0.005), (0.5, 0.995), (0.005, 0.995), (0.005, 0.005)]
