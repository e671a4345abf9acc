"""The site over a small district, on either database, at a moment that tests choose."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from engine import clock
from engine.commands import Outcome, perform
from engine.house import House
from engine.move import Command
from engine.store import BlobStore
from tests import databases as dbs
from tests import sharing
from tests.databases import Databases
from tests.web import world
from web import application, create_app
from web.extensions import bureau, db
from web.settings import Settings
from workflows.bureau import TEMPLATES, Bureau
from workflows.bureau import build as real_build
from workflows.demo.keys import make_keys
from workflows.keys import Keyring
from workflows.nominations import open_nomination
from workflows.papers import PaperDesk

TODAY = date(2026, 3, 2)
KEYS_SINCE = date(2025, 1, 1)


@dataclass
class Site:
    """The application with what tests do to it."""

    app: Flask

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def signed_in(self, username: str) -> FlaskClient:
        """A browser in which that person has signed in, through the form."""
        client = self.client()
        answer = post(client, "/sign-in", username=username, password=world.PASSWORD)
        assert answer.status_code == 303, answer.text
        return client

    def do(self, work: Callable[[Session], Any]) -> Any:
        """Something done beside the pages, in a session of its own."""
        with self.app.app_context():
            return work(db.session())

    def open(self, code: str = "16144-01", by: str = "hamlet") -> int:
        """A nomination of this year, just opened."""

        def work(session: Session) -> int:
            area, person = world.unit_id(session, code), world.person_id(session, by)
            house = bureau().house
            return open_nomination(session, house, person, area, world.YEAR).subject_id

        return int(self.do(work))

    def move(self, subject: int, by: str, action: str, **data: Any) -> Outcome:
        """A move made beside the pages."""

        def work(session: Session) -> Outcome:
            person = world.person_id(session, by)
            return perform(session, bureau().house, Command(person, subject, action, None, data))

        outcome: Outcome = self.do(work)
        return outcome


REGISTRATION = {
    "registered_on": "2026-02-01",
    "households_registered": "20",
    "resolution_number": "03-NQ/CB",
    "resolution_on": "2026-01-15",
}


_tokens: WeakKeyDictionary[FlaskClient, str] = WeakKeyDictionary()


def token_of(client: FlaskClient, page: str = "/sign-in") -> str:
    """The token that forms of this browser carry."""
    text = client.get(page).text
    start = text.index('name="csrf_token" value="') + len('name="csrf_token" value="')
    return text[start : text.index('"', start)]


def post(client: FlaskClient, address: str, page: str = "/sign-in", **data: Any) -> TestResponse:
    """Sends a form as a browser would, with its token, which serves until the cookie changes."""
    if client not in _tokens:
        _tokens[client] = token_of(client, page)
    answer = client.post(address, data={"csrf_token": _tokens[client], **data})
    if "Set-Cookie" in answer.headers:
        del _tokens[client]
    return answer


@pytest.fixture(autouse=True)
def files_opened_here(monkeypatch: pytest.MonkeyPatch) -> None:
    sharing.open_here(monkeypatch)


@pytest.fixture(autouse=True)
def fixed_clock() -> Iterator[None]:
    """A working morning in March."""
    with clock.fixed_at(clock.vietnam(TODAY, time(9, 0))):
        yield


def at(days: int) -> Any:
    """The same hour, so many days later."""
    return clock.fixed_at(clock.vietnam(TODAY + timedelta(days=days), time(9, 0)))


@cache
def _house() -> House:
    """The law, read and proved once for all tests of this process."""
    nowhere = Path("/nonexistent")
    return real_build(blob_folder=nowhere, keys_folder=nowhere, specimen=True).house


def _bureau(*, blob_folder: Path, keys_folder: Path, specimen: bool, wake: Any) -> Bureau:
    house = replace(_house(), wake=wake)
    store = BlobStore(blob_folder)
    return Bureau(house, store, PaperDesk(house, store, Keyring(keys_folder), TEMPLATES))


def make_site(url: str, folder: Path, **chosen: Any) -> Flask:
    """The application over a database, its files in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "build_bureau", _bureau)
        app = create_app(Settings(env="test", database_url=url, var=folder, **chosen))
    sharing.share_templates(app.jinja_env)
    return app


@pytest.fixture
def district_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """A database of the small district."""
    url = databases.copy(database_kind, world.build)
    yield url
    databases.drop(url)


@pytest.fixture
def site(district_url: str, tmp_path: Path) -> Iterator[Site]:
    """The site over the small district."""
    app = make_site(district_url, tmp_path)
    yield Site(app)
    for thread in threading.enumerate():
        if thread.name.startswith("ceremony"):
            thread.join(60)  # what goes on beside a page still holds a connection
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def key_folder(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys for the chairs and the seals of the small district, made once: it takes long."""
    return make_key_folder(databases, tmp_path_factory.mktemp("keys"))


def make_key_folder(databases: Databases, folder: Path) -> Path:
    """Writes the keys into a folder."""
    url = databases.copy("sqlite", world.build)
    with dbs.opened(url) as engine, Session(engine) as session:
        make_keys(session, Keyring(folder), KEYS_SINCE, lambda *_: None, "ec")
    databases.drop(url)
    return folder


@pytest.fixture
def keyed(site: Site, key_folder: Path) -> Site:
    """The site with keys for its chairs and its seals."""
    hand_out(key_folder, site.app)
    return site


def hand_out(keys: Path, app: Flask) -> None:
    """Gives the site the keys; the district is the same, so they fit."""
    shutil.copytree(keys, app.extensions["settings"].keys_folder)
