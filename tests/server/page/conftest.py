"""The page in a real browser, before a real server. RELOOK_AXE names a file axe.min.js."""

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
from oracles.browser import PATIENCE
from relook.server.app import create_app
from relook.server.running import make_server
from relook.server.settings import ServerSettings
from server.page.pages import Pages

PAGES = Pages()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Tests elsewhere may run a loop of asyncio; Playwright's would be in its way."""
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        PAGES.close()


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
        PAGES.leave()  # before the server goes: a page that asks it again would complain


@pytest.fixture
def visit() -> Iterator[Callable[..., Any]]:
    """Open pages: ``visit(address, "#/search", dark=True, phone=True)``.

    ``before(page)`` may prepare it; with ``calm=False`` it moves. At the end of the test, no page
    may have said anything on its console but lines with a part that stands in its ``forgiven``,
    nor have asked another origin.
    """
    visited = []

    def go(
        address: str,
        fragment: str = "",
        *,
        dark: bool = False,
        phone: bool = False,
        calm: bool = True,
        before: Callable[[Any], None] = lambda page: None,
    ) -> Any:
        page = PAGES.take(dark=dark, phone=phone)
        visited.append((page, address, {"dark": dark, "phone": phone}))
        if not calm:
            page.emulate_media(reduced_motion="no-preference")
        before(page)
        page.goto(f"{address}/{fragment}")
        return page

    yield go
    for page, address, kind in visited:
        said, asked, forgiven = page.said, page.asked, page.forgiven
        PAGES.give_back(page, **kind)
        assert [line for line in said if not any(part in line for part in forgiven)] == []
        own = (f"{address}/", f"blob:{address}/", "data:")
        foreign = [url for url in asked if not url.startswith(own) and url != "about:blank"]
        assert foreign == []


@pytest.fixture
def modules(visit: Callable[..., Any], server: str) -> Any:
    """A bare document of the server, for tests of a module by itself: it imports "/views/…"."""
    return visit(server, "theme.js")


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
        # Not add_script_tag: the policy of the page forbids that, rightly.
        page.evaluate(f"if (!window.axe) {{ {axe} }}")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{fault['id']}: {node['html'][:160]}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    return check
