from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from oracles.browser import chromium, listen
from oracles.recognition_records import (
    FIGURES,
    question,
    recognition_record,
    refused,
    unknown,
    wrong,
)
from relook.core.errors import UsageError
from relook.evaluation.report import recognition_table, write_report
from relook.evaluation.report.coverage_curve import trade_off
from relook.evaluation.report.recognition_words import run_words

NASTY = "<script>alert(1)</script>\"'&\x00\ud800|*`\n](x)"


class Reader(HTMLParser):
    """Collects tags, checks that every one is closed, and keeps the words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"img", "meta", "wbr", "path"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag != "path":
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def read_page(made: dict, tmp_path: Path, **options) -> Reader:
    write_report(made, tmp_path / "page.html", **options)
    reader = Reader()
    reader.feed((tmp_path / "page.html").read_text("utf-8"))
    reader.close()
    assert reader.open == []
    return reader


def test_json_is_the_record_and_one_without_queries_is_refused(tmp_path):
    made = recognition_record()
    write_report(made, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == made
    with pytest.raises(UsageError, match="evaluate again"):
        write_report({**made, "queries": []}, tmp_path / "out.json")


def test_markdown_has_a_row_for_each_subset_and_says_what_figures_mean(tmp_path):
    write_report(recognition_record(warnings=[NASTY]), tmp_path / "out.md")
    text = (tmp_path / "out.md").read_text("utf-8")
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert "| dvd | 0 | 1 | – |" in text
    assert "0.700–0.800" in text
    assert "“none of these” is an answer" in text
    assert "<script>" not in text.replace("\\<script\\>", "")


def test_terminal_table_shows_subsets_and_all_in_80_columns():
    console = Console(file=io.StringIO(), width=80)
    console.print(recognition_table(recognition_record(dataset="[red]x[/nope]")))
    lines = console.file.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["subset", "books", "dvd", "all"]
    assert lines[3].split()[1:4] == ["5", "2", "0.750"]
    assert "coverage" in lines[0]
    alone = recognition_record()
    del alone["subsets"]["dvd"]
    console = Console(file=io.StringIO(), width=200)
    console.print(recognition_table(alone))
    assert "books" not in console.file.getvalue()


def test_the_curve_counts_equal_confidences_together():
    made = recognition_record(
        question("a", familiarity=0.9),
        question("b", familiarity=0.5),
        wrong("c", familiarity=0.5),
        unknown("d", familiarity=0.1),
        unknown("e", best=None, familiarity=0.0),
    )
    assert trade_off(made) == [(0.9, 1 / 3, 1.0), (0.5, 1.0, 2 / 3), (0.1, 1.0, 0.5)]


def test_the_page_shows_the_surest_mistakes_first_with_what_was_said_and_what_is(tmp_path):
    words = "".join(read_page(recognition_record(), tmp_path).words)
    places = [words.index(f"{name} · ") for name in ("wrong", "taken for known", "refused")]
    assert places == sorted(places)
    assert "right · books" not in words
    assert "97.0 % sure“B”" in words
    assert "C: not in the database" in words
    assert "failed.jpg is empty" in words


def test_a_threshold_that_is_not_the_collections_own_says_so():
    (_, own, *_), made = run_words(recognition_record()), recognition_record()
    assert own.endswith("from the collection's own calibration")
    made["calibration"]["fallback"] = "too few pictures"
    assert run_words(made)[1] == "threshold 0.5000 of the shipped rule: too few pictures"


def test_a_page_without_mistakes_says_so(tmp_path):
    words = "".join(read_page(recognition_record(question("a"), unknown("b")), tmp_path).words)
    assert words.count("none") >= 2
    assert "sure“" not in words


def test_the_page_escapes_whatever_a_record_says_and_names_its_charts(tmp_path):
    nasty = wrong(NASTY, subset=NASTY, labels=[NASTY], best=NASTY, failed="")
    made = recognition_record(
        nasty, unknown("u"), dataset=NASTY, recipe=NASTY, warnings=[NASTY], created=NASTY,
        calibration={NASTY: NASTY}, versions={NASTY: NASTY}, processor=NASTY,
        subsets={NASTY: recognition_record()["subsets"]["books"]},
    )  # fmt: skip
    reader = read_page(made, tmp_path)
    assert [tag for tag, _ in reader.tags].count("script") == 1
    ids = [a["id"] for _, a in reader.tags if "id" in a]
    assert len(ids) == len(set(ids))
    charts = [a for tag, a in reader.tags if tag == "svg" and a.get("role") == "img"]
    assert len(charts) == 2
    for chart in charts:
        assert set(chart["aria-labelledby"].split()) <= set(ids)
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/"))


def test_figures_that_are_not_defined_are_dashes(tmp_path):
    blank = dict.fromkeys(FIGURES)
    made = recognition_record(
        unknown("u"), **{**blank, "ece": 0.1}, intervals=blank, n_known=0, mean_p1=None
    )
    assert "–" in read_page(made, tmp_path).words
    read_page(recognition_record(refused("r"), precision_at_threshold=None), tmp_path)


def test_the_page_opens_in_a_browser_and_fits_a_phone(tmp_path):
    pictures = {}
    for name in ("a1", "b1", "wrong", "refused"):
        pictures[name] = tmp_path / f"{name}.png"
        Image.new("RGB", (40, 30), "teal").save(pictures[name])
    write_report(recognition_record(), tmp_path / "page.html", pictures=pictures)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 740})
        listen(page)
        page.goto((tmp_path / "page.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth)")
        assert page.said == []
        assert all(url.startswith(("data:", "file:")) for url in page.asked)
