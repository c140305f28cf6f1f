"""The atlas of a museum: drawn on demand, labelled by lasso."""

from __future__ import annotations

from oracles.browser import expect, until
from server.page.atlas.maps import AROUND, LEFT, MAP, camera, draw, made, places, settled


def test_a_map_is_drawn_on_demand_and_pictures_are_labelled_by_lasso(start, visit):
    address = start()
    page = visit(address, "#/atlas")
    page.get_by_role("button", name="Draw the map").click()
    settled(page)
    assert page.evaluate(f"{MAP}.points.count") == 11
    assert len(places(page)) > 0
    labels = page.locator(".atlas-labels button")
    expect(labels).to_have_count(4)  # three paintings, and none

    page.get_by_role("button", name="Lasso").click()
    draw(page, AROUND)
    page.get_by_text("11 pictures chosen").wait_for()
    page.get_by_role("button", name="Label …").click()
    page.get_by_label("Label", exact=True).fill("  in the  museum ")
    page.keyboard.press("Enter")
    page.get_by_text("Labelled 11 pictures “in the museum”.").wait_for()

    def having() -> int:
        labels = page.request.get(f"{address}/api/v1/labels").json()["labels"]
        return {one["label"]: one["images"] for one in labels}.get("in the museum", 0)

    assert having() == 11
    shown = f"[...{MAP}.points.ids.keys()].map((i) => {MAP}.points.name(i))"
    until(page, f"{shown}.every((name) => name === 'in the museum')")
    row = page.locator(".atlas-labels button", has_text="in the museum")
    expect(row.locator(".number")).to_have_text("11")
    expect(labels).to_have_count(4)  # none is without a label now
    page.get_by_role("button", name="Undo").click()
    until(page, f"!{MAP}.points.names.includes('in the museum')")
    assert having() == 0
    expect(row).to_have_count(0)

    page.locator(".atlas-map").focus()
    page.keyboard.press("Enter")  # The picture in the middle.
    panel = page.locator(".atlas-panel:visible")
    panel.get_by_label("Add a label").fill("favorite")
    page.keyboard.press("Enter")
    panel.locator(".chip", has_text="favorite").wait_for()
    opened = page.evaluate(f"{MAP}.points.ids[{MAP}.opened]")
    shown = page.request.get(f"{address}/api/v1/images/{opened}").json()
    assert "favorite" in shown["labels"]
    panel.get_by_role("button", name="Search with this").click()
    page.wait_for_url(f"**/#/search?id={opened}")


def test_the_pointer_drags_and_shift_and_alt_change_what_is_chosen(mapped):
    page = mapped(made(300))
    before = camera(page)
    draw(page, [(0.7, 0.5), (0.6, 0.5)])
    assert camera(page)["x"] > before["x"]
    page.get_by_role("button", name="Show the whole map").click()
    settled(page)
    page.get_by_role("button", name="Lasso").click()

    def chosen() -> int:
        return page.evaluate(f"{MAP}.selected?.reduce((a, b) => a + b, 0) ?? 0")

    draw(page, LEFT)
    half = chosen()
    assert 0 < half < 300
    page.keyboard.down("Shift")
    draw(page, AROUND)
    page.keyboard.up("Shift")
    assert chosen() == 300
    page.keyboard.down("Alt")
    draw(page, LEFT)
    page.keyboard.up("Alt")
    assert chosen() == 300 - half


def test_a_readonly_server_has_a_map_to_look_at_only(mapped):
    page = mapped(made(30), info={"readonly": True})
    assert page.get_by_role("button", name="Lasso").count() == 0
    page.locator(".atlas-map").focus()
    page.keyboard.press("l")
    assert not page.locator(".atlas-bar").is_visible()
    page.keyboard.press("Enter")
    page.locator(".atlas-panel h2", has_text="IMG_").wait_for()
    assert page.get_by_label("Add a label").count() == 0
