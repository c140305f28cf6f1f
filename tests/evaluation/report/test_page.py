"""The page of a report in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from oracles.browser import chromium, holds, listen, until
from oracles.records import record, run
from relook.evaluation.report import write_report


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    pictures = {}
    for place, name in enumerate(("r0", "w1", "j2", "a/0", "b/0", "b/1")):
        pictures[name] = folder / f"{place}.png"
        Image.new("RGB", (40 + place, 30), "teal").save(pictures[name])
    runs = [
        run("middle", {"a": [0.5], "b": [0.5, 0.5]}),
        run("best", {"a": [1.0], "b": [0.9, 0.8]}, milliseconds={"total": 9.0}),
        run("worst", {"a": [0.1], "b": [0.2, 0.3]}, milliseconds={}),
    ]
    sweeps = [{"parameter": "plan.candidates", "values": [1, 2, 3], "runs": [2, 0, 1]}]
    write_report(record(*runs, sweeps=sweeps), folder / "report.html", pictures=pictures)
    return folder / "report.html"


@pytest.fixture
def opened(browser, report):
    """A page with the report."""
    page = browser.new_page(color_scheme="light")
    listen(page)
    page.goto(report.as_uri())
    yield page
    page.close()


def names(page) -> list[str]:
    return page.locator("#scores ~ .scroll").first.locator("tbody th").all_inner_texts()


def head(page, label: str):
    return page.locator("#scores ~ .scroll").first.locator("thead th", has_text=label).first


def test_page_opens_without_errors_and_asks_for_nothing(opened, report):
    assert opened.said == []
    assert {url for url in opened.asked if not url.startswith("data:")} == {report.as_uri()}
    assert opened.evaluate("document.documentElement.lang") == "en"


def test_all_pictures_are_decoded(opened):
    page = opened
    sizes = page.evaluate(
        "Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert len(sizes) == 12
    assert min(sizes) >= 40


def test_a_click_sorts_and_another_turns_it_round(opened):
    page = opened
    assert names(page) == ["middle", "best", "worst"]
    score = head(page, "mAP")
    score.locator("button").click()
    assert names(page) == ["best", "middle", "worst"]
    assert score.get_attribute("aria-sort") == "descending"
    score.locator("button").click()
    assert names(page) == ["worst", "middle", "best"]
    assert score.get_attribute("aria-sort") == "ascending"
    head(page, "Run").locator("button").click()
    assert names(page) == ["best", "middle", "worst"]
    assert score.get_attribute("aria-sort") == "none"
    assert "Sorted by Run, ascending" in page.locator("#said").inner_text()


def test_keys_sort_and_what_is_missing_stays_last(opened):
    page = opened
    button = head(page, "ms").locator("button")
    button.focus()
    page.keyboard.press("Enter")
    assert names(page) == ["best", "middle", "worst"]
    page.keyboard.press("Space")
    assert names(page) == ["middle", "best", "worst"]
    assert page.evaluate("document.activeElement.textContent") == "ms"


def test_dark_and_light_differ(opened):
    page = opened

    def background() -> list[int]:
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return [int(part) for part in color.strip("rgb()").split(",")]

    assert min(background()) > 230
    page.emulate_media(color_scheme="dark")
    assert max(background()) < 50
    page.emulate_media(media="print", color_scheme="dark")
    assert min(background()) == 255


def test_page_fits_a_phone_and_long_tables_scroll_by_themselves(opened):
    page = opened
    first = page.locator("#scores ~ .scroll").first
    assert first.get_attribute("tabindex") == "-1"
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    until(page, "document.querySelector('.scroll').tabIndex === 0")


def test_the_policy_stops_a_script_that_is_not_ours(opened):
    page = opened
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.bad = 1';"
        " document.body.append(s); }"
    )
    assert page.evaluate("window.bad") is None
    holds(page, lambda: any("Content Security Policy" in line for line in page.said))
