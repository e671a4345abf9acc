"""Drafting the paper that corrects, replaces or revokes an earlier one, and what it will do.

Who may, and for which errors, is in the definitions of papers. Nothing happens to the
earlier paper before the later one is issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import Option, Outcome, foreseen, openable, perform, unfit
from engine.definition import Act
from engine.errors import Forbidden, NotFound, Refusal, Refused
from engine.house import House
from engine.move import Move, Opening
from engine.papers.book import Paper
from engine.policy import NOT_YOURS, Actor
from engine.subjects import Subject
from workflows import decisions, resting, streaks
from workflows.aftermath import IN_FORCE, aftermath
from workflows.nominations import Nomination
from workflows.territory.succession import successor_on
from workflows.units import Unit, title_of

ACTS: tuple[Act, ...] = get_args(Act)


@dataclass(frozen=True, slots=True)
class Listed:
    """A nomination as a paper lists it: which area of which commune, and where it stands."""

    id: int
    area_id: int
    area: str
    commune: str
    year: int
    state: str
    digest: str


@dataclass(frozen=True, slots=True)
class Heir:
    """An area that came out of one that loses the recognition, and its years running."""

    area_id: int
    area: str
    streak: int
    streak_after: int


@dataclass(frozen=True, slots=True)
class Loss:
    """An area that loses the recognition by the paper: its years running up to the latest
    one recognised, today and afterwards; and those of the areas it went into since."""

    listed: Listed
    streak: int
    streak_after: int
    heirs: Sequence[Heir] = ()


@dataclass(frozen=True, slots=True)
class Consequences:
    """What the issue of the later paper will do, told beforehand."""

    lost: Sequence[Loss]
    unreached: Sequence[streaks.Unreached]
    added: Sequence[int]
    dependents: Sequence[resting.Dependent]


def kind_for(house: House, act: str, earlier: str) -> str:
    """The kind of paper that does this to a paper of the earlier kind."""
    return next((kind.id for kind in house.kinds.values() if kind.act == act), earlier)


def options(session: Session, house: House, actor: Actor, paper_id: int) -> Mapping[Act, Option]:
    """What this person may do to an issued paper, and for what they may not, why; nothing
    for a paper that does not stand. Acts that its kind does not know are left out."""
    paper = _paper(session, paper_id)
    state = session.scalar(select(Subject.state).where(Subject.id == paper_id))
    if state not in IN_FORCE or actor.person_id is None:
        return {}
    return {
        act: openable(session, house, _opening(session, house, actor.person_id, act, paper))
        for act in ACTS
        if paper.kind in aftermath().amendable[act]
    }


def draft(
    session: Session,
    house: House,
    person_id: int,
    act: str,
    paper_id: int,
    data: Mapping[str, Any],
    *,
    nominations: Sequence[int] | None = None,
    key: str | None = None,
) -> Outcome:
    """Drafts the paper that does ``act`` to the issued one. A replacement lists
    ``nominations`` (none given: those of the earlier paper).

    Raises ``NotFound``, ``Forbidden``, ``Refused`` with every reason.
    """
    if act not in ACTS:
        raise NotFound(Refusal("unknown_action", {"action": act}))
    paper = _paper(session, paper_id)
    return perform(
        session,
        house,
        _opening(session, house, person_id, act, paper, nominations, data, key),
    )


def foresee(
    session: Session,
    house: House,
    person_id: int,
    act: str,
    paper_id: int,
    nominations: Sequence[int] | None = None,
) -> tuple[Option, Move]:
    """The drafting of the later paper by this person: what is asked, and every reason
    against it that does not depend on the answers."""
    opening = _opening(session, house, person_id, act, _paper(session, paper_id), nominations)
    return openable(session, house, opening), foreseen(session, house, opening)


def require_open(
    session: Session,
    house: House,
    person_id: int,
    act: str,
    paper_id: int,
    nominations: Sequence[int] | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Refuses what would be refused whatever were answered, and with ``data`` those answers
    too, as ``draft`` would: raises ``Forbidden`` to whom it is not open, ``Refused`` for what
    the guards say. Nothing is written."""
    option, _ = foresee(session, house, person_id, act, paper_id, nominations)
    theirs = [reason for reason in option.refusals if reason.code in NOT_YOURS]
    if theirs:
        raise Forbidden(*theirs)
    reasons = option.refusals
    if data:
        paper = _paper(session, paper_id)
        opening = _opening(session, house, person_id, act, paper, nominations, data)
        told = {(one.code, one.field) for one in reasons}
        unfitting = unfit(session, house, opening)
        reasons += tuple(one for one in unfitting if (one.code, one.field) not in told)
    if reasons:
        raise Refused(*reasons)


