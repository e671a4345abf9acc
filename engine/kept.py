"""Triggers by which the database itself keeps rows as they were written, on both databases.

Migrations spell their triggers out: a migration may not change with this code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import DDL, event
from sqlalchemy.schema import ExecutableDDLElement

from engine.db import Base

Statements = Mapping[str, Iterable[str]]
"""Those of each database, by its dialect, in the order they are run."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A table. ``changed`` and ``deleted`` are conditions on ``OLD`` and ``NEW``, as PostgreSQL
    spells them, of what is refused; empty: any. ``keys`` are the columns that name a row, set
    by set: none is put in the place of another, which SQLite does without asking the triggers
    of ``DELETE``, and PostgreSQL does not do at all."""

    table: str
    changed: str = ""
    deleted: str = ""
    keys: tuple[tuple[str, ...], ...] = ()
    once: tuple[tuple[tuple[str, ...], str], ...] = ()
    """Columns that name a row only where a condition on ``NEW`` holds: as ``keys``, of a
    partial index."""
    among: tuple[tuple[tuple[str, ...], str], ...] = ()
    """Columns that name a row only among those there for which a condition holds."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Tables kept for one reason, and the sentence that whoever tries is told. ``emptied``:
    refuses also to empty them at once."""

    name: str
    told: str
    tables: tuple[Kept, ...]
    emptied: bool = True

    def statements(self) -> Statements:
        """What makes the triggers."""
        return {"sqlite": tuple(self._sqlite()), "postgresql": tuple(self._postgresql())}

    def _sqlite(self) -> Iterator[str]:
        for kept in self.tables:
            yield self._refusing(f"{kept.table}_stay_as_written", "UPDATE", kept, kept.changed)
            yield self._refusing(f"{kept.table}_stay", "DELETE", kept, kept.deleted)
            if there := [*_taken(kept)]:
                yield self._refusing(f"{kept.table}_only_grow", "INSERT", kept, either(*there))

    def _refusing(self, name: str, act: str, kept: Kept, when: str) -> str:
        spelled = when.replace("::text", "").replace("IS DISTINCT FROM", "IS NOT")
        condition = f"\n    WHEN {spelled}" if when else ""
        return f"""
    CREATE TRIGGER {name} BEFORE {act} ON {kept.table}{condition}
    BEGIN SELECT RAISE(ABORT, '{self.told}'); END
    """

    def _postgresql(self) -> Iterator[str]:
        yield f"""
    CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '{self.told}';
    END $$
    """
        for kept in self.tables:
            for name, act, when in _acts(kept):
                yield f"""
    CREATE TRIGGER {kept.table}_{name} BEFORE {act} ON {kept.table}
    FOR EACH ROW{when} EXECUTE FUNCTION {self.name}()
    """
            if self.emptied:
                yield f"""
    CREATE TRIGGER {kept.table}_no_truncate BEFORE TRUNCATE ON {kept.table}
    FOR EACH STATEMENT EXECUTE FUNCTION {self.name}()
    """


def altered(*columns: str) -> str:
    """The condition that an update changes one of these columns. One of JSON, which has no
    equality in PostgreSQL, is named ``column::text``."""
    new, old = (", ".join(f"{row}.{name}" for name in columns) for row in ("NEW", "OLD"))
    return f"({new})\n      IS DISTINCT FROM ({old})"


def either(*conditions: str) -> str:
    """The condition that one of these holds."""
    return "\n      OR ".join(conditions)


def _acts(kept: Kept) -> Iterator[tuple[str, str, str]]:
    if not kept.changed and not kept.deleted:
        yield "guard", "UPDATE OR DELETE", ""
        return
    for name, act, when in (
        ("stay_as_written", "UPDATE", kept.changed),
        ("stay", "DELETE", kept.deleted),
    ):
        yield name, act, f"\n    WHEN ({when})" if when else ""


def _taken(kept: Kept) -> Iterator[str]:
    for key in kept.keys:
        yield _there(kept.table, key)
    for key, when in kept.once:
        yield f"({when} AND {_there(kept.table, key)})"
    for key, where in kept.among:
        yield _there(kept.table, key, where)


def _there(table: str, key: tuple[str, ...], where: str = "") -> str:
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    same += f" AND ({where})" if where else ""
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours


def attach(*told: Statements) -> None:
    """Creates these triggers whenever the tables are created from the metadata."""
    for statements in told:
        for dialect, texts in statements.items():
            for text in texts:
                event.listen(Base.metadata, "after_create", _ddl(text, dialect))


def _ddl(statement: str, dialect: str) -> ExecutableDDLElement:
    return DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
