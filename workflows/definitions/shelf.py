"""Which definitions there are, from when, how many live cases each has, and their texts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import tomlkit
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import clock
from engine.definition import Definition
from engine.house import House
from engine.releases import DefinitionRelease
from engine.subjects import Subject
from workflows.lawfiles import law_files
from workflows.people import Person
from workflows.successions import before, successions


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition: ``since`` is the day from which it applies, ``until`` the last one;
    ``release`` and ``by`` are there if it was made here. ``now`` tells that it applies today.
    ``follows`` is the workflow whose place it took, ``followed_by`` the one that took its own.
    ``unsound`` tells that the check finds it wrong now, so nothing new comes under it.
    ``titled_alike`` and ``named_alike`` tell that there is another of its title, of its id."""

    definition: Definition
    since: date
    until: date | None
    live: int
    now: bool
    release: DefinitionRelease | None = None
    by: str = ""
    follows: str | None = None
    followed_by: str | None = None
    titled_alike: bool = False
    named_alike: bool = False
    unsound: bool = False


def entries(session: Session, house: House) -> Sequence[Entry]:
    """Every definition, those of one id together, the newest first."""
    live, releases = _live(session, house), _releases(session)
    starts = [(row.definition_id, row.effective_from) for row, _ in releases.values()]
    titles = Counter(one.meta.title.vi for one in house.runnable)
    named = Counter(one.id for one in house.runnable)
    found = []
    for definition in reversed(house.runnable):
        release, by = releases.get(definition.digest, (None, ""))
        since = release.effective_from if release else definition.meta.effective.since
        now = house.named(definition.id).digest == definition.digest
        until = last_day(definition, since, starts)
        now = now and since <= clock.today() and (until is None or clock.today() <= until)
        found.append(
            Entry(
                definition,
                since,
                until,
                live[definition.digest],
                now,
                release,
                by,
                before(definition.id),
                successions().get(definition.id),
                titles[definition.meta.title.vi] > 1,
                named[definition.id] > 1,
                bool(house.unsound(definition)),
            )
        )
    order = {one.id: place for place, one in enumerate(house.definitions)}
    return sorted(found, key=lambda one: order.get(one.definition.id, len(order)))


def last_day(
    definition: Definition, since: date, starts: Iterable[tuple[str, date]]
) -> date | None:
    """The last day on which a definition that began then applies, if there is one: its own, or
    that before another of its id begins; ``starts`` are the ids and first days of releases."""
    later = [day for name, day in starts if name == definition.id and day > since]
    ends = [date.fromordinal(day.toordinal() - 1) for day in later]
    ends += [day for day in (definition.meta.effective.until,) if day]
    return min(ends, default=None)


def _live(session: Session, house: House) -> Counter[str]:
    """How many subjects are under each digest that have not come to an end."""
    query = select(Subject.definition_digest, Subject.state, func.count())
    found: Counter[str] = Counter()
    for digest, state, many in session.execute(
        query.group_by(Subject.definition_digest, Subject.state)
    ):
        known = house.definition(digest).by_state.get(state)
        if known is None or not known.final:
            found[digest] += many
    return found


def _releases(session: Session) -> dict[str, tuple[DefinitionRelease, str]]:
    query = select(DefinitionRelease, Person.name).outerjoin(
        Person, Person.id == DefinitionRelease.released_by
    )
    rows = session.execute(query.order_by(DefinitionRelease.id))
    return {release.digest: (release, name or "") for release, name in rows}


def text_of(session: Session, definition: Definition) -> str:
    """The text that a definition was read from. One whose file is not the whole of it (parts
    came from others) or is gone is written out."""
    released = session.scalar(
        select(DefinitionRelease.text).where(DefinitionRelease.digest == definition.digest)
    )
    if released is not None:
        return released
    for path in law_files():
        content = path.read_bytes()
        if path.name == definition.source and _digest(content) == definition.digest:
            return content.decode()
    return written_out(definition)


def written_out(definition: Definition) -> str:
    """A text that reads as the definition, with nothing included from elsewhere."""
    values = definition.model_dump(
        mode="python", by_alias=True, exclude_defaults=True, exclude={"source", "digest"}
    )
    for move, value in zip(definition.transitions, values["transitions"], strict=True):
        value["from"] = list(move.sources)
    return tomlkit.dumps(_plain(values))


def _plain(value: Any) -> Any:
    """Lists for tuples: the writer knows those only."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
