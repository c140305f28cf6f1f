"""Pages of one browser, used again from test to test."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from oracles.browser import chromium, listen, until

__all__ = ["Pages", "holding", "toasted"]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
FORGET = "() => { try { localStorage.clear(); sessionStorage.clear(); } catch {} }"
TOASTS = """addEventListener("DOMContentLoaded", () => {
    window.toasted = [];
    const place = document.getElementById("toasts");
    if (place) new MutationObserver(
        (changes) => changes.forEach(({addedNodes}) => toasted.push(...[...addedNodes].map(
            (one) => one.textContent)))).observe(place, {childList: true});
});"""


class Pages:
    """One browser with its pages, for all tests of this folder that run one after the other.

    Nothing moves on its own (prefers-reduced-motion), so that pages rest sooner and cost less.
    """

    def __init__(self) -> None:
        self.open = ExitStack()
        self.browser: Any = None
        self.free: dict[tuple[bool, bool], list[Any]] = {}
        self.used: list[Any] = []

    def take(self, *, dark: bool, phone: bool) -> Any:
        """A page that knows nothing of earlier tests; a new one costs twice as much."""
        free = self.free.setdefault((dark, phone), [])
        page = free.pop() if free else self.fresh(dark=dark, phone=phone)
        page.said, page.asked, page.forgiven = [], [], []
        self.used.append(page)
        return page

    def fresh(self, *, dark: bool = False, phone: bool = False) -> Any:
        """A page that is not to be used again."""
        if self.browser is None:
            self.browser = self.open.enter_context(chromium())
        scheme = "dark" if dark else "light"
        context = self.browser.new_context(
            color_scheme=scheme, reduced_motion="reduce", **(PHONE if phone else DESK)
        )
        context.add_init_script(TOASTS)
        page = context.new_page()
        listen(page)
        page.forgiven = []
        return page

    def leave(self) -> None:
        """Let all pages in use leave their server."""
        for page in self.used:
            page.goto("about:blank")

    def give_back(self, page: Any, *, dark: bool, phone: bool) -> None:
        self.used.remove(page)
        page.evaluate(FORGET)
        page.goto("about:blank")  # before its routes end: nothing made up reaches the server
        page.unroute_all(behavior="ignoreErrors")
        page.context.clear_cookies()
        page.emulate_media(reduced_motion="reduce")
        page.set_viewport_size((PHONE if phone else DESK)["viewport"])
        self.free[dark, phone].append(page)

    def close(self) -> None:
        self.open.close()
        self.__init__()


def holding(held: list[Any], pattern: str) -> Callable[[Any], None]:
    """For ``before`` of a visit: what a page asks is kept in a list, to be answered later."""

    def take(route: Any) -> None:
        held.append(route)

    return lambda page: page.route(pattern, take)


def toasted(page: Any, text: str) -> None:
    """Wait until a page said something for a moment, which may be over."""
    until(page, f"toasted.some((one) => one.includes({json.dumps(text)}))")
