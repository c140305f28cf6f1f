"""Take the pictures of the page that README and docs show; all that is on them is drawn by code.

    python tools/picture_page.py docs/pictures [--work FOLDER] [--chromium FILE]

Renders a museum whose photos say when and where they were taken, indexes and labels it, draws its
map, serves it, and photographs page-search, -why, -recognize, -atlas, -place and -collection.png
in a headless browser. Takes a minute or two; needs playwright and the extras server and mapping.
"""

from __future__ import annotations

import argparse
import io
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from playwright.sync_api import Page, sync_playwright

import relook
from relook.datasets.museum import Exhibition, MuseumFiles, write_museum
from relook.mapping.atlas import make_atlas
from relook.server.app import create_app
from relook.server.running import make_server
from relook.server.settings import ServerSettings

EXHIBITION = Exhibition(paintings=60, views=4, queries=60, unknown=4, empty=6)
CITIES = ((50.0904, 14.4005), (48.2038, 16.3610), (52.5076, 13.3675), (45.4342, 12.3385))
QUERIES = ("pair-12", "turned-04", "crowded-03", "oblique-07", "unknown-04")
MOST_BYTES = 350_000
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
BOX = ((0.55, 0.17), (0.985, 0.78))  # Of the second painting on a photo of two.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


def place_of(number: int, random: np.random.Generator) -> tuple[float, float]:
    """Paintings that hang side by side are in one museum; their photos are taken near them."""
    painting = number // EXHIBITION.views
    latitude, longitude = CITIES[painting * len(CITIES) // EXHIBITION.paintings]
    step = random.normal(0, 0.00015, 2)
    return latitude + step[0], longitude + step[1]


def tag(path: Path, number: int, random: np.random.Generator) -> None:
    """Write day and place into a photo, as a camera would."""
    exif = Image.Exif()
    month, day = random.integers(1, 13), random.integers(1, 29)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = (
        f"2024:{month:02}:{day:02} 11:30:00"
    )
    if "empty" not in path.name:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        for value, name, sign in zip(
            place_of(number, random), ("Latitude", "Longitude"), "NE", strict=True
        ):
            gps[ExifTags.GPS[f"GPS{name}Ref"]] = sign
            gps[ExifTags.GPS[f"GPS{name}"]] = (float(int(value)), 60 * (value % 1), 0.0)
    with Image.open(path) as image:
        image.save(path, quality=92, exif=exif)


def make_collection(folder: Path) -> MuseumFiles:
    """``photos``, ``queries`` and ``museum``, a collection with labels and a map."""
    files = write_museum(folder, exhibition=EXHIBITION)
    random = np.random.default_rng(1)
    for number, path in enumerate(files.photos):
        tag(path, number, random)
    with relook.create(folder / "museum") as collection:
        collection.add([folder / "photos"], jobs=2)
        painted = [path for path in files.photos if "empty" not in path.name]
        titles = [path.stem.rpartition("-")[0].replace("-", " ") for path in painted]
        named = zip(collection.ids_of(painted), titles, strict=True)
        collection.apply_labels({one: [title.capitalize()] for one, title in named})
        make_atlas(collection)
    return files


@contextmanager
def served(directory: Path) -> Iterator[str]:
    ready = threading.Event()
    with relook.open(directory) as collection, socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(collection, settings=ServerSettings(workers=1, rate=1e6, burst=1_000_000))
        server = make_server(app, ready=ready.set)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        ready.wait(60)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(60)


def bring(page: Page, file: Path) -> None:
    page.wait_for_selector(".invitation, .guide-start")
    page.locator("input[type=file]").first.set_input_files(file)


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.mouse.move(640, 2)
    page.wait_for_timeout(900)


def search(page: Page, query: Path) -> None:
    bring(page, query)
    page.wait_for_selector(".results-wall .tile")
    settle(page)
    box = page.locator(".boxes").bounding_box()
    if box is None:
        raise RuntimeError("the query picture is not shown")
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in BOX]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=4)
    with page.expect_response("**/api/v1/search"):
        page.mouse.up()
    settle(page)


def why(page: Page, query: Path) -> None:
    bring(page, query)
    page.locator(".results-wall .tile-open").first.click()
    page.get_by_role("button", name="Why this result?").last.click()
    page.wait_for_selector(".why-lines .line", state="attached")
    settle(page)


def recognize(page: Page, query: Path) -> None:
    bring(page, query)
    page.wait_for_selector(".answer")
    settle(page)


def atlas(page: Page, _: Path) -> None:
    page.wait_for_selector(".atlas-map")
    settle(page)


def place(page: Page, query: Path) -> None:
    bring(page, query)
    page.wait_for_selector(".place-estimate")
    settle(page)


def collection(page: Page, _: Path) -> None:
    page.wait_for_selector(".pick img")
    settle(page)


def small(image: Image.Image) -> bytes:
    """A PNG of a palette, with as many colors as fit."""
    for colors in (256, 192, 128, 96, 64, 48, 32):
        file = io.BytesIO()
        dither = Image.Dither.NONE
        image.quantize(colors, method=Image.Quantize.MEDIANCUT, dither=dither).save(
            file, "PNG", optimize=True
        )
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def beside(shots: list[Image.Image], gap: int = 20) -> Image.Image:
    whole = Image.new(
        "RGB", (sum(one.width + gap for one in shots) - gap, shots[0].height), "white"
    )
    left = 0
    for one in shots:
        whole.paste(one, (left, 0))
        left += one.width + gap
    return whole


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("out", type=Path)
    words.add_argument("--work", type=Path, help="keeps what was rendered, for another run")
    words.add_argument("--chromium", default=shutil.which("chromium"))
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.work or Path(temporary)
        if not (folder / "museum").exists():
            make_collection(folder)
        with served(folder / "museum") as address, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=asked.chromium, args=list(FLAGS))

            def shoot(
                view: str, act: Callable[[Page, Path], None], query: Path, **how: Any
            ) -> Image.Image:
                page = browser.new_context(**(how or DESK)).new_page()
                page.goto(f"{address}#/{view}")
                act(page, query)
                shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
                page.context.close()
                return shot

            asked_with = [folder / "queries" / f"{name}.jpg" for name in QUERIES]
            two, turned, crowded, oblique, unknown = asked_with
            phone = {**PHONE, "color_scheme": "dark", "device_scale_factor": 1.5}
            phones = [shoot("recognize", recognize, one, **phone) for one in (crowded, unknown)]
            shots = {
                "search": shoot("search", search, two),
                "why": shoot("search", why, turned),
                "recognize": beside(phones),
                "atlas": shoot("atlas", atlas, two),
                "place": shoot("place", place, oblique),
                "collection": shoot("collection", collection, two),
            }
            browser.close()
    for name, shot in shots.items():
        (asked.out / f"page-{name}.png").write_bytes(small(shot))


if __name__ == "__main__":
    main()
