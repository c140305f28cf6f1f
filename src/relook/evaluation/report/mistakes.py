"""The worst mistakes with their pictures: what was asked, what was said, what is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relook.evaluation.report.markup import Markup, join, raw, tag
from relook.evaluation.report.recognition_words import Record, sure_words
from relook.evaluation.report.thumbnails import Thumbnails
from relook.evaluation.report.words import counted, shorten

__all__ = ["mistakes"]

MOST = 12

Query = Mapping[str, Any]


def mistakes(record: Record, pictures: Thumbnails) -> Markup:
    """Labels that were given and are wrong, then known queries that were refused; surest first."""
    wrong = [query for query in record["queries"] if not query["answered_right"]]
    wrong.sort(key=lambda query: (-query["confidence"], query["query"]))
    given = [query for query in wrong if query["given"]]
    refused = [query for query in wrong if not query["given"]]
    return join(
        _group("given", "A wrong label was given", given, pictures),
        _group("refused", "Known, but refused as “none of these”", refused, pictures),
    )


def _group(name: str, title: str, queries: Sequence[Query], pictures: Thumbnails) -> Markup:
    head = tag("h3", title, id=name)
    if not queries:
        return tag("section", head, tag("p", "none", class_="note"), aria_labelledby=name)
    shown = queries[:MOST]
    words = counted(len(queries), "query", "queries")
    if len(shown) < len(queries):
        words += f"; the {len(shown)} surest"
    cards = (_card(query, pictures) for query in shown)
    return tag(
        "section", head, tag("p", words, class_="note"), tag("div", *cards, class_="cards"),
        aria_labelledby=name,
    )  # fmt: skip


def _card(query: Query, pictures: Thumbnails) -> Markup:
    name = shorten(query["query"])
    sure = "not asked" if query["failed"] else f"{sure_words(query['confidence'])} sure"
    said = "none of these" if not query["given"] else f"“{shorten(query['best'])}”"
    head = tag(
        "p", tag("b", sure), tag("span", said, class_="name"),
        tag("span", f"{name} · {shorten(query['subset'])}", class_="note name"),
        class_="strip-head",
    )  # fmt: skip
    figures = [_asked(query, pictures), _best(query, pictures), _truth(query, pictures)]
    return tag("article", head, tag("div", *figures, class_="strip trio"))


def _asked(query: Query, pictures: Thumbnails) -> Markup:
    name = shorten(query["query"])
    picture = pictures.image(query["query"], alt=f"the query, {name}", box=query["box"])
    words = "query, in its box" if query["box"] else "query"
    return tag("figure", picture, tag("figcaption", words), class_="asked")


def _best(query: Query, pictures: Thumbnails) -> Markup:
    if query["best"] is None:
        reason = shorten(query["failed"]) or "nothing labelled was found"
        return tag("figure", tag("span", reason, class_="absent"), class_="asked")
    mark = "right" if query["right"] else "wrong"
    best = shorten(query["best"])
    glyph = raw(f'<svg class="glyph" aria-hidden="true"><use href="#{mark}"/></svg>')
    sure = f"{sure_words(query['familiarity'])} · {counted(query['inliers'], 'inlier')}"
    caption = tag(
        "figcaption", tag("span", glyph, best, class_="mark"), tag("span", sure, class_="note")
    )
    picture = pictures.image(query["evidence"] or "", alt=f"evidence for {best}, which is {mark}")
    return tag("figure", picture, caption, class_=mark)


def _truth(query: Query, pictures: Thumbnails) -> Markup | None:
    labels = ", ".join(map(shorten, query["labels"]))
    if not query["known"]:
        words = f"{labels}: not in the database" if labels else "unknown: nothing is right"
        return tag("figure", tag("span", words, class_="absent"), class_="asked")
    if query["right"]:
        return None
    picture = pictures.image(query["example"] or "", alt=f"a picture of {labels}")
    return tag("figure", picture, tag("figcaption", f"is {labels}"), class_="asked")
