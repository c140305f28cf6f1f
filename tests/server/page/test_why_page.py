"""Why a result is there: lines, overlay, stepping, and the heat maps of whole pictures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.page.waiting import until


@pytest.fixture
def why(visit, server, queries) -> Any:
    """The page that explains the first result of an upload."""
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(queries[0])
    page.wait_for_selector(".summary")
    page.locator(".tile").first.hover()
    page.get_by_role("button", name="Why this result?").first.click()
    page.wait_for_selector(".why-lines")
    until(page, "[...document.querySelectorAll('.why-stage img')].every(i => i.naturalWidth > 0)")
    return page


def test_the_facts_are_in_words(why, faults):
    page = why
    assert "details lie where they should if both show the same thing." in (
        page.locator(".why-verdict").inner_text()
    )
    assert page.get_by_text("verified").first.is_visible()
    assert page.title() == "Why this result? · relook"
    assert faults(page) == []


def test_the_overlay_lies_on_the_result_and_space_blinks(why):
    page = why
    page.get_by_role("button", name="Overlay").click()
    over = page.locator(".why-over")
    over.wait_for()
    assert over.evaluate("image => getComputedStyle(image).transform").startswith("matrix")
    page.get_by_role("button", name="Pause").click()
    slider = page.get_by_label("How much of your picture is shown")
    slider.fill("0")
    assert float(over.evaluate("image => image.style.opacity")) == 0
    page.locator("h1").click()
    page.keyboard.press("Space")
    assert float(over.evaluate("image => image.style.opacity")) == 1
    page.keyboard.press("Space")
    assert float(over.evaluate("image => image.style.opacity")) == 0


def test_keys_step_through_the_results_and_escape_returns(why):
    page = why
    steps = page.locator(".why-steps span")
    assert steps.inner_text().startswith("1 of ")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('.why-steps span').textContent.startsWith('2 of ')")
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('.why-steps span').textContent.startsWith('1 of ')")
    with_tiles = "!!document.querySelector('.tile')"
    page.keyboard.press("Escape")
    until(page, with_tiles)
    assert "#/search?query=1" in page.url


def test_an_address_alone_explains_two_pictures_of_the_collection(visit, server, faults):
    page = visit(server, "#/why?id=1&result=2", phone=True, dark=True)
    page.wait_for_selector(".why-verdict")
    assert page.locator(".why-steps").inner_text() == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []


def test_a_picture_that_is_gone_is_said_plainly(visit, server):
    page = visit(server, "#/why?query=7&result=2")
    page.get_by_text("That picture is not kept any more").wait_for()
    unknown = visit(server, "#/why?id=1&result=999999")
    unknown.get_by_text("This could not be explained").wait_for()
    unknown.said.clear()


def test_lines_are_few_and_end_in_both_pictures(why):
    page = why
    drawn = page.evaluate(
        """() => {
            const stage = document.querySelector('.why-stage').getBoundingClientRect();
            const frames = [...document.querySelectorAll('.why-frame')].map(one => {
                const box = one.getBoundingClientRect();
                return [box.left - stage.left, box.top - stage.top, box.width, box.height];
            });
            const lines = [...document.querySelectorAll('.why-lines .line')].map(line =>
                ['x1', 'y1', 'x2', 'y2'].map(name => Number(line.getAttribute(name))));
            return {frames, lines};
        }"""
    )
    assert 8 < len(drawn["lines"]) <= 80
    (left, top, width, height), (other, upper, wide, high) = drawn["frames"]
    for x1, y1, x2, y2 in drawn["lines"]:
        assert left <= x1 <= left + width
        assert top <= y1 <= top + height
        assert other <= x2 <= other + wide
        assert upper <= y2 <= upper + high


def test_a_line_under_the_pointer_stands_out(why):
    page = why
    line = page.locator(".match").nth(3)
    x, y = line.evaluate(
        """group => {
            const stage = document.querySelector('.why-lines').getBoundingClientRect();
            const at = name => Number(group.querySelector('.line').getAttribute(name));
            return [stage.left + 0.3 * at('x1') + 0.7 * at('x2'),
                    stage.top + 0.3 * at('y1') + 0.7 * at('y2')];
        }"""
    )
    page.mouse.move(x, y)
    strong = "[...document.querySelectorAll('.match')].map(one => getComputedStyle(one).opacity)"
    until(page, f"{strong}.filter(one => one === '1').length === 1")
    until(page, f"{strong}.filter(one => one === '0.12').length > 5")
    page.mouse.move(2, 2)
    until(page, f"{strong}.every(one => one === '0.8')")


def answer_with_maps(page: Any) -> None:
    """Give a local collection's explanation what a global one would have."""

    def answer(route: Any) -> None:
        response = route.fetch()
        body = response.json()

        def grid(picture: dict[str, Any]) -> dict[str, Any]:
            frame = [0, 0, picture["width"], picture["height"]]
            return {"columns": 4, "rows": 3, "values": [0.05] * 11 + [-0.01], "frame": frame}

        body["maps"] = {
            "query": grid(body["query"]), "result": grid(body["result"]), "similarity": 0.54,
        }  # fmt: skip
        route.fulfill(response=response, body=json.dumps(body))

    page.route("**/api/v1/explain", answer)


def test_heat_maps_lie_over_both_pictures(visit, server, faults):
    page = visit(server)
    page.wait_for_selector(".start-wall img")
    answer_with_maps(page)
    page.goto(f"{server}/#/why?id=1&result=8")
    page.wait_for_selector("canvas.heat")
    pairs = page.evaluate(
        "[...document.querySelectorAll('.why-frame')].map(one => [one, one.querySelector('canvas')]"
        ".map(node => node.getBoundingClientRect().width))"
    )
    assert len(pairs) == 2
    assert all(frame == pytest.approx(canvas, abs=1) for frame, canvas in pairs)
    assert "the similarity of 0.54" in page.locator(".heat-legend").inner_text()
    assert faults(page) == []
    page.get_by_label("Heat map").uncheck()
    until(page, "getComputedStyle(document.querySelector('canvas.heat')).opacity === '0'")
