"""One list for the day: what waits on me, until when, and what waits on whom else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, render_template, request

from engine import clock
from engine.definition import Definition, role_of
from engine.house import House
from engine.papers.kinds import PaperKind
from engine.policy import Actor
from web import levels, numbers
from web.extensions import bureau, db
from web.identity import SignedIn, somebody
from web.moves import PIN_ACTS
from workflows import ceremonies, decisions, resting
from workflows.queries import inbox as queries
from workflows.queries import listing
from workflows.queries.state_names import Standing

blueprint = Blueprint("inbox", __name__)

PAGE = 20
OTHERS = 20
OTHERS_AT_FIRST = 6
READY_AT_ONCE = 20
HEADS = frozenset({"hamlet_head", "unit_head", "commune_committee"})
"""Those who register for the place they head, or sit in the committee of."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Papers that the same act can be done to one after another with one PIN."""

    action: str
    items: Sequence[queries.Item]


@dataclass(frozen=True, slots=True)
class Ready:
    """Nominations that this person may put into one paper of this kind now; ``too_many`` to
    show them all here. All are ticked at first, or only the ``chosen`` one."""

    kind: PaperKind
    nominations: Sequence[decisions.Ready]
    too_many: bool = False
    chosen: int | None = None


@blueprint.get("/inbox")
def mine() -> str:
    """What is to be done today, and what waits on others."""
    person, house, session = somebody(), bureau().house, db.session()
    search, page = request.args.get("q", "").strip()[:100], _page()
    idle = idle_states(house, person.actor)
    found = queries.mine(
        session, person.actor, idle=idle, search=search, limit=PAGE, offset=PAGE * (page - 1)
    )
    ready = list(_ready(person, house)) if page == 1 and not search else []
    grouped = {n.id for group in ready if not group.too_many for n in group.nominations}
    groups = batches(house, found.items)
    grouped |= {item.subject_id for batch in groups for item in batch.items}
    waiting, more_waiting = queries.others(
        session, person.reader, idle=paused_states(house), limit=OTHERS_AT_FIRST
    )
    return render_template(
        "inbox.html",
        items=(items := [item for item in found.items if item.subject_id not in grouped]),
        named=_named([*items, *(one.item for one in waiting)]),
        batches=groups,
        unfinished=[
            ceremonies.find(session, person.person_id, code)
            for code in ceremonies.unfinished(session, person.person_id)
        ],
        ready=ready,
        total=found.total,
        most_counted=queries.MOST_COUNTED,
        more=found.more,
        page=page,
        search=search,
        others=_by_office(waiting),
        more_others=more_waiting,
        areas=_areas_to_open(person),
        year=clock.today().year,
        key=clock.new_code(24),
        shaken=resting.count(session, person.units) if page == 1 and not search else 0,
    )


@blueprint.get("/inbox/others")
def others() -> str:
    """All that waits on others in the units of this person."""
    person, page = somebody(), _page()
    found, more = queries.others(
        db.session(),
        person.reader,
        idle=paused_states(bureau().house),
        limit=OTHERS,
        offset=OTHERS * (page - 1),
    )
    named = _named([one.item for one in found])
    return render_template(
        "others.html", others=_by_office(found), named=named, more=more, page=page
    )


def _named(items: Sequence[queries.Item]) -> Mapping[int, str]:
    """Where each of these stands, in words."""
    return levels.named([Standing(one.subject_id, one.digest, one.state) for one in items])


def _page() -> int:
    return request.args.get("page", 1, type=numbers.page)


def idle_states(house: House, actor: Actor) -> frozenset[str]:
    """States that name one of this person's roles though there is no move to make in them:
    the paper in hand is what waits, not each nomination it lists."""
    return _idle(house.runnable, frozenset(office.role for office in actor.offices))


@lru_cache(maxsize=256)
def _idle(definitions: tuple[Definition, ...], roles: frozenset[str]) -> frozenset[str]:
    idle, busy = set[str](), set[str]()
    for definition in definitions:
        for state in definition.states:
            if roles.isdisjoint(role_of(rule) for rule in state.waiting_on):
                continue
            moves = (t for t in definition.leaving(state.id) if t.tone != "stop")
            acts = any(role_of(rule) in roles for move in moves for rule in move.by)
            drafts = any((t.on or "").endswith(":drafted") for t in definition.leaving(state.id))
            (busy if acts or drafts else idle).add(state.id)
    return frozenset(idle - busy)


def paused_states(house: House) -> frozenset[str]:
    """States in which nobody has a move to make: a paper that lists the file is in hand."""
    return _paused(house.runnable)


@lru_cache(maxsize=8)
def _paused(definitions: tuple[Definition, ...]) -> frozenset[str]:
    paused, moving = set[str](), set[str]()
    for definition in definitions:
        if definition.meta.subject != "nomination":
            continue
        for state in definition.states:
            leaving = definition.leaving(state.id)
            moves = any(not move.automatic and move.tone != "stop" for move in leaving)
            drafts = any((move.on or "").endswith(":drafted") for move in leaving)
            (moving if moves or drafts else paused).add(state.id)
    return frozenset(paused - moving)


def _ready(person: SignedIn, house: House) -> Iterator[Ready]:
    kinds = [kind.id for kind in house.kinds.values() if kind.series]
    most = READY_AT_ONCE + 1
    for kind, found in decisions.ready(db.session(), house, person.actor, kinds, most).items():
        if found:
            yield Ready(house.kinds[kind], found[:READY_AT_ONCE], len(found) > READY_AT_ONCE)


def batches(house: House, items: Sequence[queries.Item]) -> list[Batch]:
    """The papers among the items, by the act with a PIN that comes next."""
    found: dict[str, list[queries.Item]] = {}
    for item in items:
        if item.kind == "paper":
            leaving = house.definition(item.digest).leaving(item.state)
            for transition in leaving:
                if transition.id in PIN_ACTS:
                    found.setdefault(transition.id, []).append(item)
    return [Batch(action, papers) for action, papers in found.items()]


def _by_office(
    found: Sequence[queries.Elsewhere],
) -> Sequence[tuple[queries.Elsewhere, Sequence[queries.Elsewhere]]]:
    """Grouped by the office they wait on, in the order of the nearest deadline."""
    groups: dict[tuple[str, int], list[queries.Elsewhere]] = {}
    for one in found:
        groups.setdefault((one.role, one.unit_id), []).append(one)
    return [(group[0], group) for group in groups.values()]


def _areas_to_open(person: SignedIn) -> Sequence[tuple[int, str]]:
    """The areas and units this person heads that have no nomination of this year yet."""
    heads = [office.unit_id for office in person.actor.offices if office.role in HEADS]
    return listing.open_areas(db.session(), heads, clock.today().year) if heads else ()
