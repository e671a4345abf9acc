"""Definitions released while the product runs, beside the files it was shipped with.

A release is one text of one definition with the day from which it applies. It is never
changed or deleted: subjects are pinned to its digest for ever. It begins on a day after that
of its release, so what applies on a day never changes during that day.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, String, Text, UniqueConstraint, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from engine import clock
from engine.db import Base, Instant
from engine.definition import Definition, parse
from engine.errors import DefinitionError

log = logging.getLogger("binhxet.releases")

FRESH = timedelta(minutes=1)
"""How long a reading is believed: a release that was committed as its day began is seen then."""


class DefinitionRelease(Base):
    """One released text. ``author_id`` made it, ``released_by`` released it, on ``basis``."""

    __tablename__ = "definition_releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[date]
    basis: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int]
    released_by: Mapped[int]
    released_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("digest"),
        UniqueConstraint("definition_id", "effective_from"),
    )


@dataclass(frozen=True, slots=True)
class Release:
    """A released definition, ready to run. ``fault`` is what a check that came after it finds
    wrong: what is under way under it goes on, and nothing new is brought under it."""

    definition: Definition
    effective_from: date
    fault: DefinitionError | None = None


class Shelf(Protocol):
    """Where releases are found."""

    def known(self) -> Sequence[Release]:
        """All there are, as of a moment ago, the oldest first."""

    def again(self) -> Sequence[Release]:
        """All there are now."""


class Bare:
    """The shelf of a product that has only its files."""

    def known(self) -> Sequence[Release]:
        return ()

    def again(self) -> Sequence[Release]:
        return ()


Prove = Callable[[Definition], None]
Judged = tuple[Definition, DefinitionError | None]


@dataclass
class DatabaseShelf:
    """The releases in a database. Each text is parsed and proved once in a process: one that
    the code can no longer read raises ``DefinitionError``, like a file would; one that it calls
    unsound, as a check that asks more may after an upgrade, is kept with its fault, and told."""

    engine: Engine
    prove: Prove
    _read_at: datetime | None = None
    _releases: tuple[Release, ...] = ()
    _judged: dict[str, Judged] = field(default_factory=dict)

    def known(self) -> Sequence[Release]:
        now = clock.now()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < FRESH:
            return self.again()
        return self._releases

    def again(self) -> Sequence[Release]:
        self._read_at = clock.now()
        if not _exists(self.engine):
            return ()
        with self.engine.connect() as connection:
            if not inspect(connection).has_table(DefinitionRelease.__tablename__):
                return ()
            rows = connection.execute(
                select(DefinitionRelease.__table__).order_by(DefinitionRelease.id)
            ).all()
        self._releases = tuple(
            Release(definition, row.effective_from, fault)
            for row in rows
            for definition, fault in (self._judge(row.digest, row.text),)
        )
        return self._releases

    def _judge(self, digest: str, text: str) -> Judged:
        if digest not in self._judged:
            definition = parse(text.encode(), f"release {digest[:12]}")
            self._judged[digest] = definition, self._fault(definition)
        return self._judged[digest]

    def _fault(self, definition: Definition) -> DefinitionError | None:
        try:
            self.prove(definition)
        except DefinitionError as error:
            log.warning("%s is unsound, and takes nothing new: %s", definition.id, error)
            return error
        return None


def _exists(engine: Engine) -> bool:
    """Whether there is a database: connecting to SQLite would create it."""
    name = engine.url.database
    return engine.dialect.name != "sqlite" or bool(name and Path(name).exists())
