"""Places: a picture in, where it was taken out, on a map and as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

import relook
from oracles.browser import expect, frames, until
from server.page.conftest import served

PARIS, TOKYO = (48.8862, 2.3431), (35.6586, 139.7454)


def save(
    pixels: np.ndarray, path: Path, place: tuple[float, float] | None, taken: str = ""
) -> None:
    exif = Image.Exif()
    if taken:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if place is not None:
        tags = exif.get_ifd(ExifTags.IFD.GPSInfo)
        for value, name, positive in zip(place, ("Latitude", "Longitude"), "NE", strict=True):
            whole = int(value)
            tags[ExifTags.GPS[f"GPS{name}Ref"]] = positive
            tags[ExifTags.GPS[f"GPS{name}"]] = (float(whole), 60 * (value - whole), 0.0)
    Image.fromarray(pixels).save(path, quality=95, exif=exif)


@pytest.fixture(scope="module")
def city(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of views of one painting: three from one place, one wrongly tagged, one bare."""
    folder = tmp_path_factory.mktemp("city")
    photos = sorted((museum / "museum" / "photos").iterdir())
    source = next(photo for photo in photos if "empty" not in photo.name)
    with Image.open(source) as image:
        pixels = np.asarray(image.convert("RGB"))
    near = [(PARIS[0] + 0.0002 * step, PARIS[1]) for step in range(3)]
    for step, place in enumerate([*near, TOKYO, None]):
        part = pixels[6 * step :, 4 * step :]
        save(part, folder / f"view-{step}.jpg", place, f"201{step}:05:03 10:12:00")
    with relook.create(folder / "pictures") as collection:
        collection.add(sorted(folder.glob("*.jpg")), jobs=1)
        ids = [picture.id for picture in collection.browse(limit=9)]
        collection.apply_labels({key: ["Sacré-Cœur"] for key in ids[:3]})
    save(pixels[10:, 10:], folder / "query.jpg", None)
    return folder


@pytest.fixture(scope="module")
def place(city: Path) -> Iterator[str]:
    with served(city / "pictures") as address:
        yield address


def ask(page, city: Path) -> None:
    page.wait_for_selector(".guide-start")
    page.locator("input[type=file]").first.set_input_files(city / "query.jpg")
    page.wait_for_selector(".place-estimate")


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)])
def test_a_picture_gets_a_place_with_its_spread_and_tags(visit, place, city, faults, dark, phone):
    page = visit(place, "#/place", dark=dark, phone=phone)
    ask(page, city)
    north, east = map(float, re.findall(r"([\d.]+)°", page.locator(".coordinates").inner_text()))
    assert (north, east) == pytest.approx((PARIS[0] + 0.0002, PARIS[1]), abs=0.0003)
    assert "Give or take" in page.locator(".place-estimate").inner_text()
    assert page.locator(".tag-list").first.inner_text() == "Sacré-Cœur"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []


def test_roles_are_said_in_words_and_a_pin_leads_to_its_picture(visit, place, city):
    page = visit(place, "#/place")
    ask(page, city)
    roles = page.locator(".similar-list .role").all_inner_texts()
    assert sum(role.startswith("Agrees") for role in roles) == 3
    wrong = [role for role in roles if role.startswith("Probably wrongly geotagged")]
    assert len(wrong) == 1
    assert 9_600 < float(re.search(r"([\d,]+) km", wrong[0])[1].replace(",", "")) < 9_800
    assert roles.count("Location unavailable") == 1
    assert "1 picture that shows the same says another place" in page.content()

    page.get_by_role("button", name="Show all places").click()
    page.locator(".pin.disagrees").click()
    until(page, "document.activeElement.textContent.includes('wrongly geotagged')")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.large[open]")


def test_the_map_goes_from_meters_to_the_world_and_back(visit, place, city):
    page = visit(place, "#/place")
    ask(page, city)
    frame = page.locator(".map-frame")
    page.wait_for_selector('[data-level="local"]')
    expect(page.locator(".map-caption")).to_contain_text("plain plot")
    expect(page.locator(".map-credit")).to_be_hidden()
    expect(page.locator(".map-inset")).to_be_visible()  # once the base map is there
    page.get_by_role("button", name="Show all places").click()
    page.wait_for_selector('[data-level="world"]')
    expect(page.locator(".map-credit")).to_have_text("Made with Natural Earth")
    expect(page.locator(".pin")).to_have_count(2)
    expect(page.locator(".pin-count")).to_have_text("3")
    frame.focus()
    page.keyboard.press("0")
    page.wait_for_selector('[data-level="local"]')
    page.evaluate(
        """() => { for (const [key, times] of [["+", 30], ["-", 60]])
            for (let k = 0; k < times; k += 1) document.querySelector(".map-frame").dispatchEvent(
                new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})); }"""
    )
    page.wait_for_selector('[data-level="world"]')


