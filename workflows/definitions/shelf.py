"""Which definitions there are, from when, how many live cases each has, and their texts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition: ``since`` is the day from which it applies, ``until`` the last one;
    ``release`` and ``by`` are there if it was made here. ``now`` tells that it applies today."""

    definition: Definition
    since: date
    until: date | None
    live: int
    now: bool
    release: DefinitionRelease | None = None
    by: str = ""


def entries(session: Session, house: House) -> Sequence[Entry]:
    """Every definition, those of one id together, the newest first."""
    live, releases = _live(session, house), _releases(session)
    found = []
    for definition in reversed(house.runnable):
        release, by = releases.get(definition.digest, (None, ""))
        since = release.effective_from if release else definition.meta.effective.since
        now = house.named(definition.id).digest == definition.digest
        until = _until(definition, since, [row for row, _ in releases.values()])
        now = now and since <= clock.today() and (until is None or clock.today() <= until)
        found.append(Entry(definition, since, until, live[definition.digest], now, release, by))
    order = {one.id: place for place, one in enumerate(house.definitions)}
    return sorted(found, key=lambda one: order.get(one.definition.id, len(order)))


def _until(
    definition: Definition, since: date, releases: Sequence[DefinitionRelease]
) -> date | None:
    later = [
        one.effective_from
        for one in releases
        if one.definition_id == definition.id
        and one.effective_from > since
        and one.digest != definition.digest
    ]
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
