"""Pages through the whole site, beside a plain list of twenty rows from the same database.

Each page is asked for in a world of 234 areas and in one a hundred times as large: it must
ask the database as many questions in the one as in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine import clock
from tests.bench import plain, world
from tests.bench.files import REGIME
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired
from tests.databases import KINDS
from tests.workflows import staging
from tests.workflows.places import Country
from web import create_app
from web.extensions import db
from web.settings import Settings
from workflows import sign_ins

SIZES = (234, 23_400)
ROUNDS = 40
LIMIT = 5.0
FLOOR = "a plain Flask list page"

PAGES = {
    "inbox, commune chair": ("chair", "/inbox"),
    "inbox, commune police": ("police", "/inbox"),
    "inbox, district police": ("district_police", "/inbox"),
    "inbox, district chair": ("district_chair", "/inbox"),
    "inbox, province chair": ("province_chair", "/inbox"),
    "waits on others, district chair": ("district_chair", "/inbox/others"),
    "list, commune chair": ("chair", "/nominations"),
    "list, district police": ("district_police", "/nominations"),
    "list, province chair": ("province_chair", "/nominations"),
    "one file, commune police": ("police", "/nominations/{submitted}"),
    "number registers, district clerk": ("district_clerk", "/registers"),
    "front page, anybody": ("", "/"),
}
"""Who asks for which address; ``{submitted}`` is a nomination that came so far by its moves."""

OF_ALL = {
    "list, province chair": "all there is is put in order and counted for each page",
    "front page, anybody": "it sums over all there is",
}
"""Pages made of everything there is, and why they take longer for more of it: their limit is
that of the report's district, and beyond it the table says why there is none."""


@dataclass(frozen=True, slots=True)
class Site:
    """The product and the plain program over one world."""

    app: Flask
    plain: Flask
    engine: Engine
    world: world.World
    submitted: int

    def browser(self, who: str) -> FlaskClient:
        """A browser in which that official is signed in, or nobody."""
        client = self.app.test_client()
        if not who:
            return client
        with self.app.app_context():
            token = sign_ins.begin(db.session(), self.world.accounts[who], who, "127.0.0.1")
        with client.session_transaction() as kept:
            kept["_user_id"] = token
            kept["_fresh"] = True
        return client


def figures(ground: Ground) -> Iterator[Figure]:
    """Times and numbers of questions, on each database."""
    small, large = (60, 120) if ground.tiny else SIZES
    with clock.fixed_at(world.NOW):
        for kind in KINDS:
            with site(ground, kind, small) as made:
                yield from _times(ground, made, small)
                asked = _questions(made)
            with site(ground, kind, large) as made:
                yield from _times(ground, made, large)
                yield _compared(kind, asked, _questions(made))


@contextmanager
def site(ground: Ground, kind: str, size: int) -> Iterator[Site]:
    """The site over a world of so many areas."""
    with ground.engine(kind) as engine:
        with Session(engine) as session:
            built = world.build(session, staging.house(), size)
            submitted = _driven(session, built)
        url = engine.url.render_as_string(hide_password=False)
        app = create_app(Settings(env="test", database_url=url, var=Path(ground.folder)))
        floor = plain.make(url)
        try:
            yield Site(app, floor, engine, built, submitted)
        finally:
            for each in (app, floor):
                with each.app_context():
                    db.session.remove()
                    db.engine.dispose()


def _driven(session: Session, built: world.World) -> int:
    """A nomination brought to the commune by everybody's own moves."""
    country = Country(
        built.province, built.districts[0], 0, built.commune, 0, tuple(built.free), ()
    )
    start = world.TODAY.replace(day=1)
    stage = staging.Stage(
        session, country, staging.house(), start.year, REGIME, world.CRITERIA, start
    )
    stage.people = built.people
    return stage.to_submitted()


def _times(ground: Ground, made: Site, size: int) -> Iterator[Figure]:
    theirs = plain.browser(made.plain)
    for name, (who, address) in PAGES.items():
        why = OF_ALL.get(name, "") if size > SIZES[0] else ""
        ours, address = made.browser(who), address.format(submitted=made.submitted)
        yield paired(
            f"{name}, {size} areas, {made.engine.dialect.name}",
            _asking(ours, address),
            FLOOR,
            _asking(theirs, "/"),
            rounds=ground.rounds(ROUNDS),
            limit=None if why else LIMIT,
            unlimited=why,
        )


def _asking(client: FlaskClient, address: str) -> Callable[[], None]:
    def ask() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")

    return ask


def _questions(made: Site) -> dict[str, int]:
    """How many statements each page sends to the database."""
    found = {}
    for name, (who, address) in PAGES.items():
        ask = _asking(made.browser(who), address.format(submitted=made.submitted))
        ask()
        with counted(made.app) as statements:
            ask()
        found[name] = len(statements)
    return found


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _compared(kind: str, small: dict[str, int], large: dict[str, int]) -> Figure:
    """How many pages ask the database more often where there are more areas: none may."""
    grown = sum(large[name] > small[name] for name in PAGES)
    return Figure(f"pages of {len(PAGES)} that ask {kind} more for more areas", grown, "", limit=0)
