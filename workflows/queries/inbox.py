"""What waits on whom: on me, and on the others in my units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from engine.history import Event
from engine.papers.book import Paper
from engine.policy import Actor
from engine.subjects import Subject, SubjectScope, Waiting
from workflows.actors import LEVELS
from workflows.names import words_of
from workflows.nominations import Nomination
from workflows.queries.briefs import Brief, briefs
from workflows.queries.holders import Holder, Post, holders
from workflows.queries.then import Then, then
from workflows.units import Unit, searched, title_of, titled

FEW = {"area", "commune", "district"}
"""Units that few files belong to: there it is quicker to start from the unit's files than
from the deadlines."""

MOST_COUNTED = 500
"""Beyond this nobody needs the exact number of what waits."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits, and the ``action`` that brought it there. For a nomination ``area``
    and ``commune`` say which, for a paper ``brief``, ``paper_kind``, ``authority`` and how many
    nominations it lists."""

    subject_id: int
    kind: str
    digest: str
    state: str
    version: int
    action: str
    due_at: datetime | None
    since: datetime
    year: int | None
    area: str
    commune: str
    paper_kind: str
    authority: str
    listed: int
    brief: Brief | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One thing that waits on somebody else, and on whom."""

    item: Item
    role: str
    unit_id: int
    holder: Holder | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some items; ``more`` when there are further ones. ``total`` is counted without the
    search, up to ``MOST_COUNTED``; one more stands for any number beyond."""

    items: Sequence[Item]
    more: bool
    total: int


def mine(
    session: Session,
    actor: Actor,
    *,
    idle: Collection[str] = (),
    search: str = "",
    limit: int = 30,
    offset: int = 0,
) -> Page:
    """What waits on the offices this person holds, the nearest deadline first.

    ``idle`` names states in which these offices have nothing to do themselves.
    """
    posts = [(office.role, office.unit_id) for office in actor.offices]
    if not posts:
        return Page((), False, 0)
    words = words_of(search)
    values = _values(posts) | {
        "idle": list(idle),
        "most": limit + offset + 1,
        "limit": limit + 1,
        "offset": offset,
        "counted": MOST_COUNTED + 1,
    }
    query = _mine(len(posts), idle=bool(idle), whole=bool(words))
    for word in words:
        query = query.where(_names(word))
    rows = session.execute(query, values).all()
    if rows or not (words or offset):
        total = rows[0].total if rows else 0
    else:
        total = session.scalar(select(_counting(len(posts), idle=bool(idle))), values)
    return Page(_told(session, rows[:limit]), len(rows) > limit, total)


# Statements are built once for each shape: building one costs several times what running it
# does. ``_held`` and ``_values`` agree on the names of the posts' parameters.


def _values(posts: Sequence[Post]) -> dict[str, Any]:
    return {
        f"post_{name}_{number}": value
        for number, post in enumerate(posts)
        for name, value in zip(("role", "unit"), post, strict=True)
    }


def _held(number: int) -> ColumnElement[bool]:
    """What waits on the post of that number."""
    return and_(
        Waiting.role == bindparam(f"post_role_{number}"),
        Waiting.unit_id == bindparam(f"post_unit_{number}"),
    )


@cache
def _mine(posts: int, *, idle: bool, whole: bool) -> Select[Any]:
    total = _counting(posts, idle=idle).label("total")
    query = _items(_heads(posts, idle=idle, whole=whole), total)
    return query.limit(_number("limit")).offset(_number("offset"))


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=Integer)


def _heads(posts: int, *, idle: bool, whole: bool) -> Subquery:
    """Subject, deadline and beginning of what waits on these posts; unless they are wanted
    whole, of each post only the nearest deadlines, so that the index hands them over in
    order."""
    parts = []
    for number in range(posts):
        part = select(Waiting.subject_id, Waiting.due_at, Waiting.since).where(_held(number))
        if idle:
            part = part.join(Subject, Subject.id == Waiting.subject_id).where(_BUSY)
        if not whole:
            part = part.order_by(Waiting.due_at.asc().nulls_last()).limit(_number("most"))
        inner = part.subquery()
        parts.append(select(inner.c.subject_id, inner.c.due_at, inner.c.since))
    found = union_all(*parts).subquery()
    return (
        select(found.c.subject_id, found.c.due_at, func.min(found.c.since).label("since"))
        .group_by(found.c.subject_id, found.c.due_at)
        .subquery()
    )


area, commune, authority = aliased(Unit), aliased(Unit), aliased(Unit)
_BUSY = Subject.state.not_in(bindparam("idle", expanding=True))


def _items(heads: Subquery, *more: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            heads.c.subject_id,
            heads.c.due_at,
            heads.c.since,
            *more,
            Subject.kind,
            Subject.definition_digest,
            Subject.state,
            Subject.version,
            Event.action,
            Nomination.year,
            Nomination.area_id,
            title_of(area).label("area"),
            commune.form.label("commune_form"),
            commune.name.label("commune"),
            Paper.kind.label("paper_kind"),
            authority.kind.label("authority_kind"),
            authority.form.label("authority_form"),
            authority.name.label("authority"),
        )
        .join(Subject, Subject.id == heads.c.subject_id)
        .join(Event, and_(Event.subject_id == Subject.id, Event.version == Subject.version))
        .outerjoin(Nomination, Nomination.id == Subject.id)
        .outerjoin(area, area.id == Nomination.area_id)
        .outerjoin(commune, commune.id == area.parent_id)
        .outerjoin(Paper, Paper.id == Subject.id)
        .outerjoin(authority, authority.id == Paper.authority_id)
        .order_by(heads.c.due_at.asc().nulls_last(), heads.c.since, heads.c.subject_id)
    )


def _told(session: Session, rows: Sequence[Any]) -> list[Item]:
    told = briefs(session, [row.subject_id for row in rows if row.paper_kind])
    were = then(session, {(row.area_id, row.year) for row in rows if row.area_id})
    return [_item(row, told.get(row.subject_id), were.get((row.area_id, row.year))) for row in rows]


def _item(row: Any, brief: Brief | None, was: Then | None) -> Item:
    """As the units were in the year of the file: a commune that is no more is named."""
    named = row.authority and titled(row.authority_kind, row.authority_form, row.authority)
    return Item(
        row.subject_id,
        row.kind,
        row.definition_digest,
        row.state,
        row.version,
        row.action,
        row.due_at,
        row.since,
        row.year,
        was.title if was else row.area or "",
        was.parent if was else f"{row.commune_form} {row.commune}" if row.commune else "",
        row.paper_kind or "",
        named or "",
        brief.listed if brief else 0,
        brief,
    )


def _names(word: str) -> ColumnElement[bool]:
    """Some word of the area's, commune's or authority's name begins with this one."""
    return searched(area, commune, authority).contains(f" {word}", autoescape=True)


