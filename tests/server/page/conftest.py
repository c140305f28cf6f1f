"""The page in a real browser, before a real server. Skips without chromium or playwright.

RELOOK_CHROMIUM names a browser, RELOOK_AXE a file axe.min.js.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import relook
from relook.server.app import create_app
from relook.server.running import make_server
from relook.server.settings import ServerSettings

CHROMIUM = os.environ.get("RELOOK_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip
PATIENCE = 30.0


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
FORGET = "() => { try { localStorage.clear(); sessionStorage.clear(); } catch {} }"


class Browsers:
    """One browser with its pages, for all tests of this folder that run one after the other.

    Playwright allows one of its kind in a thread, so it ends before tests of other folders begin.
    """

    def __init__(self) -> None:
        self.open = ExitStack()
        self.browser: Any = None
        self.free: dict[tuple[bool, bool], list[Any]] = {}
        self.used: list[Any] = []

    def page(self, *, dark: bool, phone: bool) -> Any:
        """A page that knows nothing of earlier tests; a new one costs twice as much."""
        free = self.free.setdefault((dark, phone), [])
        page = free.pop() if free else self.fresh(dark=dark, phone=phone)
        page.said, page.asked = [], []
        self.used.append(page)
        return page

    def leave(self) -> None:
        """Let all pages in use leave their server."""
        for page in self.used:
            page.goto("about:blank")

    def fresh(self, *, dark: bool, phone: bool) -> Any:
        if self.browser is None:
            self.start()
        scheme = "dark" if dark else "light"
        context = self.browser.new_context(color_scheme=scheme, **(PHONE if phone else DESK))
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        return page

    def start(self) -> None:
        api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
        if CHROMIUM is None:
            pytest.skip("no chromium; RELOOK_CHROMIUM may name one")
        play = self.open.enter_context(api.sync_playwright())
        self.browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        self.open.callback(self.browser.close)

    def give_back(self, page: Any, *, dark: bool, phone: bool) -> None:
        self.used.remove(page)
        page.evaluate(FORGET)
        page.goto("about:blank")  # before its routes end: nothing made up reaches the server
        page.unroute_all(behavior="ignoreErrors")
        page.context.clear_cookies()
        page.emulate_media(reduced_motion="null")
        page.set_viewport_size((PHONE if phone else DESK)["viewport"])
        self.free[dark, phone].append(page)

    def close(self) -> None:
        self.open.close()
        self.__init__()


BROWSERS = Browsers()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        BROWSERS.close()


@contextmanager
def served(directory: Path, **settings: Any) -> Iterator[str]:
    """The address of a server over a collection, which runs in a thread of this process."""
    chosen = {"workers": 1, "rate": 1e6, "burst": 1_000_000, **settings}
    ready = threading.Event()
    with relook.open(directory) as collection, socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(collection, settings=ServerSettings(**chosen))
        server = make_server(app, ready=ready.set)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            assert ready.wait(PATIENCE), "the server did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@pytest.fixture(scope="session")
def server(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server for all tests that only ask; its collection is not to be changed."""
    copy = shutil.copytree(museum / "pictures", tmp_path_factory.mktemp("page") / "pictures")
    with served(Path(copy)) as address:
        yield address


@pytest.fixture
def start(directory: Path) -> Iterator[Callable[..., str]]:
    """Start a server over a collection of one's own: ``start(token=…)`` is its address."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(served(directory, **settings))
        BROWSERS.leave()  # before the server goes: a page that asks it again would complain


@pytest.fixture
def visit() -> Iterator[Callable[..., Any]]:
    """Open pages: ``visit(address, "#/search", dark=True, phone=True)``.

    At the end of the test, no page may have said anything on its console, nor have asked another
    origin. A page's ``said`` may be cleared by a test that provokes something.
    """
    visited = []

    def go(address: str, fragment: str = "", *, dark: bool = False, phone: bool = False) -> Any:
        page = BROWSERS.page(dark=dark, phone=phone)
        visited.append((page, address, {"dark": dark, "phone": phone}))
        page.goto(f"{address}/{fragment}")
        return page

    yield go
    for page, address, kind in visited:
        said, asked = page.said, page.asked
        BROWSERS.give_back(page, **kind)
        assert said == []
        own = (f"{address}/", f"blob:{address}/", "data:")
        foreign = [url for url in asked if not url.startswith(own) and url != "about:blank"]
        assert foreign == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    found = importlib.util.find_spec("axe_playwright_python")
    bundled = None if found is None or found.origin is None else Path(found.origin).parent
    named = os.environ.get("RELOOK_AXE")
    file = Path(named) if named else bundled and bundled / "axe.min.js"
    if file is None or not file.is_file():
        pytest.skip("no axe-core; install axe-playwright-python, or RELOOK_AXE may name its file")
    return file.read_text("utf-8")


@pytest.fixture
def faults(axe: str) -> Callable[[Any], list[str]]:
    """What axe-core finds wrong with a page, if it is serious or critical: "rule: where"."""

    def check(page: Any) -> list[str]:
        page.evaluate(axe)  # not add_script_tag: the policy of the page forbids that, rightly
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{fault['id']}: {node['html'][:160]}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    return check
