"""Live cases come under a newer definition, each by its own move, with a rehearsal before and
after another person asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import ledger, rebinding
from engine.commands import perform
from engine.definition import Definition
from engine.errors import EngineError, Forbidden, NotFound, Refusal
from engine.house import House
from engine.rebinding import Rebinding
from engine.subjects import Subject
from workflows.definitions.adopting import ADMINS, asked_by, is_admin
from workflows.definitions.following import against


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
    may = is_admin(session, house, person_id)
    barred = () if may else (Refusal("not_yours", {"by": sorted(ADMINS)}),)
    fates = _fates(session, house, old, new)
    return [replace(fate, refusals=(*barred, *fate.refusals)) for fate in fates]


def _fates(session: Session, house: House, old: Definition, new: Definition) -> Iterator[Fate]:
    """The fate of each live case; one definition that does not follow the other is no reason
    to ask about each."""
    whole = tuple(against(house, old, new))
    for subject in living(session, old):
        found = ledger.find(session, house, subject, lock=False)
        reasons = whole or tuple(
            rebinding.obstacles(found.definition, new, found.state, found.scopes, found.events)
        )
        yield Fate(found.id, found.state, found.version, reasons)


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
    named. Raises ``Forbidden``, and ``Refused`` where nobody else asked for it."""
    if not is_admin(session, house, person_id):
        raise Forbidden(Refusal("not_yours", {"by": sorted(ADMINS)}))
    asker = asked_by(session, house, person_id, old, new)
    fates: list[Fate] = []
    moved = 0
    for fate in _fates(session, house, old, new):
        if moved == limit:
            break
        wish = Rebinding(person_id, fate.subject_id, new.digest, ADMINS, fate.version, asker)
        refusals = fate.refusals
        if fate.moves:
            try:
                perform(session, house, wish)
            except EngineError as error:
                refusals = tuple(error.refusals)
        moved += not refusals
        fates.append(replace(fate, refusals=refusals))
    return fates
