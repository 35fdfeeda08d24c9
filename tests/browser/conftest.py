"""A real Chromium, and a server that it looks at. Tests here are skipped where there is no Chromium or no Playwright."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from emulator.app import create_app
from emulator.control import Control
from emulator.server import serve_in_thread
from emulator.settings import Settings
from emulator.web.counts import Counts
from emulator.wire.hosts import Hosts
from emulator.wiring import Lasting

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from playwright.sync_api import Browser, Page

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # names below .example are this machine's, and foreign
    "--no-first-run",
    "--no-sandbox",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium of the system's, for which every name below ``.example`` is 127.0.0.1.

    Playwright keeps an event loop running in this thread: it must end before a test of another folder wants its own.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("there is no Chromium: Debian's package is chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, headless=True, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab of a browser that knows nothing yet."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@dataclass
class Served:
    """An emulator behind a port, and what it has been asked: method, path with query, and the status of the answer."""

    url: str
    port: int
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    control: Control | None = None
    pages: dict[str, str] = field(default_factory=dict)
    """Pages of somebody else at this address: path -> HTML."""
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, environ: dict[str, Any], status: str) -> None:
        """Keep a request that was answered."""
        with self._changed:
            path = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
            self.asked.append((environ["REQUEST_METHOD"], path, int(status[:3])))
            self._changed.notify_all()

    def wait_for(self, mark: str, method: str | None = None, seconds: float = 20) -> list[tuple[str, int]]:
        """The requests whose path has a text in it, each as method and status, once there is one."""

        def found() -> list[tuple[str, int]]:
            return [
                (how, status) for how, path, status in self.asked if mark in path and (method is None or how == method)
            ]

        with self._changed:
            assert self._changed.wait_for(found, seconds), f"nothing with {mark} arrived; there was {self.asked}"
            return found()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve an emulator of its own: ``serve("name.example")`` with names that are its own."""
    running = []

    def start(*allowed_hosts: str) -> Served:
        control = Control(Lasting.of(Settings(port=0), coverage=Counts()))
        app = create_app(control, Hosts(allowed_hosts))
        served = Served("", 0, control=control)

        def noted(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] in served.pages:
                start_response("200 OK", [("Content-Type", "text/html")])
                return [served.pages[environ["PATH_INFO"]].encode()]

            def begin(status: str, headers: Any, *more: Any) -> Any:
                served.note(environ, status)
                return start_response(status, headers, *more)

            return app(environ, begin)

        server = serve_in_thread(noted)
        running.append((server, control))
        served.url, served.port = server.url, int(server.url.rpartition(":")[2])
        return served

    yield start
    for server, control in running:
        server.close()
        control.close()