def test_pins_never_cover_each_other(visit, place, city):
    page = visit(place, "#/place")
    ask(page, city)
    for zoom in range(9):
        frames(page)
        boxes = page.locator(".pin").evaluate_all(
            "pins => pins.map(pin => { const b = pin.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })"
        )
        gaps = [np.hypot(a[0] - b[0], a[1] - b[1]) for a in boxes for b in boxes if a is not b]
        assert not gaps or min(gaps) >= 38, zoom
        page.get_by_role("button", name="Zoom out").click()


def test_days_and_places_filter_pictures(visit, place):
    page = visit(place, "#/search")

    def fit(number: int) -> None:
        expect(page.locator(".start-wall .tile")).to_have_count(number)

    fit(5)
    page.locator(".filter summary", has_text="Date").click()
    page.get_by_label("From").fill("2011-05-03")
    fit(4)
    page.get_by_label("Until").fill("2013-05-02")
    fit(2)
    assert "since=2011-05-03&until=2013-05-02" in page.url
    page.get_by_role("button", name="Clear filters").click()
    fit(5)
    page.locator(".filter summary", has_text="Place").click()
    page.get_by_label("Latitude").fill(str(PARIS[0]))
    page.get_by_label("Longitude").fill(str(PARIS[1]))
    page.get_by_label("Within").fill("2")
    page.get_by_role("button", name="Apply").click()
    fit(3)
    assert page.locator(".filter summary", has_text="Within 2 km").count() == 1
    page.locator(".start-wall button").first.click()
    expect(page.locator(".results-wall .tile")).to_have_count(2)  # the place still filters
    page.go_back()
    fit(3)


def test_an_indexed_picture_can_be_asked_about(visit, place):
    page = visit(place, "#/place?id=5")
    page.wait_for_selector(".place-estimate .coordinates")
    shown = page.locator(".place-query").get_attribute("src")
    assert shown.endswith("images/5/thumbnail?size=large")


def test_no_place_is_an_honest_answer(visit, place):
    nothing = {
        "query": {"key": "k", "id": None, "width": 9, "height": 9, "boxes": []},
        "location": None, "similar": [], "suggested": [], "frequent": [], "milliseconds": {},
    }  # fmt: skip

    def prepare(page):
        page.route("**/api/v1/landmark", lambda route: route.fulfill(body=json.dumps(nothing)))

    page = visit(place, "#/place?id=1", before=prepare)
    page.wait_for_selector("text=No location can be estimated")
    assert page.locator(".map").count() == 0


def test_a_collection_without_places_says_so(visit, server, faults):
    page = visit(server, "#/place")
    page.wait_for_selector(".empty")
    assert "says where it was taken" in page.locator(".empty").inner_text()
    assert faults(page) == []


def test_distances_scales_and_coordinates(modules):
    found = modules.evaluate(
        """async () => {
            const earth = await import("/views/landmark/earth.js");
            const paris = {latitude: 48.8566, longitude: 2.3522};
            const tokyo = {latitude: 35.6762, longitude: 139.6503};
            const there = earth.unproject(...earth.project(-70.5, -33.25));
            return [
                earth.distance(paris, tokyo) / 1000, earth.distance(paris, paris),
                ...there, earth.meters(34.4), earth.meters(1234), earth.meters(9712345),
                earth.coordinates({latitude: -33.5, longitude: -70.25}, 2),
                ...[1, 3, 7, 199, 0.05].map(earth.round125),
            ];
        }"""
    )
    assert found[0] == pytest.approx(9712, abs=3)  # great circle on a sphere
    assert found[1] == 0
    assert found[2:4] == pytest.approx([-70.5, -33.25])
    assert found[4:8] == ["34 m", "1.2 km", "9,712 km", "33.50° S, 70.25° W"]
    assert found[8:] == pytest.approx([1, 2, 5, 100, 0.05])
