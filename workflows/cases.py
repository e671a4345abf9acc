"""What a move is about: the nomination with its area, commune, cycle and facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from engine.clock import law_date
from engine.definition import Definition
from engine.errors import NotFound, Refusal
from engine.history import Event, Fact, Facts, fold
from engine.move import Move
from workflows.assessment import CriteriaSet, Findings, Window, criteria_set
from workflows.cycles import Cycle, cycle
from workflows.nominations import Nomination
from workflows.regimes import KindRules, rules_under
from workflows.units import Unit
from workflows.voting import Count, Verdict, VoteRule, decide, rule_on


@dataclass(frozen=True, slots=True)
class Case:
    """One nomination as papers and guards need it. ``area`` is the unit nominated, whatever
    its kind, and ``commune`` the one above it."""

    id: int
    year: int
    title: str
    area: Unit
    commune: Unit
    definition: Definition
    facts: Facts


def nomination(move: Move) -> Nomination:
    """The nomination that moves; raises ``NotFound`` (``no_such_subject``)."""
    found = move.session.get(Nomination, move.subject_id)
    if found is None:
        raise NotFound(Refusal("no_such_subject", {"id": move.subject_id}))
    return found


def unit(move: Move, unit_id: int) -> Unit:
    """The unit of that id; raises ``NotFound`` (``no_such_unit``)."""
    found = move.session.get(Unit, unit_id)
    if found is None:
        raise NotFound(Refusal("no_such_unit", {"id": unit_id}))
    return found


def case(move: Move) -> Case:
    """The nomination that moves, with the facts known before this move."""
    found = nomination(move)
    subject = unit(move, found.area_id)
    return Case(
        found.id,
        found.year,
        found.title,
        subject,
        unit(move, subject.parent_id or subject.id),
        move.definition,
        move.facts,
    )


def listed(move: Move) -> list[Case]:
    """The nominations a paper lists, in its order. Two queries, however many there are."""
    ids: Sequence[int] = move.evidence["subjects"]  # of a replacement, the paper too
    commune = aliased(Unit)
    rows = move.session.execute(
        select(Nomination, Unit, commune)
        .join(Unit, Unit.id == Nomination.area_id)
        .join(commune, commune.id == Unit.parent_id)
        .where(Nomination.id.in_(ids))
    )
    events = _events(move, ids)
    found = {
        row.id: _case(move, row, area, above, events.get(row.id, [])) for row, area, above in rows
    }
    return [found[subject] for subject in ids if subject in found]


def _case(move: Move, row: Nomination, area: Unit, commune: Unit, events: list[Any]) -> Case:
    definition = move.house.definition(events[-1].definition_digest)
    facts = fold(definition, events)
    return Case(row.id, row.year, row.title, area, commune, definition, facts)


def _events(move: Move, ids: Sequence[int]) -> dict[int, list[Any]]:
    rows = move.session.execute(
        select(
            Event.subject_id,
            Event.version,
            Event.action,
            Event.data,
            Event.at,
            Event.person_id,
            Event.definition_digest,
        )
        .where(Event.subject_id.in_(ids))
        .order_by(Event.subject_id, Event.version)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.subject_id, []).append(row)
    return found


def cycle_of(move: Move) -> Cycle:
    """The cycle of the nomination that moves; raises ``NotFound`` (``no_cycle``)."""
    row = nomination(move)
    found = cycle(move.session, row.year, row.title, unit(move, row.area_id).kind)
    if found is None:
        raise NotFound(Refusal("no_cycle", {"year": row.year}))
    return found


def rules_of(move: Move) -> KindRules | None:
    """The rules of the regime that the nomination's cycle runs under, if one is on file."""
    found = cycle_of(move)
    return rules_under(found.definition_id, found.kind)


def criteria_of(move: Move) -> CriteriaSet:
    """The criteria of the nomination's cycle."""
    return criteria_set(cycle_of(move).criteria_id)


def window_of(move: Move) -> Window:
    found = cycle_of(move)
    return Window(found.starts_on, found.ends_on)


def needed(facts: Facts, action: str) -> Fact:
    """The fact of a move that must have happened; raises ``LookupError``: the definition
    lets a move ask for what no path to it tells."""
    fact = facts.get(action)
    if fact is None:
        raise LookupError(f"no valid {action} before this move")
    return fact


def meeting_at(facts: Facts) -> datetime:
    """When the residents meet, as it was notified."""
    return datetime.fromisoformat(needed(facts, "give_notice").data["meeting_at"])


def households(facts: Facts) -> int:
    """The households of the area, as frozen at registration; 0 of a unit that has none."""
    return int(needed(facts, "register").data.get("households", 0))


def count_of(facts: Facts) -> Count:
    """The figures of the residents' vote."""
    return Count.of(needed(facts, "record_count").data)


def vote_rule(facts: Facts) -> VoteRule:
    """The vote law of the day of the meeting."""
    return rule_on(law_date(meeting_at(facts)))


def verdict(facts: Facts) -> Verdict:
    """What the residents' vote means under the law of its day."""
    count = count_of(facts)
    return decide(vote_rule(facts), households(facts), count.yes, count.present)


@dataclass(frozen=True, slots=True)
class Vote:
    """The residents' vote as it counts: its figures, all households, and how many are needed."""

    count: Count
    households: int
    verdict: Verdict


def vote(facts: Facts) -> Vote | None:
    """The vote, if there is a count that counts."""
    if "record_count" not in facts:
        return None
    return Vote(count_of(facts), households(facts), verdict(facts))


def findings(facts: Facts) -> Findings:
    """The self-assessment, by criterion."""
    found: Findings = needed(facts, "complete_self_assessment").data["findings"]
    return found


def last_decision(facts: Facts) -> Fact | None:
    """The latest move made by a paper that was issued: it tells number and date."""
    issued = [fact for fact in facts.values() if "number" in fact.data]
    return max(issued, key=lambda fact: fact.version, default=None)


def decided_on(facts: Facts) -> date | None:
    """The date of the latest issued decision on the nomination."""
    fact = last_decision(facts)
    return date.fromisoformat(fact.data["issued_on"]) if fact else None
