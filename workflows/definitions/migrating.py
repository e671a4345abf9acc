"""Live cases come under a newer definition, each by its own move, with a rehearsal before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, ledger, rebinding
from engine.commands import perform
from engine.definition import Definition
from engine.errors import EngineError, NotFound, Refusal
from engine.house import House
from engine.rebinding import Rebinding
from engine.subjects import Subject

ADMINS = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one case: it moves if there is no refusal."""

    subject_id: int
    state: str
    version: int
    refusals: tuple[Refusal, ...]

    @property
    def moves(self) -> bool:
        return not self.refusals


def called(house: House, name: str) -> Definition:
    """The definition that a person means: a digest or its first letters (eight at least), or
    an id, which is the one that applies today. Raises ``NotFound``."""
    if len(name) >= 8:
        found = [one for one in house.runnable if one.digest.startswith(name)]
        if len(found) == 1:
            return found[0]
    try:
        return house.named(name)
    except NotFound:
        raise NotFound(Refusal("unknown_definition", {"id": name})) from None


def living(session: Session, definition: Definition) -> Sequence[int]:
    """The subjects under a definition that have not come to an end."""
    finals = [state.id for state in definition.states if state.final]
    query = select(Subject.id).where(
        Subject.definition_digest == definition.digest, Subject.state.not_in(finals)
    )
    return session.scalars(query.order_by(Subject.id)).all()


def rehearse(
    session: Session, house: House, person_id: int, old: Definition, new: Definition
) -> list[Fate]:
    """What would become of every live case if that person brought them over; nothing is
    written."""
    actor = house.find_actor(session, person_id, clock.today())
    may = any(office.role in ADMINS for office in actor.offices)
    barred = () if may else (Refusal("not_yours", {"by": sorted(ADMINS)}),)
    fates = [_fate(session, house, subject, new) for subject in living(session, old)]
    return [replace(fate, refusals=(*barred, *fate.refusals)) for fate in fates]


def _fate(session: Session, house: House, subject: int, new: Definition) -> Fate:
    found = ledger.find(session, house, subject, lock=False)
    reasons = rebinding.obstacles(found.definition, new, found.state, found.scopes, found.events)
    told = (*_not_begun(house, new), *reasons)
    return Fate(found.id, found.state, found.version, told)


def _not_begun(house: House, new: Definition) -> Iterator[Refusal]:
    """What ``perform`` would say of a definition whose first day is still to come."""
    if clock.today() < (begins := house.since(new)):
        yield Refusal("definition_not_begun", {"starts_on": begins.isoformat()})


def migrate(
    session: Session,
    house: House,
    person_id: int,
    old: Definition,
    new: Definition,
    *,
    limit: int | None = None,
) -> list[Fate]:
    """Brings every live case that can come under the new definition, or so many of them. Each
    is a transaction of its own: one that cannot, or that somebody moved meanwhile, stays and is
    named."""
    fates: list[Fate] = []
    moved = 0
    for subject in living(session, old):
        if moved == limit:
            break
        fate = _fate(session, house, subject, new)
        wish = Rebinding(person_id, fate.subject_id, new.digest, ADMINS, fate.version)
        refusals = fate.refusals
        if fate.moves:
            try:
                perform(session, house, wish)
            except EngineError as error:
                refusals = tuple(error.refusals)
        moved += not refusals
        fates.append(Fate(fate.subject_id, fate.state, fate.version, refusals))
    return fates
