"""The frame of every page: one file that asks nothing of the network, in light and dark."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from relook.evaluation.report.markup import Markup, join, raw, tag
from relook.evaluation.report.strips import ICONS
from relook.evaluation.report.words import shorten

__all__ = ["document", "section"]

FOLDER = Path(__file__).parent


def document(
    title: str, header: Markup, sections: Sequence[Markup | None], footer: Markup | str
) -> str:
    """An HTML document; its first section is ``scores``."""
    style = raw(FOLDER.joinpath("page.css").read_text("utf-8"))
    script = raw(FOLDER.joinpath("page.js").read_text("utf-8"))
    # Only our own style and script run, even if a name could break out of its escaping.
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; "
    policy += f"script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{shorten(title)} · relook evaluation"),
        tag("style", style),
    )
    body = tag(
        "body",
        ICONS,
        tag("a", "Skip to the scores", href="#scores", class_="skip"),
        header,
        tag("main", *sections),
        tag("footer", join(footer), class_="note"),
        tag("p", id="said", class_="unseen", role="status"),
        tag("script", script),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def section(name: str, title: str, words: str, *parts: object) -> Markup:
    """A part of the page with a heading and a sentence."""
    head = tag("h2", title, id=name)
    return tag("section", head, tag("p", words, class_="lead"), *parts, aria_labelledby=name)


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
