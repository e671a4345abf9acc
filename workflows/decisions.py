"""One paper for many nominations: what may be put into it, and its drafting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Subquery,
    bindparam,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import Outcome, perform
from engine.definition import Definition, Transition
from engine.errors import NotFound, Refusal, Refused
from engine.house import House
from engine.move import Opening
from engine.policy import Actor
from engine.subjects import Subject, SubjectScope, Waiting
from workflows.contexts.pieces import named
from workflows.nominations import Nomination
from workflows.units import Unit

DRAFT = "draft"
"""The move that brings an outgoing paper into being."""

DRAFTED = "drafted"
"""What the nominations that a new paper lists are told of it."""

AUTHORITY_SCOPE = {"commune_decision": "commune", "district_decision": "district"} | {
    "province_decision": "province"
}
"""Whose paper it is. A refusal is the paper of whoever asks for it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A nomination that a paper could take in now."""

    id: int
    area: str
    commune: str
    year: int
    unit_id: int


@lru_cache(maxsize=1024)
def _entering(definition: Definition, kind: str) -> tuple[Transition, ...]:
    return tuple(t for t in definition.transitions if t.on == f"{kind}:{DRAFTED}")


def ready_states(house: House, kind: str) -> Mapping[str, Sequence[str]]:
    """The states from which a nomination enters a paper of that kind, by definition digest."""
    return _ready_states(house.runnable, kind)


@lru_cache(maxsize=256)
def _ready_states(definitions: tuple[Definition, ...], kind: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for definition in definitions:
        states = [source for t in _entering(definition, kind) for source in t.sources]
        if states:
            found[definition.digest] = states
    return found


def drafting_posts(house: House, actor: Actor, kind: str) -> list[tuple[str, int]]:
    """The offices, as role and unit, in which this person may draft a paper of that kind
    today."""
    workflow = house.named(house.kinds[kind].definition)
    roles = {rule.partition("@")[0] for rule in workflow.transition(DRAFT).by}
    scope = AUTHORITY_SCOPE.get(kind)
    return [
        (office.role, office.unit_id)
        for office in actor.offices
        if office.role in roles and (scope is None or office.role == f"{scope}_appraiser")
    ]


def draftable(
    house: House,
    actor: Actor,
    definition: Definition,
    state: str,
    waiting: Collection[tuple[str, int]],
) -> list[str]:
    """The kinds of paper that this person may put a nomination into: one in that state, which
    waits on these posts."""
    kinds = [kind for kind in house.kinds if _leaves_by(definition, state, kind)]
    return [
        kind
        for kind in kinds
        if any(post in waiting for post in drafting_posts(house, actor, kind))
    ]


def awaited(definition: Definition, state: str) -> frozenset[str]:
    """The kinds of paper that a nomination in this state waits for: nobody has a move to make
    in it but to stop, and only what becomes of such a paper leads on."""
    leaving = definition.leaving(state)
    events = [move.on.partition(":") for move in leaving if move.on]
    by_people = any(not move.automatic and move.tone != "stop" for move in leaving)
    if by_people or any(event == DRAFTED for _, _, event in events):
        return frozenset()
    return frozenset(kind for kind, _, _ in events)


def _leaves_by(definition: Definition, state: str, kind: str) -> bool:
    return any(state in move.sources for move in _entering(definition, kind))


_COMMUNE = Unit.__table__.alias("commune")


@cache
def _ready(kinds: int) -> Select[Any]:
    """What waits to be put into so many kinds of papers, of each kind the nearest deadlines."""
    parts = [_nearest(number) for number in range(kinds)]
    found = union_all(*(select(part) for part in parts)).subquery()
    return (
        select(found, Unit, _COMMUNE.c.name.label("commune"), Nomination.year)
        .join(Nomination, Nomination.id == found.c.subject_id)
        .join(Unit, Unit.id == Nomination.area_id)
        .join(_COMMUNE, _COMMUNE.c.id == Unit.parent_id)
        .order_by(_COMMUNE.c.sort, Unit.sort, found.c.subject_id)
    )


def _nearest(number: int) -> Subquery:
    return (
        select(
            Waiting.subject_id,
            Waiting.unit_id,
            Subject.state,
            Subject.definition_digest,
            literal_column(str(number)).label("number"),
        )
        .join(Subject, Subject.id == Waiting.subject_id)
        .where(
            Waiting.role.in_(bindparam(f"roles_{number}", expanding=True)),
            Waiting.unit_id.in_(bindparam(f"units_{number}", expanding=True)),
            Subject.state.in_(bindparam(f"states_{number}", expanding=True)),
        )
        .order_by(Waiting.due_at.asc().nulls_last())
        .limit(bindparam("most", type_=Integer))
        .subquery()
    )


def ready(
    session: Session, house: House, actor: Actor, kinds: Iterable[str], limit: int = 300
) -> Mapping[str, Sequence[Ready]]:
    """The nominations that wait for this person to put them into papers of these kinds, in
    area order; of very many of a kind those with the nearest deadlines. One query, and what
    areas are now that were merged."""
    found: dict[str, list[Ready]] = {}
    entered: list[Mapping[str, Sequence[str]]] = []
    values: dict[str, Any] = {"most": limit}
    for kind in kinds:
        posts, allowed = drafting_posts(house, actor, kind), ready_states(house, kind)
        if posts and allowed:
            roles, units = zip(*posts, strict=True)
            values[f"roles_{len(found)}"] = set(roles)
            values[f"units_{len(found)}"] = set(units)
            values[f"states_{len(found)}"] = set(chain.from_iterable(allowed.values()))
            found[kind] = []
            entered.append(allowed)
    if not found:
        return {}
    lists, today = list(found.values()), clock.today()
    for row in session.execute(_ready(len(found)), values):
        if row.state in entered[row.number].get(row.definition_digest, ()):
            area = named(session, row.Unit, today)
            lists[row.number].append(
                Ready(row.subject_id, area, row.commune, row.year, row.unit_id)
            )
    return found


def waiting_for(
    session: Session, house: House, actor: Actor, kind: str, limit: int = 300
) -> Sequence[Ready]:
    """The same for papers of one kind."""
    return ready(session, house, actor, [kind], limit).get(kind, ())


def _level(house: House, digest: str, kind: str, state: str) -> str | None:
    """The scope whose paper takes a nomination out of that state: for a refusal, that of the
    office the state waits on."""
    if kind in AUTHORITY_SCOPE:
        return AUTHORITY_SCOPE[kind]
    waiting = house.definition(digest).by_state[state].waiting_on
    return waiting[0].partition("@")[2] if waiting else None


def draft(
    session: Session,
    house: House,
    person_id: int,
    kind: str,
    nomination_ids: Sequence[int],
    key: str | None = None,
) -> Outcome:
    """Drafts one paper of that kind over the nominations, in the order of their areas.

    All of them must be ready, under one authority. The nominations enter the paper in the
    same transaction. Raises ``Refused`` (``nothing_chosen``, ``not_ready``), ``Forbidden``.
    """
    known = house.kinds.get(kind)
    if known is None or known.definition == "record" or known.act:
        raise NotFound(Refusal("unknown_paper_kind", {"kind": kind}))
    wanted = list(dict.fromkeys(nomination_ids))
    if not wanted:
        raise Refused(Refusal("nothing_chosen"))
    if len(wanted) > 1 and not house.kinds[kind].lists_many:
        raise Refused(Refusal("one_at_a_time"))
    rows = _states(session, wanted)
    if {row.id for row in rows} != set(wanted):
        raise NotFound(Refusal("no_such_subject", {"id": next(iter(wanted))}))
    return perform(
        session,
        house,
        Opening(
            person_id,
            house.kinds[kind].definition,
            DRAFT,
            {"authority": _authority(session, house, kind, rows)},
            key=key,
            evidence={"kind": kind, "subjects": [row.id for row in rows]},
        ),
    )


def _authority(session: Session, house: House, kind: str, rows: Sequence[Subject]) -> int:
    """The one under which all of them wait for such a paper; raises ``Refused``."""
    scopes = {_level(house, row.definition_digest, kind, row.state) for row in rows}
    scope = scopes.pop() if len(scopes) == 1 else None
    found = set(_units(session, [row.id for row in rows], scope)) if scope else set()
    if len(found) != 1:
        raise Refused(Refusal("one_authority_only"))
    return found.pop()


def _states(session: Session, ids: Sequence[int]) -> Sequence[Subject]:
    return session.scalars(
        select(Subject)
        .join(Nomination, Nomination.id == Subject.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .where(Subject.id.in_(ids))
        .order_by(Unit.parent_id, Unit.sort, Subject.id)
        .execution_options(populate_existing=True)
    ).all()


def _units(session: Session, ids: Sequence[int], scope: str) -> Sequence[int]:
    return session.scalars(
        select(SubjectScope.unit_id)
        .where(SubjectScope.subject_id.in_(ids), SubjectScope.scope == scope)
        .distinct()
    ).all()
