"""Replay: every case of the past runs again under the regime of its own year, with the same
outcome.

The report tells results, not moves. So each case takes the shortest way that its regime's
workflow knows to what was decided, move by move through the state machine; and whether it
was recognised, and by which level, is worked out anew from the years and the regime's tiers.
A case that was carried here has its inputs, too, and runs again with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import machine
from engine.check.paths import walk
from engine.clock import VIETNAM, law_date
from engine.definition import START, Definition
from engine.history import Event
from tests.workflows.subjects import play
from workflows.cycles import cycle
from workflows.library import law
from workflows.regimes import regime_for
from workflows.results import Result, of_area
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


WHO = {"hamlet_head": "head", "commune_appraiser": "police", "commune_committee": "committee"}


@pytest.mark.parametrize(
    ("regime", "year"), [("tt-23-2012", 2015), ("tt-124-2021", 2024), ("two-tier-2025", 2026)]
)
def test_what_was_written_down_leads_to_the_same_again(
    session: Session, regime: str, year: int
) -> None:
    """The inputs of a case as its history has them, at the same instants, through every guard
    and in a database: another area with the same past ends the same way."""
    stage = play(session, regime, year, districts=regime != "two-tier-2025")
    first, other = stage.country.areas[:2]
    before = stage.to_announced(first, "head", "commune")
    found = stage.session.scalars(
        select(Event).where(Event.subject_id == before).order_by(Event.version)
    ).all()
    definition = DEFINITIONS[regime]
    stage.today = law_date(found[0].at)
    after = stage.open(other, "head")
    for event in found[1:]:
        fields = [one.id for one in definition.fields_of(definition.transition(event.action))]
        if event.person_id is None or event.action == "announce":
            continue
        stage.today, stage.at = law_date(event.at), event.at.astimezone(VIETNAM).time()
        inputs = {name: event.data[name] for name in fields if name in event.data}
        stage.act(WHO[event.office["role"]], after, event.action, **inputs)
    stage.decide(after, "commune")
    assert stage.state(after) == stage.state(before) == "announced"
    again = stage.session.scalars(
        select(Event).where(Event.subject_id == after).order_by(Event.version)
    ).all()
    assert [one.action for one in again] == [one.action for one in found]
    told = [one.recognised for area in (first, other) for one in of_area(stage.session, area)]
    assert told == [True, True]
