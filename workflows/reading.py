"""Who may read a file, wherever it is asked: on a page, by a program, at the command line."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy.orm import Session

from engine.errors import Forbidden, Refusal
from engine.policy import Actor, may_see
from workflows.territory.succession import former_of

ADMIN = "admin"
READS_EVERYTHING = frozenset({"auditor"})
"""Roles that read every file and change none."""


def reader(actor: Actor) -> Actor:
    """The same person without the administrator's office, which opens no file."""
    offices = tuple(office for office in actor.offices if office.role != ADMIN)
    return Actor(actor.person_id, actor.name, offices)


def reads_everything(actor: Actor) -> bool:
    return any(office.role in READS_EVERYTHING for office in actor.offices)


def units_of(session: Session, actor: Actor, on: date) -> tuple[int, ...]:
    """The units whose files this person may read: those of the offices, and those whose
    place they have taken, which left their files to them."""
    own = dict.fromkeys(office.unit_id for office in reader(actor).offices)
    former = former_of(session, own, on)
    return (*own, *sorted(former - own.keys()))


def may_read(actor: Actor, own: Collection[int], units: Iterable[int]) -> bool:
    """Whether somebody, with ``units_of`` theirs, may read what is at these units."""
    scopes = {str(unit): unit for unit in units}
    # Who took the place of a unit has its files.
    return may_see(reader(actor), scopes, READS_EVERYTHING) or not set(own).isdisjoint(
        scopes.values()
    )


def require(session: Session, actor: Actor, units: Iterable[int], on: date) -> None:
    """Raises ``Forbidden`` (``not_your_unit``) where they may not."""
    if not may_read(actor, units_of(session, actor, on), units):
        raise Forbidden(Refusal("not_your_unit"))
