"""The atlas in a real browser: on a museum's map, and on made maps of thousands of pictures."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from relook.plots.atlas_colors import label_colors

MAP = "document.querySelector('.atlas-map canvas').atlas"


def made(count: int, *, labels: int = 5, **other: Any) -> dict[str, Any]:
    """Columns as of GET /atlas: clusters, the second half of them without a label."""
    random = np.random.default_rng(count)
    cluster = random.integers(0, 2 * labels, count)
    places = random.uniform(0.1, 0.9, (2 * labels, 2))[cluster]
    places = np.clip(places + random.normal(0, 0.03, (count, 2)), 0, 1).round(4)
    return {
        "state": "ready",
        "count": count,
        "waiting": 0,
        "ids": list(range(1, count + 1)),
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "label": np.where(cluster < labels, cluster, -1).tolist(),
        "names": [f"thing {number}" for number in range(labels)],
        **other,
    }


def counted(columns: dict[str, Any]) -> dict[str, Any]:
    """The same as of GET /labels."""
    having = [name for name in columns["label"] if name >= 0]
    counts = [
        {"label": name, "images": having.count(place)}
        for place, name in enumerate(columns["names"])
    ]
    return {"labels": counts, "unlabelled": columns["label"].count(-1)}


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(file, "PNG")
    return file.getvalue()


def picture(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"IMG_{number}.jpg",
        "path": f"IMG_{number}.jpg",
        "width": 32,
        "height": 24,
        "taken": None,
        "latitude": None,
        "longitude": None,
        "labels": [],
        "bytes": 100,
        "files": 1,
    }


@pytest.fixture
def mapped(visit: Any, server: str) -> Callable[..., Any]:
    """A page with the map of some columns; pictures and thumbnails are made up."""
    thumbnail = _png()

    def answer(route: Any) -> None:
        path = route.request.url.split("/api/v1/")[1].split("?")[0]
        if path.endswith("/thumbnail"):
            route.fulfill(body=thumbnail, content_type="image/png")
        else:
            route.fulfill(json=picture(int(path.split("/")[1])))

    def go(
        columns: dict[str, Any],
        *,
        info: dict[str, Any] | None = None,
        calm: bool = True,
        **how: Any,
    ) -> Any:
        page = visit(server, "#/search", **how)
        page.emulate_media(reduced_motion="reduce" if calm else "no-preference")
        page.columns = columns
        page.route("**/api/v1/atlas", lambda route: route.fulfill(body=json.dumps(page.columns)))
        page.route("**/api/v1/labels", lambda route: route.fulfill(json=counted(page.columns)))
        page.route("**/api/v1/images/*", answer)
        page.route("**/api/v1/images/*/thumbnail*", answer)
        if info is not None:
            known = page.request.get(f"{server}/api/v1/info").json()
            page.route("**/api/v1/info", lambda route: route.fulfill(json={**known, **info}))
        page.goto("about:blank")
        page.goto(f"{server}/#/atlas")
        return page

    return go


def until(page: Any, condition: str) -> None:
    """Wait for a condition; the page's policy forbids what wait_for_function does."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"never: {condition}")


def settled(page: Any) -> None:
    """Wait until the map rests and all thumbnails that it wants are there."""
    until(
        page,
        f"(() => {{ const m = {MAP}; const t = m.thumbnails; return m.points.room !== null"
        " && !m.request && !m.asking && !m.wanted && !t.running.size && !t.queue.length; })()",
    )


def camera(page: Any) -> dict[str, float]:
    return page.evaluate(f"(({{x, y, scale, zoom}}) => ({{x, y, scale, zoom}}))({MAP}.camera)")


def places(page: Any) -> np.ndarray:
    """Of the thumbnails on the screen, (N, 4): left, top, right, bottom."""
    found = np.array(page.evaluate(f"[...{MAP}.places.values()]"), float).reshape(-1, 4)
    return np.column_stack([found[:, :2], found[:, :2] + found[:, 2:]])


