"""Bringing pictures to the search, as people do, and waiting for what it finds."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

DROP = """async ([name, type, data, where]) => {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type}));
    const make = kind => kind === 'paste'
        ? new ClipboardEvent(kind, {clipboardData: transfer, bubbles: true, cancelable: true})
        : new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true});
    for (const kind of where) document.body.dispatchEvent(make(kind));
}"""


def bring(page: Any, file: Path, *how: str) -> None:
    """Drop or paste a file: "dragenter", "dragover", "drop", "paste"."""
    page.wait_for_selector(".search-query > *")
    data = base64.b64encode(file.read_bytes()).decode()
    page.evaluate(DROP, [file.name, "image/jpeg", data, list(how)])


def searched(page: Any) -> None:
    """Wait until results are shown, and the picture that was asked about."""
    page.wait_for_selector(".summary")
    page.wait_for_selector(".search-results[aria-busy=false] .tile")


def shown_ids(page: Any) -> list[int]:
    return page.eval_on_selector_all(".tile", "tiles => tiles.map(one => Number(one.dataset.id))")