def _paper(session: Session, paper_id: int) -> Paper:
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise NotFound(Refusal("no_such_paper", {"id": paper_id}))
    return paper


def _opening(
    session: Session,
    house: House,
    person_id: int,
    act: str,
    paper: Paper,
    nominations: Sequence[int] | None = None,
    data: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Opening:
    kind = kind_for(house, act, paper.kind)
    subjects: Sequence[int] = ()
    if act == "replacement":
        wanted = nominations if nominations is not None else _of(session, paper.id)
        subjects = [one.id for one in in_order(session, wanted)]
    return Opening(
        person_id,
        house.kinds[kind].definition,
        f"draft_{act}",
        {"authority": acting_authority(session, paper)},
        data or {},
        key,
        # The earlier paper is locked with the rest: two acts on it wait for each other.
        evidence={"kind": kind, "subjects": [*subjects, paper.id], "act": act, "of": paper.id},
    )


def acting_authority(session: Session, paper: Paper) -> int:
    """Who may act on the paper today: whoever issued it, or has taken its place since."""
    successor = successor_on(session, paper.authority_id, clock.today())
    return paper.authority_id if successor is None else successor


def _of(session: Session, paper_id: int) -> Sequence[int]:
    return sorted(resting.listed_in(session, paper_id))


def in_order(session: Session, nomination_ids: Sequence[int]) -> Sequence[Listed]:
    """The nominations in the order of their areas, each once."""
    commune = Unit.__table__.alias("commune")
    rows = session.execute(
        select(
            Nomination.id,
            Nomination.area_id,
            title_of(Unit).label("area"),
            commune.c.form,
            commune.c.name,
            Nomination.year,
            Subject.state,
            Subject.definition_digest,
        )
        .join(Subject, Subject.id == Nomination.id)
        .join(Unit, Unit.id == Nomination.area_id)
        .join(commune, commune.c.id == Unit.parent_id)
        .where(Nomination.id.in_(nomination_ids))
        .order_by(commune.c.sort, Unit.sort, Nomination.id)
    )
    return [
        Listed(i, area_id, area, f"{form} {name}", year, state, digest)
        for i, area_id, area, form, name, year, state, digest in rows
    ]


def listed(session: Session, paper_id: int) -> Sequence[Listed]:
    """What a paper lists, in the order of its areas."""
    return in_order(session, _of(session, paper_id))


def addable(session: Session, house: House, actor: Actor, paper: Paper) -> Sequence[Listed]:
    """The nominations of the same year that could be put into a replacement besides."""
    if not house.kinds[paper.kind].lists_many:
        return ()
    waiting = decisions.waiting_for(session, house, actor, paper.kind)
    year = paper.values["year"]
    office = acting_authority(session, paper)
    ids = [one.id for one in waiting if one.unit_id == office and one.year == year]
    return in_order(session, ids)


def consequences(
    session: Session, act: str, paper_id: int, nominations: Sequence[int] | None = None
) -> Consequences:
    """What will become of the areas listed and of the papers that rest on this one; a
    replacement lists ``nominations`` (none given: the same as before)."""
    before = listed(session, paper_id)
    own = {one.id for one in before}
    wanted = own if nominations is None else set(nominations)
    kept = {"correction": own, "replacement": own & wanted, "revocation": set[int]()}[act]
    lost = [one for one in before if one.id not in kept]
    counts = _paper(session, paper_id).kind == aftermath().counts.base
    return Consequences(
        *_losses(session, lost, counts),
        sorted(wanted - own) if act == "replacement" else (),
        resting.dependents(session, paper_id, kept),
    )


def _losses(
    session: Session, lost: Sequence[Listed], counts: bool
) -> tuple[Sequence[Loss], Sequence[streaks.Unreached]]:
    """``counts``: whether the year itself is lost, with what later levels rested on it, or only
    a higher level's recognition. The number of queries is the same, however many areas."""
    if not lost:
        return (), ()
    heirs = streaks.heirs_of(session, [one.area_id for one in lost])
    every = {one.area_id for one in lost}.union(*heirs.values())
    query = select(Unit.id, Unit.name).where(Unit.id.in_(every))
    names = dict(session.execute(query).all())
    now = streaks.descent(session, select(Unit.id).where(Unit.id.in_(every)))
    years = {(one.area_id, one.year) for one in lost} if counts else set()
    then = now.without(years)

    def both(area: int) -> tuple[int, int]:
        run = now.latest(area)
        return run.length, then.run(area, run.years[-1][0].year).length if run.length else 0

    losses = [
        Loss(
            one,
            *both(one.area_id),
            heirs=[
                Heir(heir, names[heir], *both(heir)) for heir in sorted(heirs.get(one.area_id, ()))
            ],
        )
        for one in lost
    ]
    return losses, streaks.unreached(session, now, years) if counts else ()
