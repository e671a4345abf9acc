"""Whether a nomination may be opened, and whether a forgotten one lapses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.errors import Refusal
from engine.move import Move
from workflows.cases import nomination, rules_of, unit
from workflows.cycles import SECURITY, cycle
from workflows.forerunners import case_going_on, recognised_as
from workflows.guards.common import Asked
from workflows.nominations import of_area
from workflows.practice import practice
from workflows.regimes import rules_under
from workflows.results import result


def cycle_open(move: Move) -> Iterator[Refusal]:
    """The year exists for this title, has begun and is not long over."""
    year, subject = move.evidence["year"], unit(move, move.evidence["area"])
    found = cycle(move.session, year, move.evidence["title"], subject.kind)
    if found is None:
        yield Refusal("no_cycle", {"year": year})
    elif move.today < found.starts_on:
        yield Refusal("cycle_not_begun", {"year": year, "starts_on": found.starts_on.isoformat()})
    else:
        until = found.ends_on + timedelta(days=practice().opening.days_after)
        if move.today > until:
            yield Refusal("cycle_over", {"year": year, "until": until.isoformat()})


def area_in_cycle(move: Move) -> Iterator[Refusal]:
    """It is a residential area, and exists today."""
    area = unit(move, move.evidence["area"])
    if area.kind != "area":
        yield Refusal("not_an_area", {"name": area.heading})
    elif move.today < area.starts_on or (area.ends_on and move.today > area.ends_on):
        yield Refusal("area_not_existing", {"name": area.heading})


def subject_exists(move: Move) -> Iterator[Refusal]:
    """The unit exists today."""
    subject = unit(move, move.evidence["area"])
    if move.today < subject.starts_on or (subject.ends_on and move.today > subject.ends_on):
        yield Refusal("unit_not_existing", {"name": subject.heading})


def kind_eligible(move: Move) -> Iterator[Refusal]:
    """The kind of unit may hold the title, and its category is not one that may not: a small
    enterprise, a primary school, an armed body (Circular 124/2021, art. 1)."""
    told = move.evidence
    if "area" in told:
        subject = unit(move, told["area"])
        found = cycle(move.session, told["year"], told["title"], subject.kind)
        rules = rules_under(found.definition_id, subject.kind) if found else None
    else:
        subject, rules = unit(move, nomination(move).area_id), rules_of(move)
    code = rules.bar(subject.category) if rules else None
    if code and rules and rules.excluded:
        params = {"name": subject.heading, "kind": subject.category}
        yield Refusal(code, params, rules.excluded.basis[0])


def no_other_case(move: Move) -> Iterator[Refusal]:
    """One nomination for each area, year and title, whatever became of it; and none beside one
    that came here, still open, with a unit that this one took the place of."""
    told = move.evidence
    asked = told["area"], told["year"], told["title"]
    if of_area(move.session, *asked) is not None:
        yield Refusal("case_exists", {"year": told["year"]})
    yield from case_going_on(move.session, move.house, *asked, move.today)


def year_not_decided(move: Move) -> Iterator[Refusal]:
    """No result of that year was taken over from elsewhere, and the unit is not recognised for it
    already by those of all that it came out of."""
    told = move.evidence
    if told["title"] != SECURITY:
        return
    area, year = told["area"], told["year"]
    if result(move.session, area, year):
        yield Refusal("year_already_decided", {"year": year})
    elif former := recognised_as(move.session, area, year, move.today):
        names = ", ".join(unit.heading for unit in former)
        yield Refusal("recognised_as_former", {"year": year, "units": names})


def deadline_passed(move: Move) -> Iterator[Refusal]:
    """The deadline of the state has passed: only then does the system let it lapse."""
    if move.due_at is None or move.at < move.due_at:
        yield Refusal("deadline_not_passed")


GUARDS: Asked = {
    "cycle_open": (cycle_open, ()),
    "area_in_cycle": (area_in_cycle, ()),
    "subject_exists": (subject_exists, ()),
    "kind_eligible": (kind_eligible, ()),
    "no_other_case": (no_other_case, ()),
    "year_not_decided": (year_not_decided, ()),
    "deadline_passed": (deadline_passed, ()),
}
