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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for the tests of one module; two of them cannot live at once in one thread."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium; RELOOK_CHROMIUM may name one")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


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


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open pages: ``visit(address, "#/search", dark=True, phone=True)``.

    At the end of the test, no page may have said anything on its console, nor have asked another
    origin. A page's ``said`` may be cleared by a test that provokes something.
    """
    pages = []

    def go(address: str, fragment: str = "", *, dark: bool = False, phone: bool = False) -> Any:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport=size, color_scheme=scheme, has_touch=phone, is_mobile=phone
        )
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(f"{address}/{fragment}")
        pages.append((page, address))
        return page

    yield go
    for page, address in pages:
        page.context.close()
        assert page.said == []
        own = (f"{address}/", f"blob:{address}/", "data:")
        assert [url for url in page.asked if not url.startswith(own)] == []


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
