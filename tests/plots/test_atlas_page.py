"""The HTML atlas in a real browser."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.browser import chromium, frames, listen
from relook.core.records import Image
from relook.plots.atlas import AtlasPlot
from relook.plots.atlas_page import save_atlas_page


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A map of a red picture in the middle and blue ones around it."""
    colors = np.array([[200, 0, 0]] + [[0, 0, 200]] * 4, np.uint8)
    plot = AtlasPlot(
        xy=np.array([[0.5, 0.5], [0, 0], [1, 0], [0, 1], [1, 1]], np.float32),
        labels=np.array([0, 1, 1, 1, -1]),
        names=("middle", "кутове"),
        captions=[f"photo{row}.jpg" for row in range(5)],
        thumbnail=lambda row: Image(np.full((60, 80, 3), colors[row], np.uint8), (80, 60)),
        title="five",
    )
    target = tmp_path_factory.mktemp("page") / "map.html"
    save_atlas_page(target, plot)
    return target


@pytest.fixture
def page(browser, file):
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    page = context.new_page()
    listen(page)
    page.goto(file.as_uri())
    page.evaluate("Promise.all([...document.images].map((one) => one.decode()))")
    yield page
    assert [line for line in page.said if "Canvas2D" not in line] == []  # the test reads it back
    context.close()


def color_at_middle(page):
    """The pixel in the middle of the map."""
    frames(page)
    return page.evaluate(
        "() => { const c = document.getElementById('map');"
        "return [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data]; }"
    )


def test_pictures_lie_where_the_map_says_and_can_be_zoomed_into(page):
    red = color_at_middle(page)
    assert red[0] > 150
    assert red[2] < 60
    page.keyboard.press("Tab")
    page.focus("#map")
    for _ in range(6):
        page.keyboard.press("+")
    assert color_at_middle(page)[0] > 150
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert color_at_middle(page)[3] == 0
    page.keyboard.press("0")
    assert color_at_middle(page)[0] > 150


def test_a_picture_under_the_pointer_says_its_name(page):
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    words = page.locator("#card figcaption")
    assert words.inner_text().split() == ["middle", "photo0.jpg"]
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert page.locator("#card").is_hidden()


def test_labels_can_be_hidden_and_seen_alone(page):
    entry = page.get_by_role("button", name="middle")
    entry.click()
    assert entry.get_attribute("aria-pressed") == "false"
    assert color_at_middle(page)[3] == 0
    entry.dblclick()
    pressed = [one.get_attribute("aria-pressed") for one in page.locator("#legend button").all()]
    assert pressed.count("true") == 1
    assert color_at_middle(page)[0] > 150


def test_the_page_can_be_dark(page):
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.locator("#light").click()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != dark


def test_nothing_runs_over_the_edge_of_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 640})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
