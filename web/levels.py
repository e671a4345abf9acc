"""How a file's page reads once the province has taken the place of its district.

The workflow goes on as it was released, and its words name the district. What was done before
stays told so; where the file is since then, and what is done next, is the province's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import aliased

from engine import clock
from engine.commands import Option
from engine.definition import Definition, State, Transition, Words
from web.extensions import bureau, db, language
from web.ways import Way
from workflows.queries import cases
from workflows.queries.handed import theirs
from workflows.queries.listing import Row
from workflows.queries.state_names import Standing, state_names
from workflows.units import UnitSpan
from workflows.wording import of_province


@dataclass(frozen=True, slots=True)
class Reading:
    """Since when the file's commune has stood under the province itself; None if it does not."""

    since: date | None

    def label(self, told: Words) -> Words:
        """The name of something still to be done."""
        return of_province(told) if self.since else told

    def state(self, state: State, lines: Sequence[cases.Line]) -> State:
        """Where the file is: by who has brought it there, or by who it waits for."""
        if not self.since or not lines:
            return state
        last = lines[-1]
        if not theirs(state, self.since, last.action, clock.law_date(last.at)):
            return state
        return state.model_copy(update={"label": of_province(state.label)})

    def steps(self, steps: Sequence[Transition]) -> list[Transition]:
        """The moves that lead on."""
        return [step.model_copy(update={"label": self.label(step.label)}) for step in steps]

    def options(self, options: Sequence[Option]) -> Sequence[Option]:
        """The moves that somebody is offered."""
        steps = self.steps([one.transition for one in options])
        return [replace(one, transition=step) for one, step in zip(options, steps, strict=True)]

    def way(self, way: Way, now: State) -> Way:
        """The way, with where it is now and what lies ahead."""
        ahead = {
            step.target: way.states[step.target].model_copy(
                update={"label": self.label(way.states[step.target].label)}
            )
            for step in way.ahead
            if step.target in way.states
        }
        return replace(way, now=now, ahead=self.steps(way.ahead), states={**way.states, **ahead})

    def drawn(self, definition: Definition, now: State, lines: Sequence[cases.Line]) -> Definition:
        """The workflow as it is drawn: what was not come to or done yet, and where it is now."""
        if not self.since:
            return definition
        been, done = ({getattr(line, at) for line in lines} for at in ("to_state", "action"))
        states = {
            one.id: one
            if one.id in been
            else one.model_copy(update={"label": self.label(one.label)})
            for one in definition.states
        }
        told = {
            "states": tuple({**states, now.id: now}.values()),
            "transitions": tuple(
                one if one.id in done else self.steps([one])[0] for one in definition.transitions
            ),
        }
        # A mere copy would keep what the original has looked up by the id.
        every = {name: getattr(definition, name) for name in Definition.model_fields}
        return Definition.model_construct(**every | told)


def named(files: Sequence[cases.Case | Row | Standing]) -> Mapping[int, str]:
    """Where each of these files stands, in words, by its id."""
    return state_names(db.session(), bureau().house, files, language())


def reading(case: cases.Case) -> Reading:
    """How a nomination reads today; one query, and none where it has a district."""
    places = {place.kind: place.id for place in case.places}
    if case.kind != "nomination" or "district" in places or "commune" not in places:
        return Reading(None)
    above, today = aliased(UnitSpan), clock.today()
    query = (
        select(UnitSpan.starts_on)
        .join(above, above.unit_id == UnitSpan.parent_id)
        .where(
            UnitSpan.unit_id == places["commune"],
            above.kind == "province",
            UnitSpan.starts_on <= today,
        )
        .order_by(UnitSpan.starts_on)
    )
    return Reading(db.session().scalars(query.limit(1)).first())
