"""What somebody should know before a form is filled in: the days, the numbers, the marks that
its guards will ask for, as they are for this very file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from engine.definition import Transition
from engine.move import Move
from engine.terms import last_day_ahead
from workflows import cases, lateness, voting
from workflows.practice import practice


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to know: ``code`` names its sentence, ``clause`` the rule it rests on."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    clause: str | None = None


def has_hints(transition: Transition) -> bool:
    """Whether there is anything to know before this move."""
    return not _BY_GUARD.keys().isdisjoint(transition.guards)


def hints(move: Move) -> list[Hint]:
    """What the guards of a move will ask for, in their order."""
    asked = (_BY_GUARD[guard] for guard in move.transition.guards if guard in _BY_GUARD)
    return [hint for tell in asked for hint in tell(move)]


def _days_assessed(move: Move) -> Iterator[Hint]:
    window = cases.window_of(move)
    days = {"starts_on": window.starts_on.isoformat(), "ends_on": window.ends_on.isoformat()}
    yield Hint("days_assessed", days)


def _notice(move: Move) -> Iterator[Hint]:
    rule = voting.rule_on(move.today)
    if rule.notice_days:
        earliest = move.today + timedelta(days=rule.notice_days)
        params = {"days": rule.notice_days, "earliest": earliest.isoformat()}
        yield Hint("notice_days", params, rule.notice_clause)


def _meeting_until(move: Move) -> Iterator[Hint]:
    if latest := last_day_ahead(move):
        yield Hint("meeting_until", {"latest": latest.isoformat()})


def _team(move: Move) -> Iterator[Hint]:
    rule = cases.vote_rule(move.facts)
    params = {"tellers": _number(rule.tellers), "witnesses": _number(rule.witnesses)}
    yield Hint("counting_team", params, rule.team_clause)


def _number(size: voting.Between) -> str:
    if size.minimum == size.maximum:
        return str(size.minimum)
    return f"{size.minimum}\N{EN DASH}{size.maximum}"


def _mark(move: Move) -> Iterator[Hint]:
    rule, households = cases.vote_rule(move.facts), cases.households(move.facts)
    params = {"households": households, "needs": rule.mark.needs(households)}
    yield Hint("mark", params, rule.clause)
    if rule.attendance:
        quorum = {"needs": rule.attendance.needs(households)}
        yield Hint("attendance", quorum, rule.clause)


def _posting(_move: Move) -> Iterator[Hint]:
    yield Hint("posting_days", {"days": practice().posting.days})


def _posted_until(move: Move) -> Iterator[Hint]:
    if last := last_day_ahead(move):
        yield Hint("posted_until", {"latest": (last - timedelta(days=1)).isoformat()})


def _late_decision(move: Move) -> Iterator[Hint]:
    paper = move.subject_id
    found = lateness.ahead(move.session, move.house, [paper], move.today)
    for late in found.get(paper, ()):
        params = {"year": late.year, "last": late.last.isoformat()}
        yield Hint("late_decision", params, late.clause)


_BY_GUARD: Mapping[str, Callable[[Move], Iterator[Hint]]] = {
    "facts_have_sources": _days_assessed,
    "notice_days_before": _notice,
    "meeting_before_the_deadline": _meeting_until,
    "counts_within_roll": _mark,
    "counting_team_complete": _team,
    "objection_window_long_enough": _posting,
    "posting_before_the_deadline": _posted_until,
    "signature_covers_paper": _late_decision,
    "seal_covers_signed_paper": _late_decision,
}
