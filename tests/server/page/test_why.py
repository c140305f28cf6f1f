"""Why a result is there: lines, overlay, stepping, and the heat maps of whole pictures."""

from __future__ import annotations

import json
from typing import Any

from oracles.browser import expect, until

PAIR = "#/why?id=3&result=4"
"""Two pictures of one painting."""

INSIDE = """(() => {
    const stage = document.querySelector('.why-stage')?.getBoundingClientRect();
    const frames = [...document.querySelectorAll('.why-frame')].map(
        one => one.getBoundingClientRect());
    const lines = [...document.querySelectorAll('.why-lines .line')].map(line =>
        ['x1', 'y1', 'x2', 'y2'].map(name => Number(line.getAttribute(name))));
    const within = ({left, top, right, bottom}, x, y) => x >= left - stage.left
        && x <= right - stage.left && y >= top - stage.top && y <= bottom - stage.top;
    return frames.length === 2 && lines.length > 8 && lines.length <= 80 && lines.every(
        ([x1, y1, x2, y2]) => within(frames[0], x1, y1) && within(frames[1], x2, y2));
})()"""
"""Does each line begin in the one picture and end in the other? So once the style is there."""


def test_facts_are_in_words_and_lines_end_in_both_pictures(visit, server, faults):
    page = visit(server, PAIR)
    until(page, INSIDE)
    until(page, "[...document.querySelectorAll('.why-stage img')].every(i => i.naturalWidth > 0)")
    verdict = page.locator(".why-verdict")
    expect(verdict).to_contain_text("details lie where they should if both show the same thing.")
    assert page.get_by_text("verified").first.is_visible()
    assert page.title() == "Why this result? · relook"
    assert faults(page) == []

    x, y = page.locator(".match").nth(3).evaluate(
        """group => {
            const stage = document.querySelector('.why-lines').getBoundingClientRect();
            const at = name => Number(group.querySelector('.line').getAttribute(name));
            return [stage.left + 0.3 * at('x1') + 0.7 * at('x2'),
                    stage.top + 0.3 * at('y1') + 0.7 * at('y2')];
        }"""
    )  # fmt: skip
    page.mouse.move(x, y)
    strong = "[...document.querySelectorAll('.match')].map(one => getComputedStyle(one).opacity)"
    until(page, f"{strong}.filter(one => one === '1').length === 1")
    until(page, f"{strong}.filter(one => one === '0.12').length > 5")
    page.mouse.move(2, 2)
    until(page, f"{strong}.every(one => one === '0.8')")


def test_the_overlay_lies_on_the_result_and_space_blinks(visit, server):
    page = visit(server, PAIR, calm=False)
    page.get_by_role("button", name="Overlay").click()
    over = page.locator(".why-over")
    until(page, "getComputedStyle(document.querySelector('.why-over')).transform.includes('(')")

    def opacity() -> float:
        return float(over.evaluate("image => image.style.opacity"))

    page.get_by_role("button", name="Pause").click()
    slider = page.get_by_label("How much of your picture is shown")
    slider.fill("0")
    assert opacity() == 0
    page.locator("h1").click()
    page.keyboard.press("Space")
    assert opacity() == 1
    page.keyboard.press("Space")
    assert opacity() == 0


def test_keys_step_through_the_results_of_an_upload_and_escape_returns(visit, server, queries):
    page = visit(server)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(queries[0])
    page.locator(".tile").first.hover()
    page.get_by_role("button", name="Why this result?").first.click()
    page.wait_for_selector(".why-lines")
    steps = page.locator(".why-steps span").first
    expect(steps).to_contain_text("1 of ")
    page.keyboard.press("ArrowRight")
    expect(steps).to_contain_text("2 of ")
    page.keyboard.press("ArrowLeft")
    expect(steps).to_contain_text("1 of ")
    page.keyboard.press("Escape")
    page.locator(".tile").first.wait_for()
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
    page.forgiven.append("404")
    page.evaluate("location.hash = '#/why?id=1&result=999999'")
    page.get_by_text("This could not be explained").wait_for()


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
    page = visit(server, "#/why?id=1&result=8", before=answer_with_maps)
    page.wait_for_selector("canvas.heat")
    widths = (
        "[...document.querySelectorAll('.why-frame')].map(one => [one, one.querySelector('canvas')]"
        ".map(node => node.getBoundingClientRect().width))"
    )
    until(page, f"{widths}.every(([frame, heat]) => Math.abs(frame - heat) <= 1)")
    assert len(page.evaluate(widths)) == 2
    expect(page.locator(".heat-legend")).to_contain_text(
        "the similarity of the whole pictures, 0.54"
    )
    assert faults(page) == []
    page.get_by_label("Heat map").uncheck()
    until(page, "getComputedStyle(document.querySelector('canvas.heat')).opacity === '0'")


def test_a_busy_server_is_said_and_asked_again(visit, server):
    busy = {"title": "", "status": 503, "detail": "the server is busy"}
    refused: list[Any] = []

    def refuse(route: Any) -> None:
        refused.append(route.fulfill(status=503, json=busy, headers={"Retry-After": "1"}))

    page = visit(server, PAIR, before=lambda page: page.route("**/api/v1/explain", refuse, times=1))
    page.forgiven.append("503")  # the browser itself notes it
    page.get_by_text("The server is busy. Trying again in 1 second.").wait_for()
    page.wait_for_selector(".why-verdict")
    assert page.get_by_text("The server is busy.").count() == 0
    assert len(refused) == 1
