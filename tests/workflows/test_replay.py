"""Replay: every case of the past runs again under the regime of its own year, with the same
outcome.

The report tells results, not moves. So each case takes the shortest way that its regime's
workflow knows to what was decided, move by move through the state machine; and whether it
was recognised, and by which level, is worked out anew from the years and the regime's tiers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import machine
from engine.check.paths import walk
from engine.definition import START, Definition
from workflows.cycles import cycle
from workflows.library import law
from workflows.regimes import regime_for
from workflows.results import Result
from workflows.streaks import LEVELS, granted, streak, tiers_of

DEFINITIONS = {one.id: one for one in law().definitions}
ONE_YEAR = tiers_of("de-an-375")[:1]
"""Of a regime without tiers the commune recognises every year."""


def history(session: Session) -> dict[int, list[Result]]:
    found: dict[int, list[Result]] = defaultdict(list)
    for row in session.scalars(select(Result).order_by(Result.area_id, Result.year)):
        found[row.area_id].append(row)
    return found


@cache
def story(definition_id: str, outcome: str, level: str | None) -> tuple[str, ...]:
    """The shortest way of a workflow to an outcome by the decision of a level."""
    definition = DEFINITIONS[definition_id]
    reached = walk(definition)
    stories = [
        reached.story(state.id)
        for state in definition.states
        if state.outcome == outcome
        and state.id in reached
        and highest(definition, reached.story(state.id)) == level
    ]
    return min(stories, key=len)


def highest(definition: Definition, moves: Sequence[str]) -> str | None:
    """The highest level whose decision was issued on the way."""
    events = [definition.by_transition[move].on or "" for move in moves]
    return max(
        (level for level in LEVELS if f"{level}_decision:issued" in events),
        key=LEVELS.index,
        default=None,
    )


def play_again(definition: Definition, moves: Sequence[str]) -> str | None:
    """The outcome to which these moves lead, each made by the state machine."""
    state = START
    for move in moves:
        state = machine.fire(definition, state, move, lambda: ())
    return definition.by_state[state].outcome


def test_every_case_of_the_past_ends_as_it_did(demonstration: Session) -> None:
    cases = history(demonstration)
    played = 0
    for rows in cases.values():
        for row in rows:
            rules = regime_for(row.year, "area").kinds["area"]
            begun = cycle(demonstration, row.year)
            assert begun is not None
            assert (begun.definition_id, begun.criteria_id) == (rules.definition, rules.criteria)
            outcome = "recognised" if row.recognised else "refused"
            moves = story(rules.definition, outcome, row.level)
            assert play_again(DEFINITIONS[rules.definition], moves) == outcome
            played += 1
    assert played == 234 * 9


def test_every_level_of_the_past_follows_from_its_years_again(demonstration: Session) -> None:
    for rows in history(demonstration).values():
        facts = [(row.year, row.recognised) for row in rows]
        for row in rows:
            tiers = regime_for(row.year, "area").kinds["area"].tiers
            level = granted(streak(facts, row.year), tiers_of(tiers) if tiers else ONE_YEAR)
            assert (row.level, row.recognised) == (level, level is not None)