def draw(page: Any, corners: list[tuple[float, float]]) -> None:
    """A line of the lasso, in shares of the map."""
    box = page.locator(".atlas-map").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for corner in at[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()


AROUND = [(0.5, 0.005), (0.995, 0.005), (0.995, 0.995), (0.005, 0.995), (0.005, 0.005)]
LEFT = [(0.5, 0.005), (0.5, 0.995), (0.005, 0.995), (0.005, 0.005)]


def test_a_map_is_drawn_on_demand_and_pictures_are_labelled_by_lasso(start, visit):
    address = start()
    page = visit(address, "#/atlas")
    page.get_by_role("button", name="Draw the map").click()
    page.wait_for_selector(".atlas-map")
    assert page.evaluate(f"{MAP}.points.count") == 11
    settled(page)
    assert len(places(page)) > 0
    assert page.locator(".atlas-labels button").count() == 4  # three paintings, and none

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
    assert row.locator(".number").inner_text() == "11"
    assert page.locator(".atlas-labels button").count() == 4  # none is without a label now
    page.get_by_role("button", name="Undo").click()
    until(page, f"!{MAP}.points.names.includes('in the museum')")
    assert having() == 0

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


def test_coming_nearer_shows_more_thumbnails_that_never_overlap(mapped):
    page = mapped(made(2000))
    page.wait_for_selector(".atlas-map")
    box = page.locator(".atlas-map").bounding_box()
    x, y = page.evaluate(f"{MAP}.camera.toScreen({MAP}.points.x[7], {MAP}.points.y[7])")
    page.mouse.move(box["x"] + x, box["y"] + y)
    shares = []
    for _ in range(5):
        settled(page)
        seen = places(page)
        left, top, right, bottom = seen.T
        apart = (left[:, None] >= right) | (top[:, None] >= bottom)
        assert (apart | apart.T | np.eye(len(seen), dtype=bool)).all()
        shares.append(
            page.evaluate(
                f"(() => {{ const m = {MAP}; const all = [...m.points.within(m.camera.box())];"
                " return all.filter((i) => m.places.has(i)).length / all.length; })()"
            )
        )
        assert page.evaluate(f"{MAP}.thumbnails.bytes") < 100 * 2**20
        for _ in range(6):
            page.mouse.wheel(0, -120)
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares[-1] > 0.8


def test_few_thumbnails_are_asked_for_at_a_time_and_none_that_went_away(mapped):
    page = mapped(made(2000))
    page.wait_for_selector(".atlas-map")
    settled(page)
    page.evaluate(
        f"""() => {{
            const most = [];
            const {{ thumbnails, camera, motion }} = {MAP};
            const real = thumbnails.address;
            thumbnails.address = (id) => {{ most.push(thumbnails.running.size); return real(id); }};
            window.most = most;
            window.away = () => motion.jump({{ x: 0.1, y: 0.1, scale: camera.scale }});
            motion.jump({{ x: 0.5, y: 0.5, scale: 8 * camera.scale }});
        }}"""
    )
    until(page, "most.length > 0")
    page.evaluate("away()")
    settled(page)
    assert max(page.evaluate("most")) <= 8


def test_keys_move_zoom_fit_and_open(mapped):
    page = mapped(made(300), calm=False)
    page.wait_for_selector(".atlas-map")
    page.locator(".atlas-map").focus()
    first = camera(page)
    page.keyboard.press("+")
    settled(page)
    assert camera(page)["zoom"] == pytest.approx(1.6, rel=0.02)
    page.keyboard.press("ArrowRight")
    settled(page)
    moved = camera(page)
    assert (moved["x"] - first["x"]) * moved["scale"] > 40
    page.keyboard.press("0")
    settled(page)
    assert camera(page) == pytest.approx(first, rel=0.01)
    page.keyboard.press("Enter")
    page.locator(".atlas-panel h2", has_text="IMG_").wait_for()
    assert page.evaluate("document.activeElement.className") == "atlas-panel"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className").startswith("atlas-map")
    page.keyboard.press("l")
    assert page.get_by_text("Draw around pictures").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".atlas-bar").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.atlas-legend') !== null")


