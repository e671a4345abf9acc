"""Papers that act on an earlier one of their authority: correct, replace or revoke it.

The later paper goes its own way from draft to issue. Its issue moves the earlier one, in the
same transaction, by the transition that names the act; nothing else does (NĐ 30/2020,
art. 18). What it acts on is in its first history row, and stands at place 0 of its list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.errors import Conflict, Refusal
from engine.history import Facts
from engine.move import Command, Move
from engine.papers import telling
from engine.subjects import Link, Subject

PLACE = 0
"""Where in its list a paper names the one it acts on."""

TOLD = ("reason", "effect_on", "wrong", "right", "errata")
"""Inputs of the later paper's draft that go into the history of the earlier one."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a paper does to which earlier one, with what its draft told."""

    act: str
    of: int
    told: Mapping[str, Any]


def opening(facts: Facts) -> Mapping[str, Any]:
    """What the move told that brought the subject into being, whatever its name."""
    return next((fact.data for fact in facts.values() if fact.version == 1), {})


def amendment(move: Move) -> Amendment | None:
    """What the paper that moves does to an earlier one, if it does."""
    data = move.evidence if move.transition.opens else opening(move.facts)
    if "act" not in data:
        return None
    return Amendment(str(data["act"]), int(data["of"]), data)


def placed(move: Move, subjects: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The subjects of a new paper with their places: nominations from 1 on."""
    found = amendment(move)
    if found:
        yield PLACE, found.of
    yield from enumerate((s for s in subjects if not found or s != found.of), start=1)


def kept(move: Move) -> Collection[int]:
    """The subjects that the paper takes over from the one it replaces, until it is issued;
    what later becomes of it concerns all it lists."""
    found = None if move.transition.act else amendment(move)
    if found is None or found.act != "replacement":
        return frozenset()
    query = select(Link.subject_id).where(Link.paper_id == found.of, Link.position > PLACE)
    return frozenset(move.session.scalars(query))


def remember_amended(move: Move) -> None:
    """Keeps in the new paper's history what it is to do, and to which paper."""
    move.record |= {"act": move.evidence["act"], "of": move.evidence["of"]}


def tell_amended(move: Move) -> None:
    """Moves the earlier paper, if this one acts on any; raises ``Conflict`` when that one no
    longer stands."""
    found = amendment(move)
    if found is None:
        return
    earlier = move.session.execute(
        select(Subject.state, Subject.definition_digest).where(Subject.id == found.of)
    ).one()
    definition = move.house.definition(earlier.definition_digest)
    for transition in definition.leaving(earlier.state):
        if transition.act == found.act:
            move.then(Command(None, found.of, transition.id, evidence=_evidence(move, found)))
            return
    raise Conflict(Refusal("amended_not_in_force", {"state": earlier.state}))


def _evidence(move: Move, found: Amendment) -> dict[str, Any]:
    told = {name: found.told[name] for name in TOLD if found.told.get(name)}
    number, day = move.record["number"], move.record["issued_on"]
    return {"by": move.subject_id, "by_number": number, "by_date": day, **told}


def remember_amendment(move: Move) -> None:
    """Keeps in the earlier paper's history which paper did this to it, and why. What takes
    effect on no day of its own does so on the day of its issue."""
    move.record |= dict(move.evidence)
    if move.transition.act == "revocation":
        move.record.setdefault("effect_on", move.record["by_date"])


def tell_dropped(move: Move) -> None:
    """Moves those that the replaced paper lists and the one in its place does not."""
    by = move.evidence["by"]
    query = select(Link.subject_id).where(Link.paper_id == by, Link.position > PLACE)
    telling.tell(move, telling.listed(move, without=frozenset(move.session.scalars(query))))
