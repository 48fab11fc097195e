"""A real browser (Debian's Chromium) before a real server (waitress, in a thread), over data folders built through the steps."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import waitress
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from waitress import wasyncore

from audit.content import Content
from audit.schedule import Jobs
from audit.steps import accounts
from audit.steps._open import open_store
from audit.steps.accounts import Role
from audit.steps.apply import apply
from audit.steps.init import init
from audit.web.app import create_app
from tests.web.conftest import NOW, PASSWORD, ROOT, build_data

CHROMIUM = "/usr/bin/chromium"
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}
LONG = 120_000
"""Milliseconds that a job may take on a machine with other work."""


@dataclass(frozen=True, slots=True)
class Served:
    """A site that answers: its address, and its jobs."""

    url: str
    jobs: Jobs


@contextmanager
def serving(folder: Path, drop_folder: Path | None = None) -> Iterator[Served]:
    """Serve a data folder on a free port of this machine, with its jobs, until the block ends."""
    store = open_store(folder)
    jobs = Jobs(store, dropped=drop_folder)
    app = create_app(store, Content(), secure=False, jobs=jobs)
    sockets: dict = {}
    server = waitress.create_server(
        app, map=sockets, host="127.0.0.1", port=0, threads=4, ident=None, clear_untrusted_proxy_headers=True
    )
    thread = threading.Thread(target=server.run, name="the site")
    jobs.start()
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.effective_port}", jobs)
    finally:
        # In the server's own thread: with no socket left its loop ends.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets))
        thread.join(20)
        server.task_dispatcher.shutdown()
        jobs.stop()
        store.close()


# Until the last test of a file, not of the run: while it is there, Playwright keeps an event loop running in this thread, and nothing else can run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*root, "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Served]:
    """A site over the demo's message database, judged and kept."""
    folder = tmp_path_factory.mktemp("site") / "data"
    build_data(folder)
    with serving(folder) as served:
        yield served


@pytest.fixture
def fresh(tmp_path) -> Iterator[Served]:
    """A site with the example programme, an operator, and no evidence yet."""
    folder = tmp_path / "data"
    init(folder, "Yunhe Messaging")
    store = open_store(folder)
    apply(store, ROOT / "policies/example", now=NOW, by="tests")
    accounts.add(store, "operator", Role.OPERATOR, PASSWORD, NOW)
    store.close()
    with serving(folder, tmp_path / "drop") as served:
        yield served


class Visitor:
    """A page of the browser that notes everything that went wrong in it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.page: Page = context.new_page()
        self.wrong: list[str] = []
        self.page.on(
            "console",
            lambda said: self.wrong.append(f"console {said.type}: {said.text}") if said.type in ("error", "warning") else None,
        )
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on(
            "response", lambda answer: self.wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
        )
        self.page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((url, "data:", "blob:")) else self.wrong.append(f"fetched from elsewhere: {asked.url}")
            ),
        )

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def log_in(self, name: str) -> None:
        self.go("/login")
        self.page.locator("#name").fill(name)
        self.page.locator("#password").fill(PASSWORD)
        self.follow(self.page.locator("button.main"))
        expect(self.page).to_have_url(self.url + "/")

    def follow(self, target: Locator) -> None:
        """Click something that leads to a page, and wait until that page is loaded: what is read next is never the page before it."""
        with self.page.expect_event("load"):
            target.click()

    def choose(self, target: Locator, value: str) -> None:
        """Choose in a list that applies by itself, and wait until the page it leads to is loaded."""
        with self.page.expect_event("load"):
            target.select_option(value)

    def run_done(self, done: str) -> None:
        """On the page of jobs: wait until it shows, by itself, that nothing is under way, and that the newest run ended well (`done`)."""
        expect(self.page.locator("[data-live]")).to_have_count(1)
        expect(self.page.locator("[data-running]")).to_have_count(0, timeout=LONG)
        expect(self.page.locator("#list-jobs tbody tr").first).to_contain_text(done)

    def check(self) -> None:
        """Assert that the page has no script error, breaks no rule of accessibility, and never scrolls sideways as a whole."""
        where = self.page.url
        assert self.wrong == [], (where, self.wrong)
        wide, seen = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= seen, f"{where} is {wide} pixels wide in a window of {seen}"
        found = Axe().run(self.page).response["violations"]
        told = [(one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
        assert told == [], (where, told)


@pytest.fixture(scope="module")
def logged_in(browser, site) -> dict:
    """Cookies of one login, shared by all visits of this worker."""
    context = browser.new_context()
    visitor = Visitor(context, site.url)
    visitor.log_in("operator")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(browser, site, logged_in):
    """Return a function that opens a window of a size, language and theme, logged in as an operator."""
    opened = []

    def window(language: str = "en", theme: str = "light", size: str = "desktop") -> Visitor:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale={"en": "en-GB", "zh": "zh-CN"}[language], color_scheme=theme,
            storage_state=logged_in, timezone_id="Asia/Shanghai",
        )  # fmt: skip
        context.set_default_timeout(30_000)
        opened.append(context)
        return Visitor(context, site.url)

    yield window
    for context in opened:
        context.close()