def test_the_pointer_drags_and_shift_and_alt_change_what_is_chosen(mapped):
    page = mapped(made(300))
    page.wait_for_selector(".atlas-map")
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


def test_the_legend_finds_and_highlights_a_label(mapped):
    page = mapped(made(500, labels=12))
    page.locator(".atlas-legend").wait_for()
    page.get_by_label("Find a label").fill("thing 7")
    row = page.locator(".atlas-labels button")
    assert row.count() == 1
    row.click()
    assert row.get_attribute("aria-pressed") == "true"
    settled(page)
    shown = page.evaluate(f"[...{MAP}.places.keys()].map((i) => {MAP}.points.name(i))")
    assert set(shown) == {"thing 7"}
    page.get_by_role("button", name="Show all labels").click()
    assert page.evaluate(f"{MAP}.highlight === undefined")


def test_a_label_that_is_not_the_first_is_counted_and_highlighted(mapped):
    page = mapped(made(60, labels=2))
    some = [{**picture(number), "labels": ["thing 0", "other"]} for number in (3, 5, 8)]
    counts = [{"label": "thing 0", "images": 30}, {"label": "other", "images": 3}]
    page.route(
        "**/api/v1/labels", lambda route: route.fulfill(json={"labels": counts, "unlabelled": 30})
    )
    page.route(
        "**/api/v1/images?labels=other*",
        lambda route: route.fulfill(json={"images": some, "next": None, "total": 3}),
    )
    page.reload()
    row = page.locator(".atlas-labels button", has_text="other")
    row.click()
    until(page, f"{MAP}.points.named('other').length === 3")
    ids = page.evaluate(f"{MAP}.points.named('other').map((i) => {MAP}.points.ids[i])")
    assert ids == [3, 5, 8]
    row.click()
    until(page, f"{MAP}.points.named('other').length === 0")


def test_pictures_that_still_get_their_places_are_asked_for_again(mapped):
    page = mapped(made(50, waiting=1))
    page.wait_for_selector(".atlas-map")
    later = made(50)
    for name, value in (("ids", 900), ("x", 0.5), ("y", 0.5), ("label", -1)):
        later[name].append(value)
    page.columns = {**later, "count": 51}
    page.get_by_text("1 new picture found its place on the map.").wait_for()


def test_new_pictures_appear_where_the_view_is(mapped):
    page = mapped(made(200))
    page.wait_for_selector(".atlas-map")
    page.get_by_role("button", name="Zoom in").click()
    settled(page)
    before = camera(page)
    more = {key: list(page.columns[key]) for key in ("ids", "x", "y", "label")}
    for key, value in (("ids", 900), ("x", 0.5), ("y", 0.5), ("label", -1)):
        more[key].append(value)
    page.columns = {**page.columns, **more, "count": 201, "state": "stale"}
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.get_by_text("1 new picture found its place on the map.").wait_for()
    assert page.evaluate(f"{MAP}.points.count") == 201
    assert camera(page) == pytest.approx(before)
    page.goto(page.url.replace("#/atlas", "#/search"))  # The view stays while one is elsewhere.
    page.wait_for_selector(".view-search")
    page.goto(page.url.replace("#/search", "#/atlas"))
    page.wait_for_selector(".atlas-map canvas")
    assert camera(page) == pytest.approx(before)
    assert page.get_by_role("button", name="Draw it anew").is_visible()


def test_what_is_in_view_is_said_and_listed(mapped, faults):
    page = mapped(made(300), phone=True)
    page.get_by_text("300 of 300 pictures in view.").first.wait_for()
    page.get_by_role("button", name="List").click()
    page.get_by_text("IMG_").first.wait_for()
    assert page.locator(".atlas-rows button").count() == 24
    assert faults(page) == []
    page.locator(".atlas-rows button").first.click()
    page.locator(".atlas-panel h2", has_text="IMG_").wait_for()
    assert faults(page) == []