@cache
def _counting(posts: int, *, idle: bool) -> ScalarSelect[int]:
    """How much waits on these posts, counted no further than ``counted``."""
    query = select(Waiting.subject_id).distinct().where(or_(*map(_held, range(posts))))
    if idle:
        query = query.join(Subject, Subject.id == Waiting.subject_id).where(_BUSY)
    counted = query.limit(_number("counted")).subquery()
    return select(func.count()).select_from(counted).scalar_subquery()


def others(
    session: Session,
    actor: Actor,
    *,
    idle: Collection[str] = (),
    limit: int = 20,
    offset: int = 0,
) -> tuple[Sequence[Elsewhere], bool]:
    """What waits on others in the units of this person, the nearest deadline first, and
    whether there is more; with whoever holds the office today. States in ``idle`` wait on
    nobody's own move."""
    own = [(office.role, office.unit_id) for office in actor.offices]
    if not own:
        return (), False
    units = {unit for _, unit in own}
    few = _few(session, own)
    values = _values(own) | {"units": units, "idle": list(idle), "limit": limit + 1}
    query = _elsewhere(len(own), few=few)
    rows = session.execute(query, values | {"offset": offset}).all()
    held = holders(session, {(row.role, row.unit_id) for row in rows})
    items = _told(session, rows[:limit])
    found = [
        Elsewhere(item, row.role, row.unit_id, held.get((row.role, row.unit_id)))
        for item, row in zip(items, rows, strict=False)
    ]
    return found, len(rows) > limit


_UNITS: BindParameter[Any] = bindparam("units", expanding=True)
_KINDS = select(Unit.kind).where(Unit.id.in_(_UNITS))


def _few(session: Session, posts: Sequence[Post]) -> bool:
    """Whether only few files belong to the units of these posts. Most roles say so by their
    names; a clerk's is asked for."""
    levels = {role.partition("_")[0] for role, _ in posts}
    if "province" in levels:
        return False
    if levels <= {"hamlet", "commune", "district"}:
        return True
    return set(session.scalars(_KINDS, {"units": {unit for _, unit in posts}})) <= FEW


@cache
def _elsewhere(posts: int, *, few: bool) -> Select[Any]:
    """What waits on other posts than so many of one's own, in one's units."""
    waits = (
        select(Waiting.subject_id, Waiting.due_at, Waiting.since, Waiting.role, Waiting.unit_id)
        .where(not_(or_(*map(_held, range(posts)))), _belongs(few=few))
        .where(_moving(Waiting))
        .order_by(Waiting.due_at.asc().nulls_last(), Waiting.subject_id)
        .limit(_number("limit"))
        .offset(_number("offset"))
        .subquery()
    )
    return _items(waits, waits.c.role, waits.c.unit_id)


def _belongs(*, few: bool) -> ColumnElement[bool]:
    if few:
        files = select(SubjectScope.subject_id).where(SubjectScope.unit_id.in_(_UNITS))
        return Waiting.subject_id.in_(files)
    file = select(SubjectScope.subject_id).where(
        SubjectScope.subject_id == Waiting.subject_id, SubjectScope.unit_id.in_(_UNITS)
    )
    # The offset keeps PostgreSQL from starting at the unit's files after all: a plan made for
    # any unit expects a handful of them.
    return file.offset(0).exists()


def _moving(waiting: type[Waiting]) -> ColumnElement[bool]:
    """Leaves out what is idle, and the roles an authority never has: a paper waits on whichever
    chair its authority happens to have. A file at a unit of another level was taken over.

    Asked of each row: joined to all subjects, SQLite looks through them first."""
    unit = aliased(Unit)
    of_level = or_(
        Subject.kind != "paper",
        *(and_(waiting.role.startswith(f"{level}_"), unit.kind == level) for level in LEVELS),
        not_(or_(*(waiting.role.startswith(f"{level}_") for level in LEVELS))),
    )
    its = Subject.id == waiting.subject_id, unit.id == waiting.unit_id
    return exists().where(*its, of_level, _BUSY)
