"""The page of ``relook clean``: what would be dropped of each class, and boxes on what stays."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from relook.cli.words import count
from relook.core.storage import write_whole
from relook.evaluation.report.markup import Markup, join, raw, tag
from relook.evaluation.report.thumbnails import Thumbnails
from relook.mapping.cleaning import Checked, ClassReport, Cleaning

__all__ = ["MOST_PICTURES", "page", "save"]

MOST_PICTURES = 1500
"""Thumbnails of a page, some 10 kB each."""

_KEPT = 12
_DROPPED = 24


def save(target: Path, found: Cleaning, *, title: str) -> None:
    """Write the :func:`page`, whole or not at all."""
    write_whole(target, page(found, title=title).encode("utf-8", "replace"))


def page(found: Cleaning, *, title: str) -> str:
    """One HTML file that asks nothing of the network.

    Classes that lose most come first; of each, what would be dropped and a few that stay, with the
    box of what the class shows. Pictures beyond :data:`MOST_PICTURES` are counted only.
    """
    style = raw(Path(__file__).with_name("clean_page.css").read_text("utf-8"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · relook clean"),
        tag("style", style),
    )
    sections = list(_sections(found))
    hidden = len(found.classes) - len(sections)
    rest = f" {count(hidden, 'class is', 'classes are')} not shown." if hidden else ""
    footer = tag("footer", f"Written by relook clean. Nothing was deleted.{rest}", class_="note")
    body = tag("body", _header(found, title), tag("main", *sections), footer)
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(found: Cleaning, title: str) -> Markup:
    dropped = found.pictures - found.kept
    facts = [
        ("classes", len(found.classes), None), ("pictures", found.pictures, None),
        ("would stay", found.kept, "right"), ("would be dropped", dropped, "wrong"),
    ]  # fmt: skip
    cells = (
        tag("div", tag("dt", name), tag("dd", f"{number:,}", class_=kind if number else None))
        for name, number, kind in facts
    )
    return tag(
        "header",
        tag("p", "Cleaning of classes", class_="over"),
        tag("h1", title),
        tag(
            "p",
            "Pictures of a class were matched with each other. The largest group that is connected "
            "by matching details stays. A yellow box shows where the thing was found; pictures in "
            "a red frame would be dropped.",
            class_="note",
        ),
        tag("dl", *cells, class_="headline"),
    )


def _sections(found: Cleaning) -> Iterator[Markup]:
    left = MOST_PICTURES
    order = sorted(found.classes, key=lambda report: (-_loss(report), report.name))
    for report in order:
        if left <= 0:
            return
        shown = [*report.dropped[:_DROPPED], *report.kept[:_KEPT]]
        left -= len(shown)
        yield _section(report, shown)


def _loss(report: ClassReport) -> float:
    return len(report.dropped) / len(report.pictures) if report.kept else 0.5


def _section(report: ClassReport, shown: Sequence[Checked]) -> Markup:
    kept, whole = len(report.kept), len(report.pictures)
    thumbnails = Thumbnails({picture.path: Path(picture.file) for picture in shown})
    more = whole - len(shown)
    return tag(
        "section",
        tag(
            "div",
            tag("h2", report.name),
            tag("p", f"{kept:,} of {count(whole, 'picture')} would stay", class_="note"),
            class_="head",
        ),
        *(tag("p", words, class_="alarm") for words in _alarms(report)),
        tag("div", *(_figure(picture, thumbnails) for picture in shown), class_="grid"),
        tag("p", f"and {more:,} more", class_="note") if more else None,
    )


def _alarms(report: ClassReport) -> Iterator[str]:
    if not report.groups and report.dropped:
        yield "Nothing verifies: no two pictures match. --keep-unverified keeps such classes."
    if report.doubt:
        yield f"{report.doubt[0].upper()}{report.doubt[1:]}."


def _figure(picture: Checked, thumbnails: Thumbnails) -> Markup:
    box = None if picture.box is None or not picture.kept else picture.box
    words = tag("span", picture.words) if picture.kept else tag("b", picture.words)
    copy = f"copy of {picture.copies[0]}" if picture.copies else None
    shared = f"also in {', '.join(picture.elsewhere)}" if picture.elsewhere else None
    name = picture.path.rpartition("/")[2]
    return tag(
        "figure",
        thumbnails.image(picture.path, alt=picture.path, box=box),
        tag(
            "figcaption",
            join(name, " "),
            words,
            *(tag("span", one) for one in (copy, shared) if one),
        ),
        class_=None if picture.kept else "dropped",
    )