def test_a_readonly_server_has_a_map_to_look_at_only(mapped):
    page = mapped(made(30), info={"readonly": True})
    page.wait_for_selector(".atlas-map")
    assert page.get_by_role("button", name="Lasso").count() == 0
    page.locator(".atlas-map").focus()
    page.keyboard.press("l")
    assert not page.locator(".atlas-bar").is_visible()
    page.keyboard.press("Enter")
    page.locator(".atlas-panel h2", has_text="IMG_").wait_for()
    assert page.get_by_label("Add a label").count() == 0


def test_an_empty_collection_says_what_to_do(mapped):
    nothing = {**made(1, state="missing"), "count": 0}
    nothing |= {key: [] for key in ("ids", "x", "y", "label", "names")}
    page = mapped(nothing, info={"images": 0})
    page.get_by_role("button", name="Add pictures").wait_for()


def test_ten_thousand_pictures_are_drawn_fast(mapped):
    page = mapped(made(10_000, labels=40))
    page.wait_for_selector(".atlas-map")
    settled(page)
    took = page.evaluate(
        f"""() => {{
            const m = {MAP};
            const all = [];
            for (let k = 0; k < 20; k += 1) {{
                m.camera.set({{ x: 0.5 + k / 500, y: 0.5, scale: m.camera.scale }});
                m.draw();
                all.push(m.took);
            }}
            return all.sort((a, b) => a - b)[10];
        }}"""
    )
    assert took < 100  # 33 on a quiet computer; the tests run on crowded ones


def test_pictures_on_one_spot_are_parted_and_room_is_what_it_says(visit, server):
    page = visit(server, "#/search")
    x, y, room = page.evaluate(
        """async () => {
            const { rooms, separate } = await import('./views/atlas/packing.js');
            const x = new Float32Array(400), y = new Float32Array(400);
            for (let i = 0; i < 400; i += 1) {
                x[i] = i < 150 ? 0.25 : (i * 0.618) % 1;
                y[i] = i < 150 ? 0.75 : (i * 0.414) % 1;
            }
            separate(x, y, 0.01);
            return [[...x], [...y], [...rooms(x, y, { least: 0.01 })]];
        }"""
    )
    x, y, room = map(np.array, (x, y, room))
    far = np.maximum(np.abs(x[:, None] - x), np.abs(y[:, None] - y))
    np.fill_diagonal(far, np.inf)
    assert far.min() > 0.0099
    for side in (0.5, 0.2, 0.1, 0.05, 0.02):
        shown = np.flatnonzero(room >= side)
        assert len(shown) > 1
        assert far[np.ix_(shown, shown)].min() > side - 1e-5
        hidden = np.flatnonzero(
            room < side
        )  # Each is too near to one that is shown, within a step.
        assert (far[np.ix_(hidden, shown)].min(axis=1) < 2 * side).all()


def test_labels_keep_their_colors_which_are_those_of_the_command_line(visit, server):
    page = visit(server, "#/search")
    names = [*(f"name {number}" for number in range(10)), "église", "美術館", "🗿", "a", "b", "c"]
    found = page.evaluate(
        """async (names) => {
            const { Colors } = await import('./views/atlas/colors.js');
            const state = {};
            const colors = new Colors(state);
            colors.assign(names);
            const again = new Colors(state);
            again.assign(['another', ...names]);
            const of = (all, dark) => names.map((name) => all.of(name, dark));
            return [of(colors, false), of(colors, true), of(again, false)];
        }""",
        names,
    )
    light, dark = (
        [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in label_colors(names, dark=dark).tolist()]
        for dark in (False, True)
    )
    assert found == [light, dark, light]
    assert len(set(light)) == len(set(dark)) == len(names)
