"""Moving over the atlas: thumbnails that come and go, keys, and how fast it is drawn."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from oracles.browser import until
from server.page.atlas.maps import MAP, camera, made, places, settled


def test_coming_nearer_shows_more_thumbnails_that_never_overlap(mapped):
    page = mapped(made(2000))
    box = page.locator(".atlas-map").bounding_box()
    x, y = page.evaluate(f"{MAP}.camera.toScreen({MAP}.points.x[7], {MAP}.points.y[7])")
    page.mouse.move(box["x"] + x, box["y"] + y)
    shares = []
    for nearer in range(5):
        if nearer:
            most, scale = page.evaluate(f"[{MAP}.camera.most, {MAP}.camera.scale]")
            for _ in range(6):
                page.mouse.wheel(0, -120)
            wanted = min(most, scale * math.exp(6 * 120 * 0.0032))
            until(page, f"Math.abs({MAP}.camera.scale / {wanted} - 1) < 0.01")
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
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares[-1] > 0.8


def test_few_thumbnails_are_asked_for_at_a_time_and_none_that_went_away(mapped):
    page = mapped(made(2000))
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


def test_ten_thousand_pictures_are_drawn_faster_than_as_many_plain_discs(mapped):
    page = mapped(made(10_000, labels=40))
    took, plain = page.evaluate(
        f"""() => {{
            const m = {MAP};
            const spare = document.createElement("canvas");
            Object.assign(spare, {{ width: m.canvas.width, height: m.canvas.height }});
            const context = spare.getContext("2d", {{ willReadFrequently: true }});
            const discs = () => {{
                for (let i = 0; i < 10000; i += 1) {{
                    context.beginPath();
                    context.arc(...m.camera.toScreen(m.points.x[i], m.points.y[i]), 4, 0, 7);
                    context.fill();
                }}
                context.getImageData(0, 0, 1, 1);
            }};
            const time = (act) => {{
                const began = performance.now();
                act();
                return performance.now() - began;
            }};
            const all = Array.from({{ length: 9 }}, (_, k) => {{
                m.camera.set({{ x: 0.5 + k / 500, y: 0.5, scale: m.camera.scale }});
                return [time(() => m.draw()), time(discs)];
            }});
            return [0, 1].map((which) => all.map((one) => one[which]).sort((a, b) => a - b)[4]);
        }}"""
    )
    sys.stdout.write(f"map {took:.1f} ms, discs {plain:.1f} ms\n")
    assert took < plain
