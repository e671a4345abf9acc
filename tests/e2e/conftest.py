"""The site served for a real browser, at a moment the test chooses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.test import Client

from engine import clock, outbox
from tests.databases import Databases
from tests.serving import serving
from tests.web import world
from tests.web.conftest import hand_out, make_key_folder, make_site, post
from web.extensions import bureau, db

BROWSERS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
"""Debian's, built without windows and with them: a page without one around it takes less than
two thirds of the work."""

CHROMIUM = os.environ.get("CHROMIUM") or next((str(one) for one in BROWSERS if one.exists()), "")
PIN = "246810"

# A page that comes late because the machine is busy is not a page that is wrong.
expect.set_options(timeout=20_000)


@dataclass
class Served:
    """The running site. ``at`` sets its clock; ``work`` does what the worker would."""

    app: Flask
    address: str
    instant: datetime

    def at(self, day: str, hour: str = "09:00") -> None:
        self.instant = clock.vietnam(date.fromisoformat(day), time.fromisoformat(hour))

    def do(self, work: Callable[[Session], Any]) -> Any:
        with clock.fixed_at(self.instant), self.app.app_context():
            return work(db.session())

    def work(self) -> None:
        self.do(lambda session: outbox.deliver_all(session, bureau().desk.handlers))

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        with clock.fixed_at(self.instant):
            return self.app(environ, start_response)


@pytest.fixture(scope="session")
def key_folder(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys for the chairs and the seals, made once."""
    return make_key_folder(databases, tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def served_kind() -> str:
    """What a page looks like no database has a part in; the main flow asks for both."""
    return "postgresql"


@pytest.fixture(scope="module")
def served(
    served_kind: str,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    key_folder: Path,
) -> Iterator[Served]:
    """The small district with keys for its chairs and seals, served on a free port."""
    url = databases.copy(served_kind, world.build)
    folder: Path = tmp_path_factory.mktemp("site")
    app = make_site(url, folder)
    site = Served(app, "", clock.vietnam(date(2026, 9, 8), time(8)))
    server = make_server("127.0.0.1", 0, site, threaded=True)
    hand_out(key_folder, app)
    with serving(server) as port:
        site.address = f"http://127.0.0.1:{port}"
        yield site
    with app.app_context():
        db.engine.dispose()
    databases.drop(url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's own Chromium."""
    if not CHROMIUM:
        pytest.fail("no browser: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def session_of(served: Served, username: str) -> tuple[str, str]:
    """The cookie that a person's sign-in gives: its name and its value."""
    client = Client(served)
    assert post(client, "/sign-in", username=username, password=world.PASSWORD).status_code == 303
    kept = client.get_cookie("binhxet")
    assert kept
    return kept.key, kept.value


def let_in(page: Page, served: Served, username: str) -> None:
    """Hands the browser a person's session without the two pages that signing in takes: forms
    are signed in through where they are what is tried."""
    name, value = session_of(served, username)
    page.context.add_cookies([{"name": name, "value": value, "url": served.address}])


def sign_in(page: Page, served: Served, username: str) -> None:
    """Signs in through the form; whoever was signed in before is signed out by it."""
    page.goto(f"{served.address}/sign-in")
    page.fill("#username", username)
    page.fill("#password", world.PASSWORD)
    page.click("form.card-x button")
    page.wait_for_url("**/inbox")
