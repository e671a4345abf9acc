"""What a command works with, opened when it is first asked for and closed at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from web.cli.refusals import No
from web.settings import Problem, Settings, Unsafe, load

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from sqlalchemy.orm import Session

    from engine.jobs import Queue
    from engine.policy import Actor
    from workflows.bureau import Bureau

T = TypeVar("T")


class Office:
    """The installation these settings describe."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.closing: list[Callable[[], None]] = []

    @cached_property
    def engine(self) -> Engine:
        """The database; raises ``Unsafe`` when there is none yet."""
        from sqlalchemy import create_engine

        from engine.db import tune

        url = self.settings.database_url
        if not url:
            raise Unsafe([Problem("setting_missing", "BINHXET_DATABASE_URL")])
        if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
            raise Unsafe([Problem("no_database", "BINHXET_DATABASE_URL", url)])
        engine = tune(create_engine(url))
        self.closing.append(engine.dispose)
        return engine

    @cached_property
    def session(self) -> Session:
        from sqlalchemy.orm import Session

        import workflows.models  # noqa: F401 - relations are resolved by name

        session = Session(self.engine)
        self.closing.append(session.close)
        return session

    @cached_property
    def queue(self) -> Queue:
        from engine.jobs import make_queue

        queue = make_queue(self.settings.queue_url, self.settings.secret)
        self.closing.append(queue.close)
        return queue

    @cached_property
    def bureau(self) -> Bureau:
        """The law, the functions and the desk; raises what forbids a start."""
        from web.keys import equip
        from workflows.bureau import build

        built = build(
            blob_folder=self.settings.blob_folder,
            keys_folder=self.settings.keys_folder,
            specimen=self.settings.specimen,
            wake=self.queue.wake,
        )
        return equip(built, self.settings)

    def person(self, username: str) -> int:
        """The person behind a sign-in name; raises ``No`` (``unknown_user``)."""
        from workflows.people import account_named

        account = account_named(self.session, username)
        if account is None:
            raise No("unknown_user", user=username)
        return account.person_id

    def actor(self, username: str) -> Actor:
        """The same with the offices held today."""
        from engine import clock

        person_id = self.person(username)
        return self.bureau.house.find_actor(self.session, person_id, clock.today())

    def reader(self, username: str, units: Iterable[int]) -> Actor:
        """The same, if this person may read what is at these units: as on the pages."""
        from engine import clock
        from workflows import reading

        actor = self.actor(username)
        reading.require(self.session, actor, units, clock.today())
        return actor

    def readable(self, username: str | None) -> tuple[int, ...] | None:
        """The units whose files this person may read; none for all of them, as without a
        person: whoever runs this command reads the database itself."""
        from engine import clock
        from workflows import reading

        actor = self.actor(username) if username else None
        if actor is None or reading.reads_everything(actor):
            return None
        return reading.units_of(self.session, actor, clock.today())


def settings(**given: object) -> Settings:
    """The settings of this call: ``--var`` over the environment."""
    context = click.get_current_context()
    return load(var=context.meta.get("binhxet.var"), **given)


def open_office() -> Office:
    """The office of this call; the command closes it when it ends."""
    context = click.get_current_context()
    office = Office(settings())
    context.meta["binhxet.closing"] = office.closing
    return office
