"""Who may do what: an office held today, at the unit the rule names, and one duty only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engine.definition import SYSTEM, Transition, role_of, scope_of
from engine.errors import Forbidden, Refusal


@dataclass(frozen=True, slots=True)
class Office:
    """A role held by a person at a unit, on the day it was asked for. ``taken_over``: not the
    appointment's own, but that of a unit whose place this one has taken."""

    appointment_id: int
    role: str
    unit_id: int
    unit_name: str
    title: str
    capacity: str = ""
    taken_over: bool = False

    def record(self) -> dict[str, Any]:
        """How the history keeps it."""
        return {
            "appointment": self.appointment_id,
            "role": self.role,
            "unit": self.unit_id,
            "unit_name": self.unit_name,
            "title": self.title,
            "capacity": self.capacity,
        }


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the offices held on the day of the act; the system holds none."""

    person_id: int | None
    name: str
    offices: tuple[Office, ...] = ()

    @property
    def is_system(self) -> bool:
        return self.person_id is None

    def holds(self, role: str) -> bool:
        return any(office.role == role for office in self.offices)


Roles = Mapping[str, frozenset[str]]

THE_SYSTEM = Actor(None, SYSTEM)


@dataclass(frozen=True, slots=True)
class Held:
    """A duty somebody already exercised over the subject or what is linked to it."""

    person_id: int
    duty: str
    role: str = ""
    """The role in which it was exercised."""


NOT_YOURS = frozenset({"not_yours", "separation_of_duties", "separation_of_levels"})
"""The refusals that are about who asks; every other one is about the subject."""


def office_for(actor: Actor, by: Iterable[str], scopes: Mapping[str, int]) -> Office | None:
    """The first office of the actor that a rule ``role@scope`` names here, if any; one that
    was taken over only where no other does."""
    named = [(role_of(rule), scopes.get(scope_of(rule))) for rule in by]
    own, over = (
        [office for office in actor.offices if office.taken_over is taken]
        for taken in (False, True)
    )
    for office in (*_named(own, named), *_named(over, named)):
        return office
    return None


def _named(offices: Sequence[Office], posts: Sequence[tuple[str, int | None]]) -> Iterator[Office]:
    return (o for role, unit in posts for o in offices if (o.role, o.unit_id) == (role, unit))


def permit(
    actor: Actor,
    transition: Transition,
    scopes: Mapping[str, int],
    held: Sequence[Held],
    roles: Roles = MappingProxyType({}),
) -> Office | None:
    """The office in which the actor may make this move (none for the system). ``roles`` are
    those of the binding, with the kinds of unit that they are held at.

    Raises ``Forbidden``: ``not_yours`` when no valid office allows it,
    ``separation_of_duties`` when the same person already held another duty here, in
    whatever office, and ``separation_of_levels`` when it was the same duty at another level:
    what one level does with a file is the check of the one below.
    """
    if actor.is_system:
        if any(role_of(rule) == SYSTEM for rule in transition.by):
            return None
        raise Forbidden(Refusal("not_yours", {"by": list(transition.by)}, transition.clause))
    office = office_for(actor, transition.by, scopes)
    if office is None:
        raise Forbidden(Refusal("not_yours", {"by": list(transition.by)}, transition.clause))
    if transition.duty:
        own = [one for one in held if one.person_id == actor.person_id]
        _refuse_both(transition, office, own, roles)
    return office


def _refuse_both(transition: Transition, office: Office, own: Sequence[Held], roles: Roles) -> None:
    if other := {one.duty for one in own} - {transition.duty}:
        params = {"duty": transition.duty, "held": sorted(other)}
        raise Forbidden(Refusal("separation_of_duties", params, transition.clause))
    here = roles.get(office.role, frozenset())
    for one in own:
        there = roles.get(one.role, frozenset())
        if here and there and here.isdisjoint(there):
            params = {"duty": transition.duty, "role": one.role}
            raise Forbidden(Refusal("separation_of_levels", params, transition.clause))


def may_see(actor: Actor, scopes: Mapping[str, int], everywhere: frozenset[str]) -> bool:
    """Whether the actor may read a subject: an office at one of its units, or a role that
    reads everything (an auditor)."""
    units = set(scopes.values())
    return actor.is_system or any(
        office.unit_id in units or office.role in everywhere for office in actor.offices
    )
