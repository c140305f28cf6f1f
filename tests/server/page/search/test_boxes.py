"""Boxes on the picture that is asked about: by pointer and by keyboard."""

from __future__ import annotations

import re
from typing import Any

import pytest

from oracles.browser import expect
from server.page.search.bringing import searched


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From and to shares of the query picture."""
    box = page.locator(".boxes").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=2)
    page.mouse.up()


def answered(page: Any, start: tuple[float, float], end: tuple[float, float]) -> dict[str, Any]:
    """The query that the server answered after a drag; the results are shown then."""
    with page.expect_response("**/api/v1/search") as answer:
        drag(page, start, end)
    assert answer.value.status == 200
    searched(page)
    return answer.value.json()["query"]


def boxes_in(url: str) -> list[list[int]]:
    found = re.search(r"boxes=([^&]*)", url)
    text = found.group(1).replace("%2C", ",").replace("%3B", ";") if found else ""
    return [[int(value) for value in box.split(",")] for box in text.split(";") if box]


def test_a_box_is_drawn_moved_resized_and_searched(asked):
    page = asked
    query = answered(page, (0.2, 0.2), (0.7, 0.8))
    width, height = query["width"], query["height"]
    sent = query["boxes"][0]
    assert sent == pytest.approx([0.2 * width, 0.2 * height, 0.5 * width, 0.6 * height], abs=3)
    assert boxes_in(page.url) == [sent]
    answered(page, (0.45, 0.5), (0.55, 0.5))
    moved = boxes_in(page.url)[0]
    assert moved[0] == pytest.approx(0.3 * width, abs=4)
    assert moved[2:] == [int(side) for side in sent[2:]]
    answered(page, (0.8, 0.8), (0.95, 0.9))
    assert boxes_in(page.url)[0][2] == pytest.approx(0.65 * width, abs=4)
    answered(page, (0.02, 0.02), (0.2, 0.15))
    assert len(boxes_in(page.url)) == 2
    page.get_by_role("button", name="Clear boxes").click()
    page.wait_for_url(lambda url: "boxes" not in url)
    page.go_back()
    expect(page.locator(".box")).to_have_count(2)


def test_boxes_obey_the_keyboard(asked):
    page = asked
    page.get_by_role("button", name="Add a box").press("Enter")
    box = page.locator(".box")

    def laid() -> dict[str, float]:
        return box.evaluate(
            "({style}) => ({left: parseFloat(style.left), height: parseFloat(style.height)})"
        )

    before = laid()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    after = laid()
    assert after["left"] > before["left"]
    assert after["height"] > before["height"]
    assert "Arrow keys move it" in box.get_attribute("aria-label")
    page.wait_for_url("**boxes=**")
    page.keyboard.press("Delete")
    page.wait_for_url(lambda url: "boxes" not in url)
    expect(box).to_have_count(0)


def test_a_click_or_a_pulled_out_pointer_leaves_no_bad_box(asked):
    page = asked
    drag(page, (0.5, 0.5), (0.505, 0.505))
    assert page.locator(".box").count() == 0
    query = answered(page, (0.6, 0.6), (-0.3, 2.5))
    x, y, width, height = query["boxes"][0]
    assert x == 0
    assert y + height <= query["height"]
    assert width > 0
